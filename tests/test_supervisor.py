"""`orderloom run`: one ready line, children kept alive, a clean stop, and one clear line for what is in the way."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from server.embedded import running
from server.embedded.processes import MARK, free_port
from server.preflight import within

# Stands in for `server.cli`: what is tested here is the supervisor, not its children.
FAKE_COMMANDS = """
import http.server, os, signal, socket, subprocess, sys, time

class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.send_header("Process", str(os.getpid()))
        self.end_headers()
    def log_message(self, *arguments):
        pass

name = sys.argv[1]
print(name, "said something", file=sys.stderr if name == "seed-demo" else sys.stdout, flush=True)
if os.environ.get("FAILING") == name:
    sys.exit(3)
if name == "seed-demo":
    print("Sign in as anna", "with the password secret", sep="\\n")
if name == "serve":
    server = http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Ready, bind_and_activate=False)
    server.socket = socket.socket(fileno=int(os.environ["LISTEN_FD"]))
    server.socket.listen()
    os.write(int(os.environ["READY_FD"]), b"1")
    server.serve_forever()
if name == "worker":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
if name in ("worker", "clock"):
    time.sleep(600)
"""

RUN = """
import sys
from server import supervisor
from server.settings import Settings
sys.exit(supervisor.run(Settings.load(), [sys.executable, sys.argv[1]]))
"""

Start = Callable[..., "Run"]


class Run:
    """One supervisor in a process of its own."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.data = folder / "data"
        self.port = free_port()
        fake = folder / "fake_commands.py"
        fake.write_text(FAKE_COMMANDS)
        clean = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        environment = clean | {"DATA_DIR": str(self.data), "PORT": str(self.port)} | variables
        self.out, self.err = folder / "out", folder / "err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen([sys.executable, "-c", RUN, fake], env=environment, stdout=out, stderr=err)

    def wait_for(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.err.read_text()
            time.sleep(0.05)

    def wait_until_ready(self) -> None:
        self.wait_for(lambda: "Orderloom is ready:" in self.out.read_text())

    def child(self, name: str) -> psutil.Process:
        (found,) = [c for c in psutil.Process(self.process.pid).children() if c.cmdline()[-1:] == [name]]
        return found

    def marked(self) -> list[psutil.Process]:
        """What runs for this data folder, whoever its parent is by now."""
        found = []
        for process in psutil.process_iter():
            try:
                where = process.environ()
                if MARK in where and where.get("DATA_DIR") == str(self.data) and process.status() != "zombie":
                    found.append(process)
            except psutil.Error:
                continue
        return found


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Run] = []

    def start_run(**variables: str) -> Run:
        run = Run(tmp_path, **variables)
        started.append(run)
        return run

    yield start_run
    for run in started:
        if run.process.poll() is None:
            run.process.terminate()
            run.process.wait(30)


def test_a_run_from_start_to_stop(start: Start) -> None:
    run = start()
    run.wait_until_ready()
    run.wait_for(lambda: len(run.out.read_text().splitlines()) == 3)
    assert run.out.read_text() == (
        f"Orderloom is ready: http://127.0.0.1:{run.port}\nSign in as anna\nwith the password secret\n"
    )
    assert running(run.data) is not None
    # serve, worker, clock, and what the worker started.
    run.wait_for(lambda: len(run.marked()) == 4)

    run.process.send_signal(signal.SIGINT)

    assert run.process.wait(20) == 0
    assert run.marked() == []
    assert running(run.data) is None


def test_a_child_that_dies_is_started_again(start: Start) -> None:
    run = start()
    run.wait_until_ready()
    before = run.child("worker")
    before.kill()
    run.wait_for(lambda: "worker was ended by SIGKILL; starting it again in 0.5 s." in run.err.read_text())
    run.wait_for(lambda: len(run.marked()) == 4)
    assert run.child("worker").pid != before.pid


def test_a_fresh_process_takes_over_before_the_old_one_goes(start: Start) -> None:
    run = start()
    run.wait_until_ready()
    before = [run.child(name).pid for name in ("serve", "worker", "clock")]
    answered = []
    run.process.send_signal(signal.SIGUSR2)

    def handed_over() -> bool:
        # A connection that were refused would raise here.
        with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/readyz", timeout=5) as answer:
            answered.append(int(answer.headers["Process"]))
        return "serve was handed over to a fresh process." in run.err.read_text()

    run.wait_for(handed_over)
    assert answered[0] == before[0]
    assert answered[-1] == run.child("serve").pid != before[0]
    run.wait_for(lambda: len(run.marked()) == 4)
    assert {run.child(name).pid for name in ("serve", "worker", "clock")}.isdisjoint(before)


def test_what_does_not_come_up_takes_nothing_over(start: Start) -> None:
    run = start()
    run.wait_until_ready()
    before = run.child("serve").pid
    # The fresh process alone meets it: the running one has long been started.
    (run.data.parent / "fake_commands.py").write_text("import sys; sys.exit(4 if sys.argv[1] == 'serve' else 0)")
    run.process.send_signal(signal.SIGUSR2)
    run.wait_for(lambda: "The fresh serve ended with exit code 4; the one before it goes on." in run.err.read_text())
    assert run.child("serve").pid == before
    with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/readyz", timeout=5) as answer:
        assert int(answer.headers["Process"]) == before


def test_nothing_outlives_a_killed_supervisor_for_long(start: Start) -> None:
    first = start()
    first.wait_until_ready()
    first.process.kill()
    first.process.wait()
    # The children are told by the kernel; the worker's own child learns it from the next start.
    first.wait_for(lambda: len(first.marked()) <= 1)

    second = start(PORT=str(first.port))
    second.wait_until_ready()
    second.wait_for(lambda: len(second.marked()) == 4)


def test_a_failing_migration_ends_the_run(start: Start) -> None:
    run = start(FAILING="migrate")
    assert run.process.wait(20) == 1
    assert run.out.read_text() == ""
    assert run.err.read_text().splitlines()[-2:] == [
        "migrate said something",
        "orderloom: migrate ended with exit code 3; what it said is above.",
    ]
    assert running(run.data) is None


def test_a_child_that_fails_again_is_given_more_time(start: Start) -> None:
    run = start(FAILING="clock")
    run.wait_until_ready()
    run.wait_for(lambda: "clock ended with exit code 3; starting it again in 1 s." in run.err.read_text())


def refusal(run: Run) -> str:
    """The one line of a run that could not begin."""
    assert run.process.wait(20) == 1
    assert run.out.read_text() == ""
    (line,) = run.err.read_text().splitlines()
    return line


def test_a_taken_port_is_named(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refusal(start(PORT=str(port)))
    assert line.startswith(f"orderloom: Port {port} on 127.0.0.1 is in use by process {os.getpid()} (")
    assert line.endswith("): stop that program, or set PORT to another.")


@pytest.mark.parametrize(
    ("variable", "url", "shown"),
    [
        ("DATABASE_URL", "postgresql://me:hush@127.0.0.1:{port}/shop", "postgresql://me:***@127.0.0.1:{port}/shop"),
        ("REDIS_URL", "redis://:hush@127.0.0.1:{port}/0", "redis://:***@127.0.0.1:{port}/0"),
    ],
)
def test_a_wrong_url_is_named_without_its_password(start: Start, variable: str, url: str, shown: str) -> None:
    port = free_port()
    before = time.monotonic()
    line = refusal(start(**{variable: url.format(port=port)}))
    assert time.monotonic() - before < 6
    assert line.startswith(f"orderloom: {variable} ({shown.format(port=port)}) cannot be used: ")
    assert "onnection refused" in line
    assert "hush" not in line


def test_what_never_answers_is_given_up() -> None:
    """A name server that keeps silent, for example; the clients' own time limits begin after it."""
    never = threading.Event()
    with pytest.raises(TimeoutError, match=r"^no answer within 0 s$"):
        within(0.1, never.wait)
    never.set()
    assert within(5, lambda: 42) == 42


def test_a_second_run_is_told_of_the_first(start: Start) -> None:
    first = start()
    first.wait_until_ready()
    second = Run(first.data.parent)
    assert f"already runs in {first.data} (process {first.process.pid})" in refusal(second)
    assert first.process.poll() is None
