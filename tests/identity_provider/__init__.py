"""Real identity providers for tests, in one process of their own: npm's ``oidc-provider`` of OpenID Connect and ``samlp`` of SAML, and
somebody who signs in at their pages. What the first one tells us without a browser is taken by a listener here (``Providers.told``)."""

import asyncio
import atexit
import fcntl
import html
import json
import re
import socket
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette

from bench import npm
from tenants.database import Database
from tenants.single_sign_on.visit_secrets import new_secret, sha256_of
from tests.harness import Client, Company, Row

SOURCES = Path(__file__).parent
CLIENT_SECRET = "a secret: of the client/+%"
PAGE = "https://app.example.com/signed-in"
OTHER_PAGE = "https://app.example.com/other?way=sso"
REDIRECT = "http://orderloom.test/single-sign-on/callback"
MOST_STEPS = 12
FINISH = """
mutation($input: FinishSingleSignOnInput!) { result: finishSingleSignOn(input: $input) {
  __typename
  ... on SignInPayload { token secondFactorDue member { id email name roles } tenant { slug } }
  ... on CodeWantedPayload { challenge }
  ... on Problem { code message }
} }
"""
CREATE = """
mutation($input: CreateIdentityProviderInput!) { result: createIdentityProvider(input: $input) {
  __typename
  ... on IdentityProviderPayload { identityProvider { id key version hasClientSecret startUrl redirectUrl } }
  ... on Problem { code message } ... on NotAllowed { right } ... on InvalidInput { errors { path code message } }
} }
"""


ENTRIES = """
{ auditEntries(first: 100, where: {kind: {eq: PROVIDER_REFUSED}}) { nodes { aboutType aboutId details { field to } } } }
"""
WHO = "{ viewer { member { id email roles } } }"
ACCOUNTS: Mapping[str, Mapping[str, Any]] = {
    "anna": {"email": "Anna@Example.com", "email_verified": True, "name": "Anna Arendt", "groups": ["sales", "other"]},
    "bert": {"email": "bert@example.com", "email_verified": False, "name": "Bert"},
    "carl": {"email": "carl@elsewhere.com", "email_verified": True, "name": "Carl"},
    # Whoever gets a second factor has it in all companies, and so in all tests.
    "dora": {"email": "dora@example.com", "email_verified": True, "name": "Dora"},
}
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def certified(key: Key, days: int = 30) -> str:
    """A certificate of the key by itself, as PEM, in force until in so many days."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "login.example.com")])
    until = datetime.now(UTC) + timedelta(days=days)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(until - timedelta(days=60)).not_valid_after(until)
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


@dataclass
class Providers:
    """The providers: the issuer of the one, the address of the other's metadata, the key it signs with, and what they have posted to us."""

    issuer: str
    metadata: str
    key: rsa.RSAPrivateKey
    certificate: str
    told: Queue[Row] = field(default_factory=Queue)


@cache
def providers() -> Providers:
    """The providers, until the tests are over. Skips the test where they cannot be had."""
    try:
        npm.FOLDERS.mkdir(exist_ok=True)
        with (npm.FOLDERS / "identity_provider.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            folder = npm.installed(SOURCES)
        program = npm.node()
    except npm.AbsentError as absent:
        pytest.skip(f"no identity provider: {absent}")
    key = rsa.generate_private_key(65537, 2048)
    ports = _free_ports(2)
    found = Providers(f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}/metadata", key, certified(key))
    written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    settings = {
        "accounts": ACCOUNTS,
        "openIdConnect": {"port": ports[0], "redirectUri": REDIRECT, "logoutUri": _listening(found.told)},
        "saml": {"port": ports[1], "key": written, "certificate": found.certificate},
    }
    process = subprocess.Popen(
        [program, npm.SERVER, json.dumps(settings)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    atexit.register(process.kill)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", "the providers did not start"
    return found


def _free_ports(count: int) -> list[int]:
    taken = [socket.socket() for _ in range(count)]
    for free in taken:
        free.bind(("127.0.0.1", 0))
    ports = [free.getsockname()[1] for free in taken]
    for free in taken:
        free.close()
    return ports


def _listening(told: "Queue[Row]") -> str:
    """An address of this process; what is posted there is put into the queue."""

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            told.put({name: values[0] for name, values in parse_qs(body).items()})
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/told"


@dataclass
class Visit:
    """A sign-in as a page begins it: the company's slug, the provider's key, and where to come back to."""

    client: Client
    slug: str
    key: str = "login"
    return_to: str = ""

    def __post_init__(self) -> None:
        self.verifier = new_secret()

    async def off(self, **changes: str) -> httpx2.Response:
        """Our answer to the browser that wants to go to the provider."""
        asked = {"challenge": sha256_of(self.verifier), "return_to": self.return_to} | changes
        return await self.client.http.get(f"/single-sign-on/{self.slug}/{self.key}", params=asked)

    async def back(self, address: str) -> Row:
        """What our address says to the browser that the provider sends there: the parameters of the page's address."""
        return self.page(await self.client.http.get(address))

    async def answered(self, address: str, fields: Mapping[str, str]) -> Row:
        """The same, of what a provider of SAML has the browser post there."""
        return self.page(await self.client.http.post(address, data=dict(fields)))

    def page(self, response: httpx2.Response) -> Row:
        """The parameters of the page's address to which our answer sends the browser."""
        assert response.status_code == 303, response.text
        page = response.headers["location"]
        assert page.startswith((PAGE, OTHER_PAGE))
        return {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}

    async def finish(self, code: str, verifier: str | None = None) -> Row:
        """The last step, by GraphQL."""
        answer = await self.client.graphql(FINISH, {"input": {"code": code, "verifier": verifier or self.verifier}})
        assert "errors" not in answer, answer
        result: Row = answer["data"]["result"]
        return result

    async def go(self, account: str) -> Row:
        """All the way to the page as this account of the provider."""
        response = await self.off()
        assert response.status_code == 303, response.text
        return await self.back(await at_provider(response.headers["location"], account))

    async def sign_in(self, account: str) -> Row:
        """All the way to the session as this account of the provider."""
        page = await self.go(account)
        assert set(page) - {"way"} == {"code"}, page
        return await self.finish(page["code"])


async def at_provider(address: str, account: str) -> str:
    """Sign in at the provider's pages, and give consent; the address that it sends the browser to."""
    async with httpx2.AsyncClient(trust_env=False) as browser:
        return await at_pages(browser, address, account)


async def at_pages(browser: httpx2.AsyncClient, address: str, account: str) -> str:
    """The same in a browser that is kept."""
    response = await browser.get(address)
    for _ in range(MOST_STEPS):
        if response.is_redirect:
            target = urljoin(str(response.url), response.headers["location"])
            if target.startswith(REDIRECT):
                return target
            response = await browser.get(target)
            continue
        form = re.search(r'<form[^>]*action="([^"]+)"', response.text)
        assert form, response.text
        fields = dict(re.findall(r'name="(prompt)" value="([^"]+)"', response.text))
        if fields["prompt"] == "login":
            fields |= {"login": account, "password": "any"}
        response = await browser.post(urljoin(str(response.url), form[1]), data=fields)
        await asyncio.sleep(0)
    raise AssertionError("the provider does not come to an end")


async def cancelled_at_provider(address: str) -> str:
    """Change one's mind at the provider's pages; the address that it sends the browser to."""
    async with httpx2.AsyncClient(trust_env=False, follow_redirects=True) as browser:
        page = await browser.get(address)
        abort = re.search(r'href="([^"]+/abort)"', page.text)
        assert abort, page.text
        browser.follow_redirects = False
        answer = await browser.get(urljoin(str(page.url), abort[1]))
        answer = await browser.get(urljoin(str(answer.url), answer.headers["location"]))
    target: str = answer.headers["location"]
    return target


async def at_saml_provider(address: str, account: str, **more: str) -> tuple[str, dict[str, str]]:
    """Sign in at the pages of the provider of SAML: where the browser posts to, and what. Any other account cancels."""
    async with httpx2.AsyncClient(trust_env=False) as browser:
        asked = await browser.get(address)
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', asked.text))
        assert set(fields) == {"SAMLRequest", "RelayState"}, asked.text
        answer = await browser.get(address.partition("?")[0], params=fields | {"account": account} | more)
    form = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
    assert form, answer.text
    given = dict(re.findall(r'name="(\w+)"\s+value="([^"]*)"', answer.text))
    return html.unescape(form[1]), {name: html.unescape(value) for name, value in given.items()}


async def provide(company: Company, issuer: str, **changes: Any) -> str:
    """Set up the provider, as the owner; its id."""
    wanted = {
        "key": "login",
        "name": "Work Login",
        "issuer": issuer,
        "clientId": "orderloom",
        "clientSecret": CLIENT_SECRET,
        "createsMembers": True,
        "defaultRoles": ["read_only"],
    }
    result = (await company.data(CREATE, {"input": wanted | changes}))["result"]
    assert result["__typename"] == "IdentityProviderPayload", result
    made: str = result["identityProvider"]["id"]
    return made


async def members(company: Company) -> list[Row]:
    return await company.rows("SELECT email, roles, version FROM members WHERE tenant_id = %(tenant)s ORDER BY email")


async def refusals(company: Company, app: Starlette, database: Database) -> list[tuple[str, str]]:
    """Reason and detail of each entry about what came in the name of a provider and was not taken, in order of the reasons."""
    await app.state.house.tallies.write(database)
    found = (await company.data(ENTRIES))["auditEntries"]["nodes"]
    assert {entry["aboutType"] for entry in found} <= {"identity_provider"}
    details = [{part["field"]: part["to"] for part in entry["details"]} for entry in found]
    return sorted((entry["reason"], entry.get("detail", "")) for entry in details)
