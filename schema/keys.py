"""Keys of programs: made, renewed, ended."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from schema.context import Info, parse_id, run
from schema.mutations import RecordPayload, Values, change, mutation
from schema.payloads import Refusals
from schema.reads import selected_record
from schema.record_types import ApiKey
from tenants.keys import managing
from tenants.keys.managing import Made


@strawberry.input(description="A key for a program. It never may do more than you may.")
class CreateApiKeyInput:
    name: str = strawberry.field(description="By which the history tells of what it did.")
    roles: list[str] = strawberry.field(
        description="Keys of roles. Of their rights it has those to records, and to read."
    )
    rights: list[str] | None = strawberry.field(
        default=UNSET, description="Only these rights of its roles, such as order.create; all if none is given."
    )
    record_types: list[str] | None = strawberry.field(
        default=UNSET,
        description="Only these kinds of record: order, customer, product; and of all else nothing that rights does not name. All if none is given.",
    )
    read_only: bool | None = strawberry.field(default=UNSET, description="Whether it may only read and export.")
    networks: list[str] | None = strawberry.field(
        default=UNSET, description="Only from these networks, such as 203.0.113.0/24; from anywhere if none is given."
    )
    valid_days: int | None = strawberry.field(
        default=UNSET, description="For how many days: 365 if not given, 730 at most."
    )


@strawberry.input(description="A new secret for a key.")
class RotateApiKeyInput:
    id: strawberry.ID
    overlap_hours: int | None = strawberry.field(
        default=UNSET, description="For how many hours the secret before holds too: 24 if not given, 168 at most."
    )
    valid_days: int | None = strawberry.field(
        default=UNSET, description="For how many days from now the key is valid; until when it was, if not given."
    )


@strawberry.input(description="Which key is to end.")
class RevokeApiKeyInput:
    id: strawberry.ID


@strawberry.type(description="The key and its new secret.")
class ApiKeySecretPayload:
    key_id: strawberry.Private[UUID]
    secret: str = strawberry.field(
        description="Told this once: send it as 'Authorization: Bearer <secret>'. Keep it where secrets are kept."
    )

    @strawberry.field(description="The key; null where it is not yours to read.")
    async def api_key(self, info: Info) -> ApiKey | None:
        return await selected_record(info, ApiKey, self.key_id)


@strawberry.type(description="The key after the mutation.")
class ApiKeyPayload(RecordPayload):
    @strawberry.field(description="The key; null where it is not yours to read.")
    async def api_key(self, info: Info) -> ApiKey | None:
        return await self.read(info, ApiKey)


ApiKeySecretResult = Annotated[
    ApiKeySecretPayload | Refusals,
    strawberry.union("ApiKeySecretResult", description="The key and its new secret, or why it was refused."),
]
ApiKeyResult = Annotated[
    ApiKeyPayload | Refusals,
    strawberry.union("ApiKeyResult", description="The key after the mutation, or why it was refused."),
]


@strawberry.type
class KeyMutations:
    @mutation(CreateApiKeyInput, description="Make a key for a program; its secret is told once.")
    async def create_api_key(self, info: Info, input: Values) -> ApiKeySecretResult:
        made: Made = await run(info, lambda tx: managing.create_key(tx, input))
        return ApiKeySecretPayload(key_id=made.id, secret=made.secret)

    @mutation(RotateApiKeyInput, description="Give a key a new secret; the one before holds for a while.")
    async def rotate_api_key(self, info: Info, input: Values) -> ApiKeySecretResult:
        wanted = parse_id(input["id"])
        made: Made = await run(info, lambda tx: managing.rotate_key(tx, wanted, input))
        return ApiKeySecretPayload(key_id=made.id, secret=made.secret)

    @mutation(RevokeApiKeyInput, description="End a key: its secrets are refused from the next request on.")
    async def revoke_api_key(self, info: Info, input: Values) -> ApiKeyResult:
        wanted = parse_id(input["id"])
        return await change(info, ApiKeyPayload, input, lambda tx: managing.revoke_key(tx, wanted))
