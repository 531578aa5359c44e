"""What a company may say of a provider: taken in and checked, each kind by its own rules, with what its metadata says instead."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tenants.forms import Form
from tenants.outgoing import NoAnswer
from tenants.problems import InvalidInput
from tenants.secrets import Secrets
from tenants.single_sign_on.discovery import BadProvider, Discovery, SamlMetadata
from tenants.single_sign_on.joining import OPENID_CONNECT, SAML
from tenants.single_sign_on.saml.apart import CannotRead
from tenants.single_sign_on.saml.service import known

MOST_ENTRIES = 100
MOST_CERTIFICATES = 10
_ISSUER = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[!-~]*)?")
_ENTITY = re.compile(r"[!-~]+")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+([/?][!-~]*)?")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}")
_SCOPE = re.compile(r"[!#-\[\]-~]{1,100}")
_FLAGS = ("createsMembers", "linksByEmail", "owners", "countsAsSecondFactor", "enforced")
_OF_OTHERS = {
    OPENID_CONNECT: ("metadata", "metadataUrl", "signInUrl", "certificates", "emailClaim", "nameClaim"),
    SAML: ("clientId", "clientSecret", "scopes"),
}

Row = dict[str, Any]
Values = Mapping[str, Any]


def is_to_be_read(values: Values) -> bool:
    """Whether something of what a company says has to be read before it can be taken in: see :func:`read`."""
    return any(values.get(name) for name in ("metadata", "metadataUrl", "certificates"))


async def read(discovery: Discovery, values: Values) -> Values:
    """The values with what the metadata says that is pasted or at an address, and with certificates as they are kept.

    Raises :class:`InvalidInput`.
    """
    if text := values.get("metadata"):
        found = await _said("metadata", discovery.saml_of(text))
        told = {"signInUrl": found.sign_in_url, "certificates": list(found.certificates), "metadataUrl": ""}
        return {**values, **told, "issuer": _entity(values, found)}
    if address := values.get("metadataUrl"):
        if not _ADDRESS.fullmatch(address):
            raise InvalidInput.at(("metadataUrl",), "single_sign_on.bad_address", address=address)
        found = await _said("metadataUrl", discovery.saml(address, fresh=True))
        return {**values, "signInUrl": "", "certificates": [], "issuer": _entity(values, found)}
    try:
        found_ones = await discovery.reader({"what": "certificates", "certificates": values["certificates"]})
    except CannotRead as refused:
        raise InvalidInput.at(("certificates",), "single_sign_on.bad_certificate", value=refused.detail) from None
    return {**values, "certificates": found_ones["certificates"]}


async def require_usable(discovery: Discovery, row: Row) -> None:
    """Raises :class:`NoAnswer` and :class:`BadProvider` unless people can be sent to a provider of SAML and be believed to come from it."""
    found = await known(discovery, row, fresh=True)
    in_force = await discovery.reader({"what": "in_force", "certificates": list(found.certificates)})
    if not in_force["certificates"]:
        raise BadProvider("single_sign_on.bad_certificate", value=found.certificates[0])


def take(form: Form, kept: Secrets) -> None:
    """Take in what is given; errors go into the form."""
    row, values = form.row, form.values
    form.text("name", required=True, longest=200)
    for name in _OF_OTHERS[row["kind"]]:
        if values.get(name):
            form.fail(name, "single_sign_on.not_of_kind", name=name)
    (_take_saml if row["kind"] == SAML else _take_openid_connect)(form, kept)
    _entries(form, "domains", _DOMAIN, ())
    _entries(form, "defaultRoles", None, ())
    form.text("roleClaim", longest=200)
    row.setdefault("role_claim", "")
    if form.has("roleMapping"):
        pairs = values["roleMapping"] or []
        row["role_mapping"] = {pair["value"]: pair["role"] for pair in pairs[:MOST_ENTRIES]}
    for name in _FLAGS:
        form.value(name, "boolean", default=False)
    form.value("active", "boolean", default=True)


def _take_openid_connect(form: Form, kept: Secrets) -> None:
    row, values = form.row, form.values
    form.text("issuer", required=True, longest=500)
    if row.get("issuer") and not _ISSUER.fullmatch(row["issuer"]):
        form.fail("issuer", "single_sign_on.bad_issuer", issuer=row["issuer"])
    form.text("clientId", required=True, longest=500)
    if form.has("clientSecret"):
        given = Form(values, {})
        given.text("clientSecret", longest=1_000)
        form.errors.extend(given.errors)
        row["client_secret"] = kept.sealed(given.row["client_secret"]) if given.row.get("client_secret") else None
    _entries(form, "scopes", _SCOPE, ("openid", "email", "profile"))
    for name in ("sign_in_url", "metadata_url", "email_claim", "name_claim"):
        row.setdefault(name, "")
    row.setdefault("certificates", [])


def _take_saml(form: Form, kept: Secrets) -> None:
    row, values = form.row, form.values
    row["client_id"], row["scopes"] = "", []
    for name, longest in (("signInUrl", 1_000), ("metadataUrl", 1_000), ("emailClaim", 200), ("nameClaim", 200)):
        form.text(name, longest=longest)
    for column in ("sign_in_url", "metadata_url", "email_claim", "name_claim"):
        row.setdefault(column, "")
    if form.has("certificates"):
        row["certificates"] = list(values["certificates"] or ())
    row.setdefault("certificates", [])
    if len(row["certificates"]) > MOST_CERTIFICATES:
        form.fail("certificates", "single_sign_on.too_many_certificates", most=MOST_CERTIFICATES)
    if values.get("signInUrl") or values.get("certificates"):
        # What is said here counts, and not what the address said until now.
        row["metadata_url"] = ""
    if row["sign_in_url"] and not _ADDRESS.fullmatch(row["sign_in_url"]):
        form.fail("signInUrl", "single_sign_on.bad_address", address=row["sign_in_url"])
    if not row["metadata_url"] and not (row["sign_in_url"] and row["certificates"]):
        form.fail("metadata", "single_sign_on.saml_wanted")
    else:
        form.text("issuer", required=True, longest=500)
        if row["issuer"] and not _ENTITY.fullmatch(row["issuer"]):
            form.fail("issuer", "single_sign_on.bad_entry", value=row["issuer"])


def _entries(form: Form, name: str, shape: re.Pattern[str] | None, default: Iterable[str]) -> None:
    """A list of short texts, each once."""
    column = {"defaultRoles": "default_roles"}.get(name, name)
    form.row.setdefault(column, list(default))
    if not form.has(name):
        return
    given = [text.strip() for text in form.values[name] or ()]
    given = [text.lower() for text in given] if name == "domains" else given
    form.row[column] = list(dict.fromkeys(given))[:MOST_ENTRIES] or list(default)
    for text in form.row[column]:
        if shape is not None and not shape.fullmatch(text):
            form.fail(name, "single_sign_on.bad_entry", value=text)


def _entity(values: Values, found: SamlMetadata) -> str:
    """The entity id, which the metadata says. Raises :class:`InvalidInput` where another one is given."""
    given = values.get("issuer")
    if given and given != found.entity_id:
        raise InvalidInput.at(("issuer",), "single_sign_on.other_issuer", issuer=given, said=found.entity_id)
    return found.entity_id


async def _said(name: str, reading: Any) -> SamlMetadata:
    try:
        found: SamlMetadata = await reading
    except (NoAnswer, BadProvider) as problem:
        raise InvalidInput.at((name,), problem.code, **problem.data) from None
    return found
