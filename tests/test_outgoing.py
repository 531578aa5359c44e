"""Calls to the outside reach nothing inside (A3): a listener on this machine counts who comes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from server.outgoing import LARGEST, Door, is_public
from tenants import outgoing
from tenants.outgoing import NoAnswer

pytestmark = pytest.mark.anyio

LOOPBACK = ip_network("127.0.0.0/8")
INSIDE = (
    *("127.0.0.1", "127.1", "0", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001"),
    *("localhost", "localhost.", "LOCALHOST", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]"),
    *(
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
    ),
    *(
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fe80::1]",
        "[fec0::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[100::1]",
    ),
    *(
        "169.254.169.254",
        "[::ffff:a9fe:a9fe]",
        "2852039166",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "192.0.0.8",
    ),
    *(
        "192.88.99.1",
        "198.18.0.1",
        "192.0.2.1",
        "203.0.113.7",
        "[2001:db8::1]",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
    ),
)
# What is refused before anything is looked up.
UNREADABLE = (
    *(
        "http://user@127.0.0.1/",
        "https://user:secret@example.com/",
        "https://example.com@127.0.0.1/",
        "https:///x",
        "https://",
    ),
    *(
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:25/",
        "127.0.0.1",
        "//127.0.0.1",
        "https:\\\\127.0.0.1\\",
    ),
    *(
        "https://127.0.0.1:0/",
        "https://127.0.0.1:99999/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: x",
        "https://例え.jp/",
    ),
    f"https://example.com/{'a' * 2_000}",
)


@dataclass
class Listener:
    """Something inside that must not be reached; answers whoever comes with ``says``."""

    says: Callable[[asyncio.StreamWriter], object] = lambda writer: writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"
    )
    port: int = 0
    is_silent: bool = False
    came: list[bytes] = field(default_factory=list)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            self.came.append(await reader.readuntil(b"\r\n\r\n"))
            self.says(writer)
            await writer.drain()
            if self.is_silent:
                await reader.read()
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    made = Listener()
    server = await asyncio.start_server(made.take, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


def resolving(*answers: Sequence[str]) -> tuple[Callable[[str, int], object], list[str]]:
    """A resolver of our own that gives these answers one after another, and the names it was asked for."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


@pytest.mark.parametrize("host", INSIDE)
async def test_nothing_inside_is_reached(listener: Listener, host: str) -> None:
    for address in (f"https://{host}/", f"http://{host}:{listener.port}/", f"https://{host}:{listener.port}/"):
        with pytest.raises(NoAnswer) as error:
            await Door()("GET", address)
        assert error.value.code in {"outgoing.not_public", "outgoing.unknown_host"}
    assert listener.came == []


@pytest.mark.parametrize("address", UNREADABLE)
async def test_only_addresses_are_called(address: str) -> None:
    resolve, asked = resolving(["93.184.215.14"])
    with pytest.raises(NoAnswer) as error:
        await Door(resolve=resolve)("GET", address)  # type: ignore[arg-type]
    assert (error.value.code, asked) == ("outgoing.no_address", [])


@pytest.mark.parametrize(
    "host", ["metadata.google.internal", "printer.local", "a.localhost", "router.lan", "x.home.arpa."]
)
async def test_names_of_the_inside_are_not_called_whatever_they_resolve_to(host: str) -> None:
    resolve, _ = resolving(["93.184.215.14"])
    with pytest.raises(NoAnswer) as error:
        await Door(resolve=resolve)("GET", f"https://{host}/")  # type: ignore[arg-type]
    assert error.value.code == "outgoing.not_public"


async def test_every_address_of_a_name_is_judged() -> None:
    for found in (["93.184.215.14", "127.0.0.1"], ["127.0.0.1", "93.184.215.14"], ["2606:4700::1", "::ffff:10.0.0.1"]):
        resolve, _ = resolving(found)
        with pytest.raises(NoAnswer) as error:
            await Door(resolve=resolve)("GET", "https://login.example.com/")  # type: ignore[arg-type]
        assert error.value.code == "outgoing.not_public"


async def test_a_name_is_looked_up_once_and_that_is_called(listener: Listener) -> None:
    """DNS that changes between the check and the connection: the second answer is never asked for."""
    resolve, asked = resolving(["127.0.0.1"], ["127.0.0.2"])
    answer = await Door([LOOPBACK], resolve)("GET", f"http://login.example.com:{listener.port}/keys")  # type: ignore[arg-type]
    assert (answer.status, answer.body, asked) == (200, b"hi", ["login.example.com"])
    assert listener.came[0].startswith(b"GET /keys HTTP/1.1\r\nHost: login.example.com")


@pytest.mark.parametrize("address", ["http://example.com/", "https://example.com:8443/", "http://example.com:443/"])
async def test_outside_only_https_is_spoken(address: str) -> None:
    resolve, _ = resolving(["93.184.215.14"])
    with pytest.raises(NoAnswer) as error:
        await Door(resolve=resolve)("GET", address)  # type: ignore[arg-type]
    assert error.value.code == "outgoing.not_https"


async def test_a_redirect_is_an_answer(listener: Listener) -> None:
    target = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:%d/secret\r\ncontent-length: 0\r\n\r\n" % listener.port
    listener.says = lambda writer: writer.write(target)
    answer = await Door([LOOPBACK])("GET", f"http://127.0.0.1:{listener.port}/")
    assert (answer.status, len(listener.came)) == (302, 1)


async def test_proxies_of_the_environment_are_not_asked(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listener.port}")
        monkeypatch.setenv(name.upper(), f"http://127.0.0.1:{listener.port}")
    with pytest.raises(NoAnswer):
        await Door()("GET", "https://127.0.0.1/")
    assert listener.came == []


async def test_an_answer_ends(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is too large, one that never comes, one that is none, and one that cannot be had."""
    address = f"http://127.0.0.1:{listener.port}/"
    listener.says = lambda writer: writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (LARGEST + 1))
    with pytest.raises(NoAnswer, match="answers with more than 1024 KiB"):
        await Door([LOOPBACK])("GET", address)
    listener.says = lambda writer: writer.write(b"220 mail.example.com ESMTP\r\n")
    with pytest.raises(NoAnswer, match="could not be called"):
        await Door([LOOPBACK])("GET", address)
    monkeypatch.setattr("server.outgoing.SECONDS", 0.05)
    listener.says, listener.is_silent = (lambda writer: None), True
    with pytest.raises(NoAnswer, match="has not answered within"):
        await Door([LOOPBACK])("GET", address)


def test_hosts_of_the_internet_are_public() -> None:
    """So that what is refused above is refused for a reason."""
    for text in ("93.184.215.14", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001:80b::200e"):
        assert is_public(ip_address(text))


async def test_a_certificate_must_be_of_the_name_that_was_asked_for(tmp_path: Path) -> None:
    """The connection goes to an address, and the certificate is still that of the host; and of somebody who is trusted."""
    certificate, key = certified(tmp_path, "login.example.com")
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(certificate, key)
    listener = Listener()
    server = await asyncio.start_server(listener.take, "127.0.0.1", 0, ssl=theirs)
    port = server.sockets[0].getsockname()[1]
    door = Door([LOOPBACK], resolving(["127.0.0.1"])[0])  # type: ignore[arg-type]
    with pytest.raises(NoAnswer, match="CERTIFICATE_VERIFY_FAILED"):
        await door("GET", f"https://login.example.com:{port}/")
    door._tls.load_verify_locations(certificate)
    assert (await door("GET", f"https://login.example.com:{port}/")).body == b"hi"
    with pytest.raises(NoAnswer, match="Hostname mismatch"):
        await door("GET", f"https://other.example.com:{port}/")
    assert len(listener.came) == 1
    server.close()


def certified(folder: Path, host: str) -> tuple[Path, Path]:
    """A certificate of that host that nobody has signed but itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, secret


async def test_a_process_without_a_door_calls_nobody() -> None:
    with pytest.raises(NoAnswer) as error:
        await outgoing.nobody("GET", "https://example.com/")
    assert error.value.code == "outgoing.closed"
