"""The load: wrk, one thread of it, with prepared requests."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("wrk.lua")
MISSING = "wrk is not installed: 'apt-get install wrk' gets it on Debian and Ubuntu, 'brew install wrk' on macOS."


class LoadError(Exception):
    """wrk is missing or failed; the text says which."""


@dataclass(frozen=True)
class Measured:
    """What one run of wrk saw: requests per second, latencies in milliseconds, answers that were not as they should be."""

    requests: int
    rate: float
    p50: float
    p99: float
    errors: int
    example: str


@dataclass(frozen=True)
class Load:
    """Requests in a file, the address that they go to, and a text that each good answer holds."""

    url: str
    file: Path
    marker: str


def require_wrk() -> None:
    """Raises LoadError that says how to get wrk."""
    if shutil.which("wrk") is None:
        raise LoadError(MISSING)


def write_requests(file: Path, requests: Sequence[tuple[str, bytes]]) -> None:
    """Keep tokens and bodies for wrk; neither holds a tab or a line's end."""
    file.write_bytes(b"".join(token.encode() + b"\t" + body + b"\n" for token, body in requests))


def run_wrk(load: Load, *, connections: int, seconds: int) -> Measured:
    """Send the requests as fast as they are answered. Raises LoadError."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(SCRIPT), load.url]
    done = subprocess.run(
        [*command, "--", str(load.file), load.marker], capture_output=True, text=True, check=False, timeout=seconds + 60
    )
    return parsed(done.stdout, done.stderr)


def parsed(said: str, complained: str = "") -> Measured:
    """What wrk's script printed. Raises LoadError where it printed no result."""
    line = next((line for line in said.splitlines() if line.startswith("RESULT\t")), None)
    if line is None:
        raise LoadError(f"wrk failed: {(complained or said).strip()}")
    _, requests, microseconds, p50, p99, errors, example = line.split("\t", 6)
    return Measured(
        int(requests),
        int(requests) / (int(microseconds) / 1e6),
        int(p50) / 1000,
        int(p99) / 1000,
        int(errors),
        example,
    )
