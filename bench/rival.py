"""What PostGraphile is asked for each work, and how its answers read in the product's words.

It gets the company's id with each request, in the place of a token, and checks neither rights nor input.
"""

from collections.abc import Mapping
from typing import Any

from tenants.names import camel

_ORDER = "id: rowId number status channel priority orderedAt total currency tags"
_CUSTOMER = "customer: customerByTenantIdAndCustomerId { id: rowId name }"
_LINE = "sku name quantity total"
W1 = f"""query Newest($tenant: UUID!, $first: Int!) {{
  orders: allOrders(condition: {{tenantId: $tenant, voidedAt: null}}, orderBy: [ORDERED_AT_DESC, PRIMARY_KEY_DESC], first: $first) {{
    nodes {{ {_ORDER} {_CUSTOMER}
      lines: orderLinesByTenantIdAndOrderId(first: 3, orderBy: [POSITION_ASC]) {{ nodes {{ {_LINE} }} }} }} }} }}"""
W2 = f"""query One($tenant: UUID!, $id: UUID!) {{
  order: orderByTenantIdAndRowId(tenantId: $tenant, rowId: $id) {{ {_ORDER} notes {_CUSTOMER}
    lines: orderLinesByTenantIdAndOrderId(first: 20, orderBy: [POSITION_ASC]) {{ nodes {{ {_LINE} unitPrice }} }} }} }}"""
W3 = f"""query Filtered($tenant: UUID!, $status: String!, $from: Datetime!, $to: Datetime!) {{
  orders: allOrders(
    condition: {{tenantId: $tenant, voidedAt: null, status: $status}}
    filter: {{orderedAt: {{greaterThanOrEqualTo: $from, lessThan: $to}}}}
    orderBy: [ORDERED_AT_DESC, PRIMARY_KEY_DESC]
    first: 20
  ) {{ totalCount nodes {{ id: rowId number status orderedAt total currency {_CUSTOMER} }} }} }}"""
W5 = """mutation Take($tenant: UUID!, $member: UUID!, $actor: String!, $customer: UUID!, $lines: JSON!) {
  createOrder: takeOrder(input: {tenant: $tenant, member: $member, actor: $actor, customer: $customer, lines: $lines}) {
    order: result { id: rowId number status total currency } } }"""
W6 = """mutation Step($tenant: UUID!, $member: UUID!, $actor: String!, $id: UUID!, $status: String!) {
  changeOrderStatus: stepOrder(input: {tenant: $tenant, member: $member, actor: $actor, target: $id, toStatus: $status}) {
    order: result { id: rowId version status } } }"""


def own_fields(score: str, installed: str) -> str:
    """The document that filters and sorts by own fields, which are computed columns here."""
    one, two = camel(score), camel(installed)
    return f"""query Own($tenant: UUID!, $least: BigFloat!, $most: BigFloat!) {{
  orders: allOrders(
    condition: {{tenantId: $tenant, voidedAt: null}}
    filter: {{{one}: {{greaterThanOrEqualTo: $least, lessThan: $most}}}}
    orderBy: [{installed.upper()}_ASC, PRIMARY_KEY_ASC]
    first: 20
  ) {{ nodes {{ id: rowId number status {score}: {one} {installed}: {two} }} }} }}"""


def renamed(answer: Any, own: tuple[str, ...] = ()) -> Any:
    """The answer with the product's names and nesting: statuses and amounts are objects there, enumerations upper case."""
    if isinstance(answer, list):
        return [renamed(item, own) for item in answer]
    if not isinstance(answer, Mapping):
        return answer
    found = {name: renamed(value, own) for name, value in answer.items() if name not in own}
    if custom := {name: answer[name] for name in own if name in answer}:
        found["custom"] = custom
    if "status" in found:
        found["status"] = {"key": found["status"]}
    if "priority" in found:
        found["priority"] = found["priority"].upper()
    if "orderedAt" in found:
        found["orderedAt"] = found["orderedAt"].replace(".000000", "")
    for name in ("total", "unitPrice"):
        if name in found:
            found[name] = {"amount": found[name]}
    if "currency" in found:
        found["total"]["currency"] = found.pop("currency")
    return found
