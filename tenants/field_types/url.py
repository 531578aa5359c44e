"""Addresses of the web: http or https, with a host. Whoever follows one in a record is led nowhere else."""

import re
from typing import Any
from urllib.parse import urlsplit

from tenants.field_types.base import PLAIN, BadValue, Settings, register
from tenants.field_types.text import FormalText, clean_text

LONGEST = 2_000
# Names in any script; what a browser would read in another way than a person is left to percent signs.
_PLAIN = re.compile(r"https?://[^\s/?#\\@\[\]<>\"']+([/?#][^\s\\<>\"]*)?", re.IGNORECASE)


@register
class Url(FormalText):
    key = "url"

    def parse(self, value: Any, settings: Settings = PLAIN) -> str:
        text = clean_text(value, LONGEST)
        if not _PLAIN.fullmatch(text) or not text.isprintable():
            raise BadValue("value.not_url", value=value)
        scheme, colon, rest = text.partition(":")
        try:
            parts = urlsplit(text)
            # Read for what it raises: a port that is none.
            _ = parts.port
        except ValueError:
            raise BadValue("value.not_url", value=value) from None
        if not parts.hostname or not all(parts.hostname.split(".")):
            raise BadValue("value.not_url", value=value)
        # Neither the scheme nor the host tells capitals from small letters; what follows may.
        host = rest.removeprefix("//")[: len(parts.netloc)]
        return f"{scheme.lower()}{colon}//{host.lower()}{rest[2 + len(host) :]}"
