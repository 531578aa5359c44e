"""The GraphQL documents that many tests send, and how they send them.

Every document answers under the name ``result``. :func:`done` wants it to succeed and returns the record; :func:`refused` wants
a refusal and returns it; :func:`bad_values` lists what an InvalidInput complains of; :func:`unchanged` proves that nothing of
the company's data was touched.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tenants.models.tables import TENANT_TABLES
from tests.harness import Company, Person, Row

REFUSED = """
fragment Refused on Problem {
  __typename
  code
  message
  ... on InvalidInput { errors { path code message } }
  ... on NotAllowed { right grantedTo }
  ... on Conflict { currentVersion current { __typename ... on Order { id version notes status { key } } } }
}
"""
MONEY = "{ amount currency }"
ADDRESS = "recipient phone line1 line2 district city region postalCode country"
CUSTOMER = f"""
id version kind name externalId company {{ id name }} owner {{ id }} notes tags
phones {{ id label value position }} emails {{ id label value position }}
addresses {{ id kind label position {ADDRESS} }}
"""
PRODUCT = f"id version sku name externalId specification unit price {MONEY} taxRate active"
LINE = f"""
id position externalId sku name specification unit quantity discountRate taxRate product {{ id name }}
unitPrice {MONEY} discountAmount {MONEY} netAmount {MONEY} taxAmount {MONEY} total {MONEY}
"""
ORDER = f"""
id version number externalId status {{ key label category }} currency channel priority tags notes
customer {{ id name }} owner {{ id }} shippingAddress {{ {ADDRESS} }} orderedAt promisedAt
subtotal {MONEY} discountTotal {MONEY} taxTotal {MONEY} total {MONEY}
isVoided voidedAt voidedBy {{ id }} voidReason {{ key label noteRequired }} voidNote
lines(first: 50) {{ nodes {{ {LINE} }} }}
"""
HISTORY = "history(first: 100) { nodes { kind version at note actor { kind id name } changes { field from to } } }"


def mutation(name: str, payload: str, selection: str) -> str:
    """The document of a mutation whose only argument is ``input``."""
    kind = name[0].upper() + name[1:]
    return (
        f"mutation($input: {kind}Input!) {{ result: {name}(input: $input)"
        f" {{ __typename ... on {payload}Payload {{ {selection} }} ...Refused }} }}{REFUSED}"
    )


CREATE_ORDER = mutation("createOrder", "Order", f"order {{ {ORDER} }}")
UPDATE_ORDER = mutation("updateOrder", "Order", f"order {{ {ORDER} }}")
CHANGE_STATUS = mutation("changeOrderStatus", "Order", f"order {{ {ORDER} }}")
VOID_ORDER = mutation("voidOrder", "Order", f"order {{ {ORDER} }}")
CREATE_CUSTOMER = mutation("createCustomer", "Customer", f"customer {{ {CUSTOMER} }}")
UPDATE_CUSTOMER = mutation("updateCustomer", "Customer", f"customer {{ {CUSTOMER} }}")
CREATE_PRODUCT = mutation("createProduct", "Product", f"product {{ {PRODUCT} }}")
UPDATE_PRODUCT = mutation("updateProduct", "Product", f"product {{ {PRODUCT} }}")
INVITE_MEMBER = mutation(
    "inviteMember", "Invitation", "invitation { id email name roles language state invitedBy messages }"
)
UPDATE_MEMBER = mutation("updateMember", "Member", "member { id version name email roles language active }")
DEACTIVATE_MEMBER = mutation("deactivateMember", "Member", "member { id version name email roles language active }")
_CONFIGURED = "version changes { kind key sentence }"
DEFINE_FIELD = mutation("defineField", "Configuration", _CONFIGURED)
DEFINE_STATUS = mutation("defineStatus", "Configuration", _CONFIGURED)
DEFINE_TRANSITION = mutation("defineTransition", "Configuration", _CONFIGURED)
DEFINE_VOID_REASON = mutation("defineVoidReason", "Configuration", _CONFIGURED)
DEFINE_ROLE = mutation("defineRole", "Configuration", _CONFIGURED)
SET_NUMBERING = mutation("setNumbering", "Configuration", _CONFIGURED)
REMOVE_DEFINITION = mutation("removeDefinition", "Configuration", _CONFIGURED)
APPLY_CONFIGURATION = mutation("applyConfiguration", "Configuration", _CONFIGURED)

READ_ORDER = f"query($id: ID!) {{ result: order(id: $id) {{ {ORDER} {HISTORY} }} }}"
READ_CUSTOMER = f"query($id: ID!) {{ result: customer(id: $id) {{ {CUSTOMER} {HISTORY} }} }}"
READ_PRODUCT = f"query($id: ID!) {{ result: product(id: $id) {{ {PRODUCT} {HISTORY} }} }}"


async def ask(company: Company, document: str, person: Person | None = None, /, **values: Any) -> Any:
    """The ``result`` of a mutation with ``values`` as its input; GraphQL errors fail the test."""
    data = await company.data(document, {"input": values}, person=person)
    return data["result"]


async def done(company: Company, document: str, person: Person | None = None, /, **values: Any) -> Row:
    """The record in the payload of a mutation that must succeed; the payload itself where it holds no single record."""
    result: Row = await ask(company, document, person, **values)
    assert result.pop("__typename").endswith("Payload"), result
    record: Row = next(iter(result.values())) if len(result) == 1 else result
    return record


async def refused(company: Company, document: str, person: Person | None = None, /, **values: Any) -> Row:
    """The refusal of a mutation that must not succeed."""
    result: Row = await ask(company, document, person, **values)
    assert not result["__typename"].endswith("Payload"), result
    return result


async def read(company: Company, document: str, record_id: str, person: Person | None = None) -> Row:
    """One record by its id."""
    data = await company.data(document, {"id": record_id}, person=person)
    record: Row = data["result"]
    return record


def bad_values(problem: Mapping[str, Any]) -> dict[str, str]:
    """What an InvalidInput complains of: code by path."""
    assert problem["__typename"] == "InvalidInput", problem
    found = {".".join(error["path"]): error["code"] for error in problem["errors"]}
    assert len(found) == len(problem["errors"]), problem
    return found


async def stored(company: Company, without: Collection[str] = ()) -> dict[str, str]:
    """A fingerprint of everything the company has stored, table by table."""
    names = [table.name for table in TENANT_TABLES if table.name not in without]
    parts = [
        f"SELECT '{name}' AS name, md5(string_agg(t::text, ',' ORDER BY t::text)) AS sum FROM {name} t"
        for name in names
    ]
    return {row["name"]: row["sum"] for row in await company.rows(" UNION ALL ".join(parts))}


@asynccontextmanager
async def unchanged(company: Company, *, without: Collection[str] = ()) -> AsyncIterator[None]:
    """Whatever is done inside leaves every row of the company as it is; tables named in ``without`` may change."""
    before = await stored(company, without)
    yield
    assert await stored(company, without) == before


async def an_order(company: Company, person: Person | None = None, /, **changes: Any) -> Row:
    """A simple order of one free line over 10.00, unless told otherwise."""
    return await done(company, CREATE_ORDER, person, **({"lines": [{"name": "Work", "unitPrice": "10.00"}]} | changes))


def amounts(record: Mapping[str, Any], *names: str) -> list[str]:
    """The amounts of some money fields."""
    return [record[name]["amount"] for name in names]


def without_names(message: str) -> str:
    """The sentence of a refusal as it stands in a list, which asks for nobody who can give the right."""
    said, named, _ = message.partition("Who can give it to you: ")
    return f"{said}Ask an administrator." if named else message
