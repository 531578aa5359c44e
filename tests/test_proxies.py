"""Whose address a request has behind proxies of the operator (X-27, point 6), and whom nobody believes."""

from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from server.proxies import Proxies
from server.settings import Settings
from tests.documents import ask, mutation
from tests.harness import PASSWORD, Client, Company

pytestmark = pytest.mark.anyio

CREATE_KEY = mutation("createApiKey", "ApiKeySecret", "secret")
SIGN_IN = mutation("signIn", "SignIn", "token")
SESSIONS = "{ sessions { current address } }"
TRUSTED = tuple(map(ip_network, ("10.1.0.0/16", "192.0.2.1/32", "2001:db8:1::/48")))
CHAINS: list[tuple[str, list[str], str]] = [
    # Whoever is no proxy of ours is who they are.
    ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
    ("10.2.0.1", ["198.51.100.1"], "10.2.0.1"),
    ("10.1.0.1", [], "10.1.0.1"),
    ("10.1.0.1", ["198.51.100.1"], "198.51.100.1"),
    # The last that is none of ours counts; what stands before it anybody could have written.
    ("10.1.0.1", ["203.0.113.66, 198.51.100.1, 192.0.2.1, 10.1.2.3"], "198.51.100.1"),
    ("10.1.0.1", ["203.0.113.66", "198.51.100.1", "10.1.2.3"], "198.51.100.1"),
    ("10.1.0.1", ["10.1.2.3, 192.0.2.1"], "10.1.2.3"),
    ("::ffff:10.1.0.1", [" 198.51.100.1:4711 "], "198.51.100.1"),
    ("2001:db8:1::5", ["[2001:db8:2::7]:80"], "2001:db8:2::7"),
    ("2001:db8:1::5", ["::ffff:198.51.100.1"], "198.51.100.1"),
    # What is no address ends the chain.
    ("10.1.0.1", ["198.51.100.1, unknown"], "10.1.0.1"),
    ("10.1.0.1", ["198.51.100.1, unknown, 10.1.0.9"], "10.1.0.9"),
    ("10.1.0.1", [""], "10.1.0.1"),
    ("10.1.0.1", ["203.0.113.66, " + ", ".join(["10.1.0.9"] * 40)], "10.1.0.9"),
]


@pytest.mark.parametrize(("peer", "headers", "expected"), CHAINS)
def test_the_client_of_a_chain(peer: str, headers: list[str], expected: str) -> None:
    scope: dict[str, Any] = {
        "client": (peer, 1),
        "headers": [(b"x-forwarded-for", text.encode()) for text in headers],
    }
    Proxies(TRUSTED).unwrap(scope)
    assert scope["client"][0] == expected


def test_the_setting() -> None:
    """None unless the operator names some."""
    assert Settings().trusted_proxies == ()
    assert Settings.model_validate({"trusted_proxies": "10.1.0.0/16, 2001:db8:1::/48"}).trusted_proxies == (
        ip_network("10.1.0.0/16"),
        ip_network("2001:db8:1::/48"),
    )
    assert Proxies(()).none


@pytest.fixture
async def behind(app: Starlette, client: Client) -> AsyncIterator[Client]:
    """A client whose connections come from a proxy."""
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app, client=("10.1.0.1", 5)), base_url="http://orderloom.test"
    ) as http:
        http.headers["X-Forwarded-For"] = "203.0.113.66, 198.51.100.7"
        yield Client(http)


async def test_sessions_and_keys_know_the_client(
    company: Company, client: Client, behind: Client, app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The header says where somebody is only where its proxy is trusted: sessions tell it, and keys are held to it."""
    made = await ask(company, CREATE_KEY, name="ERP", roles=["read_only"], networks=["198.51.100.0/24"])
    key = made["secret"]
    found = []
    for trusted in ((), TRUSTED):
        monkeypatch.setattr(app, "proxies", Proxies(trusted))
        values = {"email": company.owner.email, "password": PASSWORD}
        signed = (await behind.graphql(SIGN_IN, {"input": values}))["data"]["result"]
        sessions = (await behind.graphql(SESSIONS, token=signed["token"]))["data"]["sessions"]
        (own,) = [session["address"] for session in sessions if session["current"]]
        by_key = await behind.graphql("{ orders { totalCount } }", token=key)
        found.append((own, "errors" in by_key))
    assert found == [("10.1.0.1", True), ("198.51.100.7", False)]
    elsewhere = {"X-Forwarded-For": "198.51.100.7, 203.0.113.66"}
    behind.http.headers.update(elsewhere)
    answer = await behind.graphql("{ orders { totalCount } }", token=key)
    assert answer["errors"][0]["extensions"]["reason"] == "KEY_ADDRESS"
