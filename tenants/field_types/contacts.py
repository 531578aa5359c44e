"""How people are reached: telephone numbers, mail addresses, and the countries of postal addresses."""

import re
from typing import Any

import phonenumbers
from babel.core import get_global
from email_validator import EmailNotValidError, validate_email

from tenants.field_types.base import BadValue
from tenants.field_types.text import clean_text

# Those that CLDR names a language of. Their names would take 4 MiB, which Babel keeps for each locale that is asked for.
COUNTRIES = frozenset(code for code in get_global("territory_languages") if len(code) == 2 and code.isalpha())
_DIALLED = re.compile(r"[\d(][\d\s()./-]*(?:\s*(?:x|ext\.?)\s*\d+)?", re.IGNORECASE | re.ASCII)


def phone_number(value: Any, region: str | None) -> str:
    """The number in international form (E.164) where its country is known, else as it was written.

    Raises :class:`BadValue` for what nobody could dial.
    """
    text = clean_text(value, 60)
    try:
        number = phonenumbers.parse(text, region)
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    if text.startswith("+") or not _DIALLED.fullmatch(text) or sum(char.isdigit() for char in text) < 3:
        raise BadValue("value.not_phone", value=value)
    return text


def email_address(value: Any) -> str:
    """The address in its normal form. Raises :class:`BadValue`."""
    text = clean_text(value, 254)
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        raise BadValue("value.not_email", value=value) from None
