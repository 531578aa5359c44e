"""A process of its own with clients that hold connections for nothing: `python -m tests.faults.slow_clients PORT` does what each
line of its input says, and tells in seconds how long each connection was held.

A line is a JSON object: how many requests are half sent (``half_sent``), how many sockets say nothing (``idle``), how many clients
ask for large answers and take none (``readers``), and their ``token``.
"""

import asyncio
import os
import random
import resource
import socket
import sys
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

import orjson

HEAD = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
UPGRADE = (
    "GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
LARGE = orjson.dumps({"query": "{ orders(first: 100) { nodes { notes } } }"})
# Answers of this many requests are more than the system holds between two sockets.
PIPELINED = 20
ESTABLISHED = 1
LONGEST = 60.0
# New connections a second, as of many clients that have nothing to do with each other.
ARRIVING = 250


async def held(port: int, first: bytes) -> float:
    """For how long a connection is held that says so much and no more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()
    writer.write(first)
    with suppress(ConnectionError):
        while await reader.read(65_536):
            pass
    writer.close()
    return time.monotonic() - began


async def slow_reader(port: int, token: str) -> float:
    """For how long answers are kept for one who asks for more than the system holds, and takes nothing."""
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
        head = f"{HEAD}Authorization: Bearer {token}\r\nContent-Length: {len(LARGE)}\r\n\r\n".encode()
        await asyncio.get_running_loop().sock_sendall(raw, (head + LARGE) * PIPELINED)
        began = time.monotonic()
        # Nothing is read, so the end is seen in the state of the connection alone.
        while raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED:
            if time.monotonic() - began > LONGEST:
                break
            await asyncio.sleep(0.1)
        return time.monotonic() - began


async def attack(port: int, wanted: dict[str, Any]) -> dict[str, list[float]]:
    """Open all of them, wait until the last was cut, and say for how long each was held."""
    half = f'{HEAD}Content-Length: 100\r\n\r\n{{"qu'.encode()
    kinds: list[tuple[str, Awaitable[float]]] = []
    for name, first in (("half_sent", half), ("headers", half[:60]), ("idle", UPGRADE.encode())):
        kinds += [(name, held(port, first)) for _ in range(wanted.get(name, 0))]
    kinds += [("readers", slow_reader(port, wanted["token"])) for _ in range(wanted.get("readers", 0))]
    random.shuffle(kinds)
    tasks = []
    for name, client in kinds:
        tasks.append((name, asyncio.ensure_future(client)))
        await asyncio.sleep(1 / ARRIVING)
    found: dict[str, list[float]] = {name: [] for name, _ in tasks}
    for name, task in tasks:
        found[name].append(await task)
    return found


def main() -> None:
    """Read lines until there are none."""
    # What they work here would be worked elsewhere: it is not to be taken from the server.
    os.nice(19)
    port = int(sys.argv[1])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for line in sys.stdin:
        print(orjson.dumps(asyncio.run(attack(port, orjson.loads(line)))).decode(), flush=True)


if __name__ == "__main__":
    main()
