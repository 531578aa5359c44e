"""Customers: inputs and mutations."""

import strawberry
from strawberry import UNSET

from schema.context import Info, parse_id
from schema.mutations import Values, change, mutation
from schema.payloads import CustomerPayload, CustomerResult
from schema.scalars import CustomValues
from tenants import customers

KEY = "A key of your own: the same call with the same key is done once, and answered the same for 24 hours."
EXPECTED = "The version you saw; if the record has changed since, the answer is a Conflict that shows it as it is."


@strawberry.input(description="A phone number or an e-mail address.")
class ContactPointInput:
    value: str = strawberry.field(description="The number, best with country code, or the address.")
    label: str | None = UNSET


@strawberry.input(description="An entry of the address book.")
class AddressInput:
    id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="In an update: the entry to keep and change."
    )
    kind: str | None = strawberry.field(default=UNSET, description="DELIVERY, BILLING or OTHER.")
    label: str | None = UNSET
    recipient: str | None = UNSET
    phone: str | None = UNSET
    line1: str | None = UNSET
    line2: str | None = UNSET
    district: str | None = UNSET
    city: str | None = UNSET
    region: str | None = UNSET
    postal_code: str | None = UNSET
    country: str | None = strawberry.field(default=UNSET, description="Country code by ISO 3166, such as DE or CN.")


@strawberry.input(description="A new customer.")
class NewCustomerInput:
    name: str
    kind: str | None = strawberry.field(default=UNSET, description="PERSON (if not given) or COMPANY.")
    external_id: str | None = UNSET
    language: str | None = strawberry.field(
        default=UNSET, description="One of the company's languages, for messages to the customer."
    )
    company_id: strawberry.ID | None = strawberry.field(default=UNSET, description="The company a person belongs to.")
    owner_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The member in charge; you if not given."
    )
    notes: str | None = UNSET
    tags: list[str] | None = UNSET
    phones: list[ContactPointInput] | None = UNSET
    emails: list[ContactPointInput] | None = UNSET
    addresses: list[AddressInput] | None = UNSET
    custom: CustomValues | None = UNSET


@strawberry.input(description="A new customer.")
class CreateCustomerInput(NewCustomerInput):
    idempotency_key: str | None = strawberry.field(default=UNSET, description=KEY)


@strawberry.input(
    description="Changes to a customer: what is not given stays, null empties, lists are replaced as a whole."
)
class UpdateCustomerInput:
    id: strawberry.ID
    expected_version: int | None = strawberry.field(default=UNSET, description=EXPECTED)
    name: str | None = UNSET
    kind: str | None = UNSET
    external_id: str | None = UNSET
    language: str | None = strawberry.field(
        default=UNSET, description="One of the company's languages, for messages to the customer."
    )
    company_id: strawberry.ID | None = UNSET
    owner_id: strawberry.ID | None = UNSET
    notes: str | None = UNSET
    tags: list[str] | None = UNSET
    phones: list[ContactPointInput] | None = UNSET
    emails: list[ContactPointInput] | None = UNSET
    addresses: list[AddressInput] | None = UNSET
    custom: CustomValues | None = UNSET
    idempotency_key: str | None = strawberry.field(default=UNSET, description=KEY)


@strawberry.type
class CustomerMutations:
    @mutation(CreateCustomerInput, description="Enter a customer.")
    async def create_customer(self, info: Info, input: Values) -> CustomerResult:
        return await change(info, CustomerPayload, input, lambda tx: customers.create_customer(tx, input))

    @mutation(UpdateCustomerInput, description="Change a customer.")
    async def update_customer(self, info: Info, input: Values) -> CustomerResult:
        request = {**input}
        wanted, expected = parse_id(input.pop("id")), input.pop("expectedVersion", None)
        return await change(
            info,
            CustomerPayload,
            input,
            lambda tx: customers.update_customer(tx, wanted, input, expected),
            request=request,
        )
