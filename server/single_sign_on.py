"""Signing in at an identity provider, as far as browsers are sent about: off to the provider, and back.

``GET /single-sign-on/<company>/<provider>?challenge=...&return_to=...`` sends the browser to the provider, with a cookie that says which
browser it was. ``GET /single-sign-on/callback`` takes it back and sends it to the page it came from, with a code in ``code`` or with
``error`` and a sentence in ``message``. The page is one of those that the operator has named; the session is given to it by GraphQL
(``finishSingleSignOn``).
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from schema.context import House
from schema.costs import RateLimited
from server.negotiation import language_of
from server.outgoing import Door
from server.settings import Settings
from tenants.problems import Problem
from tenants.single_sign_on.discovery import Discovery
from tenants.single_sign_on.visits import (
    CALLBACK,
    LASTS,
    PATH,
    Desk,
    SentBack,
    Wanted,
    begin,
    come_back,
    is_secret,
    new_secret,
)

LONGEST_QUERY = 8_000
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

Answering = Callable[[Request, House], Awaitable[Response]]


def desk_of(settings: Settings) -> Desk:
    """What this instance needs to send people to providers."""
    door = Door(settings.outgoing_private_networks)
    return Desk(door, settings.public_address(), settings.sign_in_pages, Discovery(door))


def routes(settings: Settings) -> list[BaseRoute]:
    cookie = _Cookie(secure=urlsplit(settings.public_address()).scheme == "https")
    return [
        Route(CALLBACK, _answered(cookie.back), methods=["GET"]),
        Route(f"{PATH}/{{slug}}/{{key}}", _answered(cookie.off), methods=["GET"]),
    ]


class _Cookie:
    """The two ways, with the cookie by which a browser is known again."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        # The prefix has browsers take it from nobody but this host, over HTTPS.
        self._name = "__Host-orderloom_browser" if secure else "orderloom_browser"

    async def off(self, request: Request, house: House) -> Response:
        known = request.cookies.get(self._name, "")
        # The same for all windows of a browser, so that two sign-ins at once do not put each other out.
        browser = known if is_secret(known) else new_secret()
        asked = request.query_params
        place = (request.path_params["slug"], request.path_params["key"])
        wanted = Wanted(*place, asked.get("return_to", ""), asked.get("challenge", ""))
        response = _sent(await begin(house.database, house.desk, wanted, browser))
        response.set_cookie(
            self._name,
            browser,
            max_age=int(LASTS.total_seconds()),
            path="/",
            secure=self._secure,
            httponly=True,
            # The provider sends the browser back by a link: with "strict" it would come without.
            samesite="lax",
        )
        return response

    async def back(self, request: Request, house: House) -> Response:
        browser = request.cookies.get(self._name, "")
        said = dict(request.query_params)
        return _sent(await come_back(house.database, house.callers, house.secrets, house.desk, said, browser))


def _answered(answering: Answering) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        state, language = request.app.state, language_of(request.headers.get("accept-language", ""))
        if len(request.url.query) > LONGEST_QUERY:
            return _told("The address is too long.", 414)
        try:
            # It costs as much as a sign-in by password.
            state.strangers.admit(request.scope["client"], None)
            return await answering(request, state.house)
        except SentBack as refused:
            return _sent(refused.address(language))
        except RateLimited as refused:
            return _told(refused.text(language), 429)
        except Problem as refused:
            return _told(refused.text(language), 400)
        except (psycopg.OperationalError, PoolTimeout):
            state.watch.suspect()
            return _told("The database cannot be reached. Try again.", 503, {"Retry-After": "1"})

    return answer


def _sent(address: str) -> RedirectResponse:
    return RedirectResponse(address, 303, HEADERS)


def _told(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(text + "\n", status, {**HEADERS, **(headers or {})})
