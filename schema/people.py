"""People: the viewer, members, notifications."""

import strawberry
from strawberry import UNSET

from schema.context import Info, parse_id
from schema.customers import EXPECTED
from schema.mutations import Values, change, mutation
from schema.payloads import MemberPayload, MemberResult, NotificationPayload, NotificationResult
from schema.reads import selected_record
from schema.record_types import ApiKey, Member
from schema.viewer_permissions import ObjectPermissions, permissions_of
from tenants import notifications, people
from tenants.actors import KEY
from tenants.field_rights import OBJECTS
from tenants.records.rights import closed_paths, own_told
from tenants.sign_in import switching

PERSON_AT = (
    "The customer at whom they are a person, to see what is the customer's by roles such as portal; null for staff."
)


@strawberry.type(description="The company you are signed in to.")
class Company:
    id: strawberry.ID = strawberry.field(description="Opaque id.")
    slug: str = strawberry.field(description="Short name, to sign in with.")
    name: str = strawberry.field(description="Name.")
    language: str = strawberry.field(description="The language of messages that go to nobody in particular.")
    languages: list[str] = strawberry.field(
        description="The languages that its people read, its own first; members choose one of them."
    )
    time_zone: str = strawberry.field(description="IANA time zone.")
    currency: str = strawberry.field(description="Usual currency.")
    config_version: int = strawberry.field(description="Grows by one with each change of the configuration.")


def own_company(info: Info) -> Company:
    tenant = info.context.caller.tenant
    config = tenant.config
    return Company(
        id=strawberry.ID(str(tenant.id)),
        slug=tenant.slug,
        name=tenant.name,
        language=config.language,
        languages=list(config.languages),
        time_zone=config.time_zone,
        currency=config.currency,
        config_version=tenant.version,
    )


async def own_membership(info: Info) -> Member:
    # Everybody may know themselves, whatever their role says of members.
    member_id = info.context.caller.member_id
    found = await selected_record(info, Member, member_id, guarded=False)
    assert found is not None, "a member is there for themselves"
    return found


@strawberry.type(description="A company that you belong to.")
class OwnCompany:
    id: strawberry.ID = strawberry.field(description="Opaque id.")
    slug: str = strawberry.field(description="Short name, to sign in with or to switch to.")
    name: str = strawberry.field(description="Name.")
    current: bool = strawberry.field(description="Whether it is the one that you are signed in to.")


@strawberry.type(description="The fields of an object that are closed to you.")
class ClosedFields:
    object: str = strawberry.field(description="The object, such as order; its lines are part of it.")
    unreadable: list[str] = strawberry.field(description="Paths of the fields that you may not read.")
    unwritable: list[str] = strawberry.field(description="Paths of the fields that you may not write.")


@strawberry.type(description="You: your membership or key, your company, and what you may do there.")
class Viewer:
    @strawberry.field(description="Your membership; null for a program with a key.")
    async def member(self, info: Info) -> Member | None:
        return await own_membership(info) if info.context.caller.member_id else None

    @strawberry.field(description="The key of the program that asks; null for a member.")
    async def key(self, info: Info) -> ApiKey | None:
        actor = info.context.caller.actor
        return await selected_record(info, ApiKey, actor.id, guarded=False) if actor.kind == KEY else None

    @strawberry.field(description="Your company.")
    def tenant(self, info: Info) -> Company:
        return own_company(info)

    @strawberry.field(description="The companies that you belong to, by their short names; see switchCompany.")
    async def companies(self, info: Info) -> list[OwnCompany]:
        caller, database = info.context.caller, info.context.house.database
        if caller.member_id is None:
            return []
        user = await people.user_of(database, caller)
        return [
            OwnCompany(
                id=strawberry.ID(str(row["id"])),
                slug=row["slug"],
                name=row["name"],
                current=row["id"] == caller.tenant_id,
            )
            for row in await switching.companies(database, caller, user["id"])
        ]

    @strawberry.field(
        description="Whether the company wants a second factor of you: until you have one, you can do nothing else."
    )
    def second_factor_due(self, info: Info) -> bool:
        return info.context.caller.second_factor_due

    @strawberry.field(description="The rights you have, such as order.create or order.transition.confirm.")
    def rights(self, info: Info) -> list[str]:
        return sorted(info.context.caller.access.rights)

    @strawberry.field(description="The same object by object, with the steps and fields of each.")
    def permissions(self, info: Info) -> list[ObjectPermissions]:
        return permissions_of(info.context.caller)

    @strawberry.field(
        description="The fields that are closed to you; objects are left out where you may read and write all."
    )
    def closed_fields(self, info: Info) -> list[ClosedFields]:
        config, access = info.context.caller.config, info.context.caller.access
        found = (
            (name, *closed_paths(access, name, own_told(access, name, config.own.get(name, {})))) for name in OBJECTS
        )
        return [
            ClosedFields(object=name, unreadable=unreadable, unwritable=unwritable)
            for name, unreadable, unwritable in found
            if unreadable or unwritable
        ]


@strawberry.input(description="Changes to a member: what is not given stays.")
class UpdateMemberInput:
    id: strawberry.ID
    expected_version: int | None = strawberry.field(default=UNSET, description=EXPECTED)
    name: str | None = UNSET
    roles: list[str] | None = UNSET
    language: str | None = UNSET
    active: bool | None = UNSET
    customer_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description=f"{PERSON_AT} Nobody who is given a customer gets rights by it that you lack."
    )


@strawberry.input(description="Which notification you have read.")
class MarkNotificationReadInput:
    id: strawberry.ID


@strawberry.type
class PeopleMutations:
    @mutation(UpdateMemberInput, description="Change a member; it holds from their next request on.")
    async def update_member(self, info: Info, input: Values) -> MemberResult:
        wanted, expected = parse_id(input.pop("id")), input.pop("expectedVersion", None)
        return await change(info, MemberPayload, input, lambda tx: people.update_member(tx, wanted, input, expected))

    @mutation(MarkNotificationReadInput, description="Mark one of your notifications as read.")
    async def mark_notification_read(self, info: Info, input: Values) -> NotificationResult:
        wanted = parse_id(input["id"])
        return await change(
            info, NotificationPayload, input, lambda tx: notifications.mark_notification_read(tx, wanted)
        )
