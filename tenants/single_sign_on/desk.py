"""Where sign-ins at providers are dealt with: our addresses, and what of the outside can be asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from tenants.outgoing import Outgoing, nobody
from tenants.single_sign_on.discovery import Discovery

PATH = "/single-sign-on"
CALLBACK = f"{PATH}/callback"
METADATA, RESPONSE, LOGOUT = "metadata", "response", "back-channel-logout"


@dataclass(frozen=True)
class Desk:
    """``address`` is ours as browsers and providers know it, ``returns`` the pages that may have people sent to them, of which the first
    is meant where none is named."""

    call: Outgoing = nobody
    address: str = ""
    returns: tuple[str, ...] = ()
    discovery: Discovery = field(default_factory=Discovery)

    @property
    def callback(self) -> str:
        """Our address that providers of OpenID Connect send people back to."""
        return self.address + CALLBACK

    def start(self, slug: str, key: str) -> str:
        """The address at which a sign-in begins."""
        return f"{self.address}{PATH}/{quote(slug, safe='')}/{quote(key, safe='')}"

    def place(self, slug: str, key: str, name: str) -> str:
        """The address of what is one provider's alone: ``METADATA``, which is our entity id too, ``RESPONSE`` and ``LOGOUT``."""
        return f"{self.start(slug, key)}/{name}"


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a provider has said of a person, proved: its claims, by the names of OpenID Connect, and the ``message`` that must not be taken
    again until the time ``until``, where it has one."""

    claims: Mapping[str, Any]
    message: str = ""
    until: datetime | None = None


def with_parameters(address: str, **parameters: str) -> str:
    """The address with these behind it."""
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(parameters)}"
