"""Which fields a frontend may offer to be filled in: those that inputs take, where the right is held (PER-7)."""

import pytest
from graphql import GraphQLInputObjectType

from schema.execution import SCHEMA
from tenants.rules.writable import WRITTEN
from tests.documents import DEFINE_ROLE, done
from tests.examples import define_fields
from tests.harness import Client, Company, Person

pytestmark = pytest.mark.anyio

ASKED = "{ viewer { permissions { object fields { path writable } } } }"
INPUTS = {
    "order": ("CreateOrderInput", "UpdateOrderInput"),
    "customer": ("CreateCustomerInput", "UpdateCustomerInput"),
    "product": ("CreateProductInput", "UpdateProductInput"),
    "member": ("InviteMemberInput", "UpdateMemberInput"),
}
# Which record is meant, and in which state; parts of fields, and another way to one.
NO_FIELDS = {"id", "expectedVersion", "idempotencyKey", "shippingAddressId"}


def taken(*inputs: str) -> set[str]:
    """The fields that inputs take, by the names that records have for them."""
    found = set()
    for name in inputs:
        kind = SCHEMA.type_map[name]
        assert isinstance(kind, GraphQLInputObjectType)
        found |= {
            field.removesuffix("Id") if field != "externalId" else field for field in kind.fields.keys() - NO_FIELDS
        }
    return found


def test_what_is_said_to_be_written_is_what_inputs_take() -> None:
    lines = {f"lines.{name}" for name in taken("OrderLineInput")}
    for name, inputs in INPUTS.items():
        # The currency of a product is a part of its price.
        expected = taken(*inputs) - ({"currency"} if name == "product" else set())
        assert expected | (lines if name == "order" else set()) == WRITTEN[name]


async def test_writable_is_what_can_be_written(company: Company, client: Client) -> None:
    """Not what follows from other fields, and nothing without the right to change a record, which takes that to read it."""
    fields = {
        "order.margin": {"type": "integer"},
        "order.twice": {"type": "formula", "expression": "custom.margin * 2"},
    }
    await define_fields(company, {**fields, "order.code": {"type": "auto_number", "numbering": "N-{seq}"}})
    for key, actions in {"looks": ["read"], "blind": ["update"], "takes": ["create"]}.items():
        await done(company, DEFINE_ROLE, key=key, label={"en": key}, grants=[{"object": "order", "actions": actions}])

    async def writable(person: Person) -> dict[str, set[str]]:
        told = (await company.data(ASKED, person=person))["viewer"]["permissions"]
        return {each["object"]: {field["path"] for field in each["fields"] if field["writable"]} for each in told}

    found = await writable(company.owner)
    assert found["order"] == WRITTEN["order"] | {"custom.margin"}
    assert {name: found[name] for name in INPUTS if name != "order"} == {
        name: set(WRITTEN[name]) for name in INPUTS if name != "order"
    }
    for role in ("looks", "blind", "takes"):
        found = await writable(await company.add_person(role))
        assert (role, found["order"], found["customer"]) == (role, set(), set())
