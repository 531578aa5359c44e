"""A small client for load: prepared bytes out, responses counted, one keep-alive connection per worker."""

import asyncio
import time
from dataclasses import dataclass, field


@dataclass
class Round:
    """What one round measured: requests per second, latencies in milliseconds, and answers that were not as expected."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    errors: int = 0

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def request_bytes(port: int, path: str, body: bytes, token: str | None = None) -> bytes:
    """One HTTP/1.1 request, ready to send."""
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        "Accept: application/json",
        f"Content-Length: {len(body)}",
    ]
    if token:
        head.append(f"Authorization: Bearer {token}")
    return "\r\n".join((*head, "", "")).encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
    return head, await reader.readexactly(length)


async def ask(port: int, request: bytes) -> bytes:
    """One request, one answer's body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    writer.write(request)
    _, body = await _answer(reader)
    writer.close()
    await writer.wait_closed()
    return body


async def measure(port: int, request: bytes, *, connections: int, seconds: float, marker: bytes) -> Round:
    """Ask as fast as the server answers for some seconds. An answer without ``marker``, or with errors, counts as an error."""
    result = Round()
    end = time.perf_counter() + seconds

    async def worker() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
        while (begun := time.perf_counter()) < end:
            writer.write(request)
            head, body = await _answer(reader)
            result.latencies.append((time.perf_counter() - begun) * 1000)
            if not head.startswith(b"HTTP/1.1 200") or marker not in body or b'"errors"' in body:
                result.errors += 1
        writer.close()
        await writer.wait_closed()

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(connections)))
    result.seconds = time.perf_counter() - begun
    return result
