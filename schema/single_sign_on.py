"""Identity providers of a company, and the last step of signing in at one."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from schema.context import Info, parse_id, run
from schema.mutations import Values, mutation
from schema.problems import Conflict, InvalidInput, LimitExceeded, NotAllowed, NotFound
from schema.scalars import DateTimeText
from schema.sign_in import SignInPayload, SignInResult, client_at_hand, code_wanted
from tenants.sign_in.entering import CodeWanted
from tenants.single_sign_on import providers, settings, visits
from tenants.single_sign_on.desk import LOGOUT, METADATA, RESPONSE
from tenants.single_sign_on.joining import KINDS, SAML

EXPECTED = "The version you have seen; the change is refused when there is a newer one."
KEY = "Short name in addresses: small letters, digits, '-' and '_'. It stays."
KIND = "Which protocol it speaks; it stays."
ISSUER = "The provider's issuer, exactly as it calls itself, such as https://login.example.com; of SAML its entity id, which its metadata says."
CLIENT_ID = "What a provider of OpenID Connect calls us; empty for SAML, where it knows us by our metadata."
METADATA_URL = "Where the provider's metadata is, of SAML: read when people sign in and remembered for an hour, so that its certificates may change."
SIGN_IN_URL = "Where people are sent, of SAML, unless the metadata at metadataUrl says it."
CERTIFICATES = "Certificates by which a provider of SAML signs, as base64; several while one follows another."
EMAIL_CLAIM = "The attribute that holds the e-mail address, of SAML; the usual ones if empty, or a name that is one."
NAME_CLAIM = "The attribute that holds people's names, of SAML; the usual ones if empty."
SCOPES = "What is asked for beside openid, of OpenID Connect; email and profile if not given."
DOMAINS = "Domains of e-mail addresses that are let in; any if none is given."
DEFAULT_ROLES = "Roles that everybody gets who signs in by it: new members, and with roleClaim all."
ROLE_CLAIM = "The claim, or attribute of SAML, that roles are taken from at each sign-in, such as groups or realm_access.roles; roles are left alone if empty."
ROLE_MAPPING = "Which value of the claim gives which role; other values give none."
CREATES = "Whether people whom the provider knows become members when they first sign in."
LINKS = "Whether members whom the provider has not named before are found by their verified e-mail address; only who has all rights can say so."
OWNERS = "Whether owners sign in by it too; only an owner can say so, and change it from then on."
COUNTS = "Whether a sign-in by it counts as one with a second factor; else only where the provider says so (amr: mfa)."
ENFORCED = "Whether members sign in by providers only: no password counts here, but for owners."
ACTIVE = "Whether it can be used; when it is switched off, the sessions that it opened end."
SECRET = "The secret that the provider has given for the client; encrypted, and never told again."  # noqa: S105  (a description)


IdentityProviderKind = StrEnum("IdentityProviderKind", {kind.upper(): kind for kind in KINDS})  # type: ignore[misc]  # its members are those of the house
strawberry.enum(IdentityProviderKind, description="The protocols that identity providers are asked by.")


@strawberry.type(description="A value of a claim, and the role that it gives.")
class ClaimRole:
    value: str = strawberry.field(description="The claim's value.")
    role: str = strawberry.field(description="Key of the role.")


@strawberry.type(description="A provider at which the company's people sign in, by OpenID Connect or SAML 2.0.")
class IdentityProvider:
    id: strawberry.ID = strawberry.field(description="Opaque id.")
    key: str = strawberry.field(description=KEY)
    kind: IdentityProviderKind = strawberry.field(description=KIND)
    name: str = strawberry.field(description="What people call it.")
    issuer: str = strawberry.field(description=ISSUER)
    client_id: str = strawberry.field(description=CLIENT_ID)
    metadata_url: str = strawberry.field(description=METADATA_URL)
    sign_in_url: str = strawberry.field(description=SIGN_IN_URL)
    certificates: list[str] = strawberry.field(description=CERTIFICATES)
    email_claim: str = strawberry.field(description=EMAIL_CLAIM)
    name_claim: str = strawberry.field(description=NAME_CLAIM)
    has_client_secret: bool = strawberry.field(description="Whether a secret is kept; it is never told.")
    scopes: list[str] = strawberry.field(description=SCOPES)
    domains: list[str] = strawberry.field(description=DOMAINS)
    default_roles: list[str] = strawberry.field(description=DEFAULT_ROLES)
    role_claim: str = strawberry.field(description=ROLE_CLAIM)
    role_mapping: list[ClaimRole] = strawberry.field(description=ROLE_MAPPING)
    creates_members: bool = strawberry.field(description=CREATES)
    links_by_email: bool = strawberry.field(description=LINKS)
    owners: bool = strawberry.field(description=OWNERS)
    counts_as_second_factor: bool = strawberry.field(description=COUNTS)
    enforced: bool = strawberry.field(description=ENFORCED)
    active: bool = strawberry.field(description=ACTIVE)
    start_url: str = strawberry.field(
        description="Where a page sends a browser to sign in, with challenge and return_to added."
    )
    redirect_url: str = strawberry.field(
        description="Our address that the provider has to allow as redirect_uri, or as assertion consumer service of SAML."
    )
    service_metadata_url: str | None = strawberry.field(
        description="Our entity id, and the address of our metadata, for a provider of SAML."
    )
    logout_url: str | None = strawberry.field(
        description="Our address that a provider of OpenID Connect may name as backchannel_logout_uri."
    )
    version: int = strawberry.field(description="Grows by one with each change.")
    created_at: DateTimeText = strawberry.field(description="When it was set up.")
    updated_at: DateTimeText = strawberry.field(description="When it was last changed.")


@strawberry.input(description="A value of a claim, and the role that it gives.")
class ClaimRoleInput:
    value: str = strawberry.field(description="The claim's value.")
    role: str = strawberry.field(description="Key of the role; owner is given by owners alone.")


@strawberry.input
class ProviderFields:
    """What may be left out, of a new provider and of changes to one."""

    issuer: str | None = strawberry.field(default=UNSET, description=ISSUER)
    client_id: str | None = strawberry.field(default=UNSET, description=CLIENT_ID)
    client_secret: str | None = strawberry.field(default=UNSET, description=SECRET)
    metadata: str | None = strawberry.field(
        default=UNSET,
        description="The provider's metadata, of SAML, as XML: issuer, signInUrl and certificates are taken from it.",
    )
    metadata_url: str | None = strawberry.field(default=UNSET, description=METADATA_URL)
    sign_in_url: str | None = strawberry.field(default=UNSET, description=SIGN_IN_URL)
    certificates: list[str] | None = strawberry.field(default=UNSET, description=CERTIFICATES)
    email_claim: str | None = strawberry.field(default=UNSET, description=EMAIL_CLAIM)
    name_claim: str | None = strawberry.field(default=UNSET, description=NAME_CLAIM)
    scopes: list[str] | None = strawberry.field(default=UNSET, description=SCOPES)
    domains: list[str] | None = strawberry.field(default=UNSET, description=DOMAINS)
    default_roles: list[str] | None = strawberry.field(default=UNSET, description=DEFAULT_ROLES)
    role_claim: str | None = strawberry.field(default=UNSET, description=ROLE_CLAIM)
    role_mapping: list[ClaimRoleInput] | None = strawberry.field(default=UNSET, description=ROLE_MAPPING)
    creates_members: bool | None = strawberry.field(default=UNSET, description=CREATES)
    links_by_email: bool | None = strawberry.field(default=UNSET, description=LINKS)
    owners: bool | None = strawberry.field(default=UNSET, description=OWNERS)
    counts_as_second_factor: bool | None = strawberry.field(default=UNSET, description=COUNTS)
    enforced: bool | None = strawberry.field(default=UNSET, description=ENFORCED)
    active: bool | None = strawberry.field(default=UNSET, description=ACTIVE)


@strawberry.input(description="A provider at which the company's people are to sign in, by OpenID Connect or SAML 2.0.")
class CreateIdentityProviderInput(ProviderFields):
    key: str = strawberry.field(description=KEY)
    name: str = strawberry.field(description="What people call it.")
    kind: IdentityProviderKind | None = strawberry.field(
        default=UNSET, description=f"{KIND} OPENID_CONNECT if not given."
    )


@strawberry.input(description="Changes to an identity provider: what is not given stays.")
class UpdateIdentityProviderInput(ProviderFields):
    id: strawberry.ID
    expected_version: int | None = strawberry.field(default=UNSET, description=EXPECTED)
    name: str | None = strawberry.field(default=UNSET, description="What people call it.")


@strawberry.input(description="Which identity provider to forget.")
class RemoveIdentityProviderInput:
    id: strawberry.ID
    expected_version: int | None = strawberry.field(default=UNSET, description=EXPECTED)


@strawberry.input(description="Which identity provider to try.")
class TestIdentityProviderInput:
    id: strawberry.ID


@strawberry.input(description="The last step of signing in at an identity provider.")
class FinishSingleSignOnInput:
    code: str = strawberry.field(description="What your page's address had in code; it can be used once, for a minute.")
    verifier: str = strawberry.field(description="The secret whose SHA-256 was the challenge.")


@strawberry.type(description="The identity provider as it is now.")
class IdentityProviderPayload:
    identity_provider: IdentityProvider = strawberry.field(description="The provider.")


@strawberry.type(description="The identity provider is forgotten, and the sessions that it opened have ended.")
class RemoveIdentityProviderPayload:
    id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.type(description="What the provider says of itself, read just now.")
class TestIdentityProviderPayload:
    usable: bool = strawberry.field(description="Whether people can be sent to it.")
    problems: list[str] = strawberry.field(description="What is wrong, in plain words.")


IdentityProviderResult = Annotated[
    IdentityProviderPayload | NotAllowed | NotFound | InvalidInput | Conflict,
    strawberry.union("IdentityProviderResult", description="The provider, or why it was refused."),
]
RemoveIdentityProviderResult = Annotated[
    RemoveIdentityProviderPayload | NotAllowed | NotFound | InvalidInput | Conflict,
    strawberry.union("RemoveIdentityProviderResult", description="It is forgotten, or why it was refused."),
]
TestIdentityProviderResult = Annotated[
    TestIdentityProviderPayload | NotAllowed | NotFound | LimitExceeded,
    strawberry.union("TestIdentityProviderResult", description="What is wrong with it, or why it was refused."),
]


def _shown(info: Info, row: dict[str, Any]) -> IdentityProvider:
    desk, slug = info.context.house.desk, info.context.caller.tenant.slug
    is_saml = row["kind"] == SAML
    return IdentityProvider(
        id=strawberry.ID(str(row["id"])),
        key=row["key"],
        name=row["name"],
        issuer=row["issuer"],
        kind=IdentityProviderKind(row["kind"]),
        client_id=row["client_id"],
        metadata_url=row["metadata_url"],
        sign_in_url=row["sign_in_url"],
        certificates=row["certificates"],
        email_claim=row["email_claim"],
        name_claim=row["name_claim"],
        has_client_secret=row["client_secret"] is not None,
        scopes=row["scopes"],
        domains=row["domains"],
        default_roles=row["default_roles"],
        role_claim=row["role_claim"],
        role_mapping=[ClaimRole(value=value, role=role) for value, role in sorted(row["role_mapping"].items())],
        creates_members=row["creates_members"],
        links_by_email=row["links_by_email"],
        owners=row["owners"],
        counts_as_second_factor=row["counts_as_second_factor"],
        enforced=row["enforced"],
        active=row["active"],
        start_url=desk.start(slug, row["key"]),
        redirect_url=desk.place(slug, row["key"], RESPONSE) if is_saml else desk.callback,
        service_metadata_url=desk.place(slug, row["key"], METADATA) if is_saml else None,
        logout_url=None if is_saml else desk.place(slug, row["key"], LOGOUT),
        version=row["version"],
        created_at=DateTimeText(row["created_at"].isoformat()),
        updated_at=DateTimeText(row["updated_at"].isoformat()),
    )


async def _read(info: Info, values: Values) -> Mapping[str, Any]:
    """The values, with what of them has to be read before they are taken in; nothing is read for who may not change anything."""
    if not settings.is_to_be_read(values):
        return values
    await run(info, providers.may_manage)
    return await settings.read(info.context.house.desk.discovery, values)


@strawberry.type
class SingleSignOnQueries:
    @strawberry.field(description="The company's identity providers, by key.")
    async def identity_providers(self, info: Info) -> list[IdentityProvider]:
        return [_shown(info, row) for row in await run(info, providers.list_providers)]


@strawberry.type
class SingleSignOnMutations:
    @mutation(
        CreateIdentityProviderInput, description="Let people sign in at a provider, by OpenID Connect or SAML 2.0."
    )
    async def create_identity_provider(self, info: Info, input: Values) -> IdentityProviderResult:
        kept, values = info.context.house.secrets, await _read(info, input)
        row = await run(info, lambda tx: providers.create_provider(tx, kept, values))
        return IdentityProviderPayload(identity_provider=_shown(info, row))

    @mutation(UpdateIdentityProviderInput, description="Change an identity provider.")
    async def update_identity_provider(self, info: Info, input: Values) -> IdentityProviderResult:
        kept, wanted, expected = info.context.house.secrets, parse_id(input["id"]), input.get("expectedVersion")
        values = await _read(info, input)
        if input.get("enforced"):
            known = await run(info, lambda tx: providers.provider_of(tx, wanted))
            await providers.require_usable(info.context.house.desk.discovery, known, info.context.caller.language)
        row = await run(info, lambda tx: providers.update_provider(tx, kept, wanted, values, expected))
        return IdentityProviderPayload(identity_provider=_shown(info, row))

    @mutation(TestIdentityProviderInput, description="Read what a provider says of itself, and say what is wrong.")
    async def test_identity_provider(self, info: Info, input: Values) -> TestIdentityProviderResult:
        context, wanted = info.context, parse_id(input["id"])
        row = await run(info, lambda tx: providers.provider_of(tx, wanted))
        found = await providers.complaints(context.house.desk.discovery, row, context.caller.language)
        return TestIdentityProviderPayload(usable=not found, problems=found)

    @mutation(RemoveIdentityProviderInput, description="Forget an identity provider; the sessions that it opened end.")
    async def remove_identity_provider(self, info: Info, input: Values) -> RemoveIdentityProviderResult:
        wanted, expected = parse_id(input["id"]), input.get("expectedVersion")
        removed = await run(info, lambda tx: providers.remove_provider(tx, wanted, expected))
        return RemoveIdentityProviderPayload(id=strawberry.ID(str(removed)))

    @mutation(FinishSingleSignOnInput, description="Fetch your session once you are back from the identity provider.")
    async def finish_single_sign_on(self, info: Info, input: Values) -> SignInResult:
        context = info.context
        context.require_first()
        signed = await visits.finish(context.house.database, input["code"], input["verifier"], client_at_hand())
        if isinstance(signed, CodeWanted):
            return code_wanted(signed)
        context.token, context.known_caller = signed.token, None
        await context.refresh()
        return SignInPayload(token=signed.token, device=None)
