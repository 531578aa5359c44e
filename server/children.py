"""The supervisor's children: started, kept alive, handed over and ended."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from server.embedded import processes

# Doubled after each failure, and forgotten once a child has lived long enough to count as well.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
WELL_AFTER = 60.0


class Child:
    """One of our own long-running commands, in a session of its own, started again whenever it ends.

    It may be handed the listening socket, as LISTEN_FD, and then says by the pipe READY_FD that it answers.
    """

    def __init__(
        self, name: str, argv: Sequence[str], environment: Mapping[str, str], listening: socket.socket | None = None
    ) -> None:
        self.name = name
        self.failures = 0
        self._argv = argv
        self._environment = environment
        self._listening = listening
        self._process: subprocess.Popen[bytes] | None = None
        self._leaving: subprocess.Popen[bytes] | None = None
        self._ready: int | None = None
        self._started = 0.0
        self._not_before = 0.0

    def keep(self) -> None:
        """Start the child if it is not running and its pause is over; end its forerunner once it is ready."""
        now = time.monotonic()
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                self._see_off()
                return
            self._died(code, now)
        if self._process is None and now >= self._not_before:
            self._start(now)

    def _start(self, now: float) -> None:
        self._started = now
        if self._listening is None:
            self._process = spawn(self._argv, self._environment, stdout=sys.stderr.fileno())
            return
        self._forget_ready()
        self._ready, says_ready = os.pipe()
        os.set_blocking(self._ready, False)
        port = self._listening.fileno()
        environment = {**self._environment, "LISTEN_FD": str(port), "READY_FD": str(says_ready)}
        self._process = spawn(self._argv, environment, stdout=sys.stderr.fileno(), passed=(port, says_ready))
        os.close(says_ready)

    def hand_over(self) -> None:
        """Put a fresh process in the place of the running one."""
        if self._leaving is not None or self.stopped():
            return
        if self._listening is None:
            self.ask_to_stop()
            return
        self._leaving = self._process
        self._start(time.monotonic())

    def _see_off(self) -> None:
        if self._leaving is None:
            return
        if self._leaving.poll() is not None:
            end_group(self._leaving, 0.0)
            self._leaving = None
            say(f"{self.name} was handed over to a fresh process.")
        elif self._is_ready():
            self._forget_ready()
            self._leaving.terminate()

    def _is_ready(self) -> bool:
        if self._ready is None:
            return False
        try:
            return os.read(self._ready, 1) != b""
        except BlockingIOError:
            return False

    def _forget_ready(self) -> None:
        if self._ready is not None:
            os.close(self._ready)
            self._ready = None

    def _died(self, code: int, now: float) -> None:
        if self._process is not None:
            end_group(self._process, 0.0)
        self._process = None
        if self._leaving is not None:
            self._process, self._leaving = self._leaving, None
            say(f"The fresh {self.name} {how_it_ended(code)}; the one before it goes on.")
            return
        if now - self._started > WELL_AFTER:
            self.failures = 0
        pause = min(FIRST_PAUSE * 2**self.failures, LONGEST_PAUSE)
        self.failures += 1
        self._not_before = now + pause
        say(f"{self.name} {how_it_ended(code)}; starting it again in {pause:g} s.")

    def ask_to_stop(self) -> None:
        for process in (self._process, self._leaving):
            if process is not None and process.poll() is None:
                process.terminate()

    def stopped(self) -> bool:
        return all(process is None or process.poll() is not None for process in (self._process, self._leaving))

    def end(self) -> None:
        """Kill what is left of the child and of what it started itself."""
        for process in (self._process, self._leaving):
            if process is not None:
                end_group(process, 0.0)
        self._forget_ready()


def spawn(
    argv: Sequence[str], environment: Mapping[str, str], *, stdout: int, passed: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a child that Ctrl-C in our terminal does not reach and that does not outlive us."""
    sys.stderr.flush()
    return subprocess.Popen(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        start_new_session=True,
        pass_fds=passed,
        preexec_fn=processes.tied_to_parent(),
    )


def end_group(process: subprocess.Popen[bytes], patience: float) -> None:
    """Ask the child to stop, and after these seconds kill it and what it started itself."""
    if patience:
        process.terminate()
        processes.wait_until(lambda: process.poll() is not None, patience)
    # Nothing may be left to kill; macOS says so with the second error.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def how_it_ended(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def say(text: str) -> None:
    print(f"orderloom: {text}", file=sys.stderr, flush=True)
