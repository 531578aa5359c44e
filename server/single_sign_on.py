"""Signing in at an identity provider, as far as browsers are sent about: off to the provider, and back.

``GET /single-sign-on/<company>/<provider>?challenge=...&return_to=...`` sends the browser to the provider, with a cookie that says which
browser it was. ``GET /single-sign-on/callback`` takes it back from a provider of OpenID Connect, ``POST .../<provider>/response`` from one of
SAML, and sends it to the page it came from, with a code in ``code`` or with ``error`` and a sentence in ``message``. The page is one of those
that the operator has named; the session is given to it by GraphQL (``finishSingleSignOn``).

``GET .../<provider>/metadata`` is what a provider of SAML has to know of us; at ``POST .../<provider>/back-channel-logout`` a provider of OpenID
Connect says that a session of its own has ended.
"""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from schema.context import House
from schema.costs import RateLimited
from server.negotiation import language_of
from server.outgoing import Door
from server.settings import Settings
from tenants.audit_tallies import Disbelief
from tenants.outgoing import NoAnswer
from tenants.problems import Problem
from tenants.single_sign_on.desk import CALLBACK, LOGOUT, METADATA, PATH, RESPONSE, Desk
from tenants.single_sign_on.discovery import BadProvider, Discovery
from tenants.single_sign_on.id_tokens import TokenRefused
from tenants.single_sign_on.joining import SAML
from tenants.single_sign_on.logout import log_out
from tenants.single_sign_on.saml.messages import metadata
from tenants.single_sign_on.visit_secrets import is_secret, new_secret
from tenants.single_sign_on.visits import (
    LASTS,
    Arrival,
    CannotBegin,
    SentBack,
    Told,
    Wanted,
    begin,
    come_back,
    provider_at,
    told_of,
)

LONGEST_QUERY = 8_000
# A response of SAML as base64, with what a form adds.
LARGEST_FORM = 600_000
MOST_FIELDS = 20
FORM = "application/x-www-form-urlencoded"
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
        Route(f"{PATH}/{{slug}}/{{key}}/{RESPONSE}", _answered(cookie.response), methods=["POST"]),
        Route(f"{PATH}/{{slug}}/{{key}}/{METADATA}", _answered(_metadata), methods=["GET"]),
        Route(f"{PATH}/{{slug}}/{{key}}/{LOGOUT}", _answered(_log_out), methods=["POST"]),
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
        wanted = Wanted(*_place(request), asked.get("return_to", ""), asked.get("challenge", ""))
        response = _sent(await begin(house.database, house.desk, wanted, browser))
        response.set_cookie(
            self._name,
            browser,
            max_age=int(LASTS.total_seconds()),
            path="/",
            secure=self._secure,
            httponly=True,
            # A provider of SAML sends the browser back by a form of its own, with which a stricter one does not come along. Browsers take
            # this over HTTPS alone; without, they send "lax" to the ports of one host.
            samesite="none" if self._secure else "lax",
        )
        return response

    async def back(self, request: Request, house: House) -> Response:
        arrival = Arrival(dict(request.query_params), request.cookies.get(self._name, ""))
        return _sent(await come_back(house.database, house.callers, house.secrets, house.desk, arrival))

    async def response(self, request: Request, house: House) -> Response:
        sent = await _form(request)
        said = {"SAMLResponse": sent.get("SAMLResponse", ""), "state": sent.get("RelayState", "")}
        arrival = Arrival(said, request.cookies.get(self._name, ""), _place(request))
        return _sent(await come_back(house.database, house.callers, house.secrets, house.desk, arrival))


async def _metadata(request: Request, house: House) -> Response:
    slug, key = _place(request)
    if (await provider_at(house.database, slug, key))["kind"] != SAML:
        raise CannotBegin("single_sign_on.unknown")
    text = metadata(house.desk.place(slug, key, METADATA), house.desk.place(slug, key, RESPONSE))
    return Response(text, 200, HEADERS, "application/samlmetadata+xml")


async def _log_out(request: Request, house: House) -> Response:
    """Answered as its standard says: 200 where it is done, 400 with the reason where the token is not to be believed."""
    sent = await _form(request)
    provider = await provider_at(house.database, *_place(request))
    try:
        await log_out(house.database, house.callers, house.desk, provider, sent.get("logout_token", ""))
    except (TokenRefused, NoAnswer, BadProvider) as refused:
        told = told_of(provider["tenant_id"], provider["id"], refused)
        _note(request, house, told._replace(reason=f"logout.{told.reason}"))
        body = {"error": "invalid_request", "error_description": refused.text("en")}
        return JSONResponse(body, 400, HEADERS)
    return Response(None, 200, HEADERS)


def _place(request: Request) -> tuple[str, str]:
    """Which company's provider the address is about: slug and key."""
    return request.path_params["slug"], request.path_params["key"]


async def _form(request: Request) -> Mapping[str, str]:
    """The fields of a form that fits. Raises :class:`CannotBegin`."""
    body = bytearray()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise CannotBegin("single_sign_on.bad_form")
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            raise CannotBegin("single_sign_on.bad_form")
    try:
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=MOST_FIELDS))
    except ValueError:
        raise CannotBegin("single_sign_on.bad_form") from None


def _note(request: Request, house: House, told: Told) -> None:
    """Have the company's audit log tell of it."""
    client = request.scope["client"]
    house.tallies.disbelieved(Disbelief(*told, client[0] if client else ""))


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
            _note(request, state.house, refused.told)
            return _sent(refused.address(language))
        except RateLimited as refused:
            return _told(refused.text(language), 429)
        except Problem as refused:
            if isinstance(refused, CannotBegin) and refused.told is not None:
                _note(request, state.house, refused.told)
            return _told(refused.text(language), 400)
        except (psycopg.OperationalError, PoolTimeout):
            state.watch.suspect()
            return _told("The database cannot be reached. Try again.", 503, {"Retry-After": "1"})

    return answer


def _sent(address: str) -> RedirectResponse:
    return RedirectResponse(address, 303, HEADERS)


def _told(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(text + "\n", status, {**HEADERS, **(headers or {})})
