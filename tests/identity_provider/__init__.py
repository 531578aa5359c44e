"""A real OpenID Connect provider for tests: npm's ``oidc-provider`` in a process of its own, and somebody who signs in at its pages."""

import asyncio
import fcntl
import json
import re
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2

from bench import npm
from tenants.single_sign_on.visits import new_secret, sha256_of
from tests.harness import Client, Row

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


@contextmanager
def running(accounts: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The provider with these accounts, as its issuer. Raises ``AbsentError`` where it cannot be had."""
    npm.FOLDERS.mkdir(exist_ok=True)
    with (npm.FOLDERS / "identity_provider.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = npm.installed(SOURCES)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [npm.node(), npm.SERVER, str(port), REDIRECT, json.dumps(accounts)]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", "the provider did not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


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
        response = await self.client.http.get(address)
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
