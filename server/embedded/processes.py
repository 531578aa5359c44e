"""Processes as the operating system sees them: find those that carry our mark, end them, tie them to us."""

import ctypes
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import psutil

MARK = "ORDERLOOM_INSTANCE"
PR_SET_PDEATHSIG = 1


def marked_by_title(token: str, programs: frozenset[str]) -> list[psutil.Process]:
    """The services' processes: those of these programs whose command line carries the token.

    The command line alone is readable for processes of every account, also in containers without ptrace rights;
    the working folder and the environment are not.
    """
    return [process for process in psutil.process_iter() if _is_service(process, token, programs)]


def _is_service(process: psutil.Process, token: str, programs: frozenset[str]) -> bool:
    try:
        return process.name() in programs and any(token in part for part in process.cmdline())
    except psutil.Error:
        return False


def is_service(pid: int, token: str, programs: frozenset[str]) -> bool:
    """Whether this process lives and is one of the token's services (and not a stranger with a used-again number)."""
    try:
        return _is_service(psutil.Process(pid), token, programs)
    except psutil.Error:
        return False


def runs(pid: int, programs: frozenset[str]) -> bool:
    """Whether this process runs one of these programs now."""
    try:
        process = psutil.Process(pid)
        return process.name() in programs and not _gone(process)
    except psutil.Error:
        return False


def marked_by_environment(token: str) -> list[psutil.Process]:
    """Our own children and theirs, which inherit the mark; never this process or one above it."""
    above = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid not in above and process.environ().get(MARK) == token:
                found.append(process)
        except psutil.Error:
            continue
    return found


def end(targets: Iterable[psutil.Process], signals: Iterable[tuple[signal.Signals, float]]) -> bool:
    """Send each signal in turn to those still running, waiting its seconds. Whether all are gone."""
    processes = list(targets)
    for number, seconds in signals:
        for process in processes:
            with suppress(psutil.Error):
                process.send_signal(number)
        if wait_until(lambda: all(_gone(process) for process in processes), seconds):
            return True
    return all(_gone(process) for process in processes)


def _gone(process: psutil.Process) -> bool:
    """A process that nobody collects stays listed as a zombie, in containers for ever; it runs no more."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def wait_until(condition: Callable[[], bool], seconds: float, every: float = 0.02) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def free_port(preferred: int = 0) -> int:
    """A port on 127.0.0.1 that nobody holds now: the preferred one if it is free."""
    for candidate in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
            return port
    raise OSError("no free port on 127.0.0.1")


def tied_to_parent() -> Callable[[], None] | None:
    """What a child runs before its program so that it is asked to stop when this process dies, however it dies.

    Linux alone can do this; elsewhere, the next start finds the child by its mark and ends it.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        # The parent may have died before the call above took hold.
        if os.getppid() != parent:
            os._exit(1)

    return tie
