"""Bring `.venv` to what a lock file says: `python3 requirements/sync.py run` or `... dev`.

`make` calls it before everything else; when nothing has changed it only reads a few small files. It runs before
anything is installed and on whatever `python3` there is: hence the standard library alone, and the syntax of old
Pythons, so that it can say that a Python is too old. `dev` includes all of `run`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

try:
    import fcntl
except ImportError:
    fcntl = None

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
PACKAGES = ("tenants", "schema", "workers", "server", "migrations")
INCLUDED_IN = {"run": ("run", "dev"), "dev": ("dev",)}


class SyncError(Exception):
    """Why the packages cannot be installed here, in one line."""


def main(profile):
    check_python()
    with Path(__file__).open("rb") as own:
        # Two makes at once must not install into one folder.
        if fcntl is not None:
            fcntl.flock(own, fcntl.LOCK_EX)
        if any(
            stamp(wider).is_file() and stamp(wider).read_text() == print_of(wider) for wider in INCLUDED_IN[profile]
        ):
            return
        make_venv()
        for old in VENV.glob(".synced-*"):
            old.unlink()
        say("Installing the packages of requirements/%s.txt into .venv" % profile)
        install(profile)
        stamp(profile).write_text(print_of(profile))


def check_python():
    found = "%s is Python %d.%d" % (sys.executable, sys.version_info[0], sys.version_info[1])
    if sys.version_info[:2] < OLDEST:
        raise SyncError("Orderloom needs Python 3.11 or newer; %s. Name another: make PYTHON=python3.12" % found)
    try:
        __import__("ensurepip")
        __import__("venv")
    except ImportError:
        text = "Orderloom needs Python's 'venv' and 'pip'; %s without them. On Debian: apt install python3-venv"
        raise SyncError(text % found) from None


def stamp(profile):
    return VENV / (".synced-" + profile)


def print_of(profile):
    """What the installed packages depend on: the locks, the project file, where the folder lies, which Python."""
    digest = hashlib.sha256(str(ROOT).encode())
    for file in (LOCKS / (profile + ".txt"), LOCKS / "uv.txt", ROOT / "pyproject.toml", VENV / "pyvenv.cfg"):
        digest.update(file.read_bytes() if file.is_file() else b"missing")
    digest.update(b"works" if PYTHON.exists() else b"broken")
    return digest.hexdigest()


def make_venv():
    check = "import sys; raise SystemExit(sys.version_info < (3, 11))"
    if PYTHON.exists() and call([PYTHON, "-c", check], quiet=True):
        return
    say("Making the virtual environment .venv")
    if VENV.exists():
        shutil.rmtree(str(VENV))
    if not call([sys.executable, "-m", "venv", VENV]):
        raise SyncError("The virtual environment cannot be made in %s; the reason is above." % VENV)


def install(profile):
    """By uv, which is quick; by pip where uv cannot, for example behind an index that only pip is set up for."""
    lock = LOCKS / (profile + ".txt")
    pip = [PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--require-hashes"]
    if not call([PYTHON, "-c", "import pip"], quiet=True):
        call([PYTHON, "-m", "ensurepip"], quiet=True)
    uv = UV.exists() or call([*pip, "-r", LOCKS / "uv.txt"], quiet=True)
    # Compiled once here, not by each process that starts: some machines let none of them keep what it compiled.
    sync = [UV, "pip", "sync", "--python", PYTHON, "--require-hashes", "--no-build", "--compile-bytecode", lock]
    if not (uv and call(sync, quiet=True)):
        say("uv could not install them; trying pip, which takes longer")
        if not call([*pip, "--only-binary", ":all:", "-r", lock]):
            raise SyncError("The packages cannot be installed; the reason is above. Is the package index reachable?")
    project = ["--quiet", "--no-deps", "--no-build-isolation", "--editable", ROOT]
    by_uv = [UV, "pip", "install", "--python", PYTHON, *project]
    by_pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", *project]
    if not (uv and call(by_uv)) and not call(by_pip):
        raise SyncError("Orderloom itself cannot be installed into .venv; the reason is above.")
    # For the same reason; what is changed later is compiled anew by whoever loads it.
    call([PYTHON, "-m", "compileall", "-q", *(ROOT / name for name in PACKAGES)], quiet=True)


def call(command, quiet=False):
    """Whether the command succeeded. Settings for other environments must not lead it astray."""
    unwanted = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "UV_SYSTEM_PYTHON", "UV_PROJECT_ENVIRONMENT")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    environment.update(PIP_USER="0", UV_PYTHON_DOWNLOADS="never", UV_SYSTEM_CERTS="1", VIRTUAL_ENV=str(VENV))
    output = subprocess.DEVNULL if quiet else None
    done = subprocess.run(
        [str(part) for part in command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        check=False,
    )
    return done.returncode == 0


def say(text):
    print(text + " ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        if len(sys.argv) != 2 or sys.argv[1] not in INCLUDED_IN:
            raise SyncError("usage: sync.py run|dev")
        main(sys.argv[1])
    except SyncError as error:
        print("orderloom: %s" % error, file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print("orderloom: .venv cannot be made: %s" % error, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
