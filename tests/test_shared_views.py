"""Shared views: for roles or everybody, run with the reader's rights, and part of the configuration."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tenants.config import change_sets
from tests.documents import REFUSED
from tests.examples import create_orders, define_roles
from tests.harness import Client, Company
from tests.test_docs import fences
from tests.viewing import (
    CREATE,
    DELETE,
    GROUPS,
    LIST,
    ORDERS,
    RUN,
    SHARE,
    UPDATE,
    URGENT,
    asked,
    fill,
    notes,
    saved,
    seen,
    stored,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def five(company: Company, client: Client) -> Company:
    """A company with two fields of its own and five orders."""
    await fill(company)
    return company


async def test_rights_are_the_readers(five: Company) -> None:
    """What a reader may not read cannot be filtered, sorted or grouped by, though the author of the view could."""
    await define_roles(five, {"desk": ["order.read"]})
    desk = await five.add_person("desk")
    by_name = {"where": {"customer": {"name": {"eq": "Ann"}}}}
    view = await saved(five, {"label": {"en": "Ann's"}, "orders": by_name, "groupBy": "customer"})
    key = (await asked(five, SHARE, {"id": view["id"], "audience": "EVERYBODY"}))["view"]["id"]
    assert await notes(five, view=key) == "A"
    assert await notes(five, person=five.read_only, view=key) == "A"
    for document in (RUN, GROUPS):
        answer = await five.graphql(document, {"view": key}, person=desk)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_ALLOWED"]
        assert answer["data"] is None
    refused = await asked(five, CREATE, {"label": {"en": "x"}, "orders": by_name}, desk)
    assert refused["right"] == "customer.read"
    refused = await asked(five, CREATE, {"label": {"en": "x"}, "customers": {}}, desk)
    assert refused["right"] == "customer.read"
    mine = await saved(five, {"label": {"en": "mine"}, "customers": {}})
    await asked(five, SHARE, {"id": mine["id"], "audience": "EVERYBODY"})
    assert await seen(five, desk) == ["Ann's"]


async def test_who_is_me_in_a_shared_view(five: Company) -> None:
    """A view of "my" records shows each reader their own."""
    view = await saved(five, {"label": {"en": "Mine"}, "orders": {"where": {"owner": {"isMe": {"eq": True}}}}})
    key = (await asked(five, SHARE, {"id": view["id"], "audience": "EVERYBODY"}))["view"]["id"]
    await five.rows(
        "UPDATE orders SET owner_id = %(id)s WHERE tenant_id = %(tenant)s AND notes = 'C' RETURNING id",
        id=five.member.id,
    )
    assert await notes(five, view=key, order=[{"notes": "ASC"}]) == "ABDE"
    assert await notes(five, person=five.member, view=key) == "C"


async def test_sharing(five: Company) -> None:
    """With roles or everybody, by those who hold view.share; each role may have one view that it sees first."""
    view = await saved(five)
    before = await stored(five)
    mine = await saved(five, person=five.member)
    refused = await asked(five, SHARE, {"id": mine["id"], "audience": "EVERYBODY"}, five.member)
    assert (refused["right"], refused["grantedTo"]) == ("view.share", ["owner", "admin"])
    await asked(five, DELETE, {"id": mine["id"]}, five.member)
    assert await stored(five) == before
    for wrong, code in (
        ({"audience": "ROLES"}, "VIEW_ROLES_OF_AUDIENCE"),
        ({"audience": "EVERYBODY", "roles": ["member"]}, "VIEW_ROLES_OF_AUDIENCE"),
        ({"audience": "ROLES", "roles": ["nobody"]}, "CONFIG_UNKNOWN_ROLE"),
        ({"audience": "ROLES", "roles": ["member"], "defaultFor": ["read_only"]}, "VIEW_DEFAULT_UNSEEN"),
        ({"audience": "EVERYBODY", "key": "1x"}, "CONFIG_BAD_KEY"),
    ):
        refused = await asked(five, SHARE, {"id": view["id"], **wrong})
        assert [error["code"] for error in refused["errors"]] == [code], wrong
        assert await stored(five) == before
    given = {"id": view["id"], "audience": "ROLES", "roles": ["member"], "defaultFor": ["member"], "key": "urgent"}
    shared = (await asked(five, SHARE, given))["view"]
    assert (shared["id"], shared["audience"], shared["roles"], shared["isDefault"]) == (
        "urgent",
        "ROLES",
        ["member"],
        False,
    )
    assert {**shared, "id": view["id"], "audience": "PRIVATE", "roles": [], "defaultFor": []} == view
    assert await seen(five, five.member) == ["Urgent"]
    assert await seen(five, five.read_only) == []
    (theirs,) = (await five.data(LIST, person=five.member))["views"]
    assert (theirs["isDefault"], theirs["changeable"]) == (True, False)
    assert await notes(five, person=five.member, view="urgent") == "BD"
    assert "errors" in await five.graphql(RUN, {"view": "urgent"}, person=five.read_only)
    for document, change in ((UPDATE, {"position": 1}), (DELETE, {})):
        refused = await asked(five, document, {"id": "urgent", **change}, five.member)
        assert refused["right"] == "view.share"
    # Roles that inherit see it as well, and first.
    await define_roles(five, {"clerk": []})
    second = await saved(five, URGENT | {"label": {"en": "Second"}})
    refused = await asked(five, SHARE, {"id": second["id"], "audience": "EVERYBODY", "defaultFor": ["member"]})
    assert [error["code"] for error in refused["errors"]] == ["VIEW_DOUBLE_DEFAULT"]
    back = (await asked(five, SHARE, {"id": "urgent", "audience": "PRIVATE"}))["view"]
    assert (back["audience"], back["roles"], back["defaultFor"]) == ("PRIVATE", [], [])
    assert await seen(five, five.member) == []
    assert await seen(five, five.owner) == ["Urgent", "Second"] or await seen(five, five.owner) == ["Second", "Urgent"]


async def test_roles_inherit_views(five: Company) -> None:
    """The view of a role comes before that of the role it inherits from."""
    async with five.begin() as tx:
        body = {"label": {"en": "Clerk"}, "inherits": ["member"]}
        await change_sets.apply(tx, [change_sets.define(tx.config, "role", "clerk", body)])
    clerk = await five.add_person("clerk")
    for name, role in (("General", "read_only"), ("Special", "clerk")):
        view = await saved(five, {"label": {"en": name}, "orders": {}})
        await asked(
            five, SHARE, {"id": view["id"], "audience": "ROLES", "roles": [role], "defaultFor": [role], "key": name}
        )
    for person, first in (
        (clerk, "Special"),
        (five.member, "General"),
        (five.read_only, "General"),
        (five.owner, None),
    ):
        views = (await five.data(LIST, {"type": "ORDER"}, person=person))["views"]
        assert [view["name"] for view in views if view["isDefault"]] == ([first] if first else [])
    assert await seen(five, clerk) == ["General", "Special"]
    assert await seen(five, five.member) == ["General"]


async def test_views_are_configuration(five: Company, new_company: Any) -> None:
    """Shared ones are exported, imported, kept in the history and checked; private ones are not part of it."""
    view = await saved(five)
    await saved(five, URGENT | {"label": {"en": "Private"}}, five.member)
    await asked(five, SHARE, {"id": view["id"], "audience": "EVERYBODY", "key": "urgent"})
    document = (await five.data("{ configuration { document } }"))["configuration"]["document"]
    assert document.count("Urgent") == 1
    assert "Private" not in document
    other = await new_company()
    apply = (
        "mutation ($document: String!) { applyConfiguration(input: {document: $document}) { ... on ConfigurationPayload { changes { sentence } } ...Refused } }"
        + REFUSED
    )
    changes = (await other.data(apply, {"document": document}))["applyConfiguration"]["changes"]
    assert "Add view 'urgent' (Urgent)" in [change["sentence"] for change in changes]
    await create_orders(other, ORDERS)
    assert await notes(other, view="urgent") == "BD"
    again = (await other.data("{ configuration { document } }"))["configuration"]["document"]
    assert again == document
    # A field that a shared view names cannot be archived under it.
    before = await stored(five)
    remove = f'mutation {{ result: removeDefinition(input: {{kind: "field", key: "order.region"}}) {{ __typename ...Refused }} }}{REFUSED}'
    refused = (await five.data(remove))["result"]
    assert [(error["path"], error["code"]) for error in refused["errors"]] == [
        (["field", "order.region"], "CONFIG_NEEDED_OPEN")
    ]
    assert "view 'urgent' (Urgent)" in refused["message"]
    assert await stored(five) == before
    # Under a private one it can: the view says what is wrong with it, and is refused when it is run.
    await asked(five, DELETE, {"id": "urgent"})
    assert (await five.data(remove))["result"]["__typename"] == "ConfigurationPayload"
    (private,) = (await five.data(LIST, person=five.member))["views"]
    assert private["problems"] == [
        "'custom.region' names no field of the order: there is none, or it is archived. Take it out of the view.",
        "There is no field region.",
    ]
    assert "errors" in await five.graphql(RUN, {"view": private["id"]}, person=five.member)


PAGE = (Path(__file__).parent.parent / "docs" / "views.md").read_text(encoding="utf-8")


async def test_the_page_about_views_works(company: Company, client: Client) -> None:
    """Every GraphQL document of `docs/views.md`, in order, gives the answer it shows; so does the configuration at its end."""
    view_id = ""
    asked_for = list(fences(PAGE))
    for document, _, expected in asked_for:
        data = await company.data(document.replace("VIEW-ID", view_id))
        if expected is None:
            view = data["createView"]["view"]
            assert (view["name"], view["audience"]) == ("My urgent orders", "PRIVATE")
            view_id = view["id"]
        else:
            assert data == json.loads(expected), document
    assert len(asked_for) == 6
    exported = (await company.data("{ configuration { document } }"))["configuration"]["document"]
    (shown,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    yaml = YAML(typ="safe", pure=True)
    assert yaml.load(exported)["views"] == yaml.load(shown)["views"]


UNSOUND = """
orderloom: 1
statuses: {draft: {label: {en: Draft}, category: open, initial: true}, gone: {label: {en: Gone}, category: void}}
views:
  one:
    label: {en: One}
    columns: [{path: custom.gone}]
    where: {lines: {count: {gte: many}}, orderedAt: {inLast: a week}}
    order_by: [{number: down}]
    group_by: tags
    roles: [nobody]
    default_for: [member]
  two: {label: {en: Two}, record_type: member}
"""


async def test_unsound_documents_are_refused(company: Company, client: Client) -> None:
    """Each bad part of each view by its place, in the reader's language."""
    before = await stored(company)
    document = (
        "mutation ($document: String!) { result: applyConfiguration(input: {document: $document}) { ...Refused } }"
    )
    for language, sentence in (
        ("en", "An order goes ASC or DESC, not 'down'."),
        ("zh", "排序方向只能是 ASC 或 DESC，不能是“down”。"),
    ):
        person = await company.add_person("owner", language=language)
        data = await company.data(document + REFUSED, {"document": UNSOUND}, person=person)
        errors = {".".join(error["path"][1:]): error for error in data["result"]["errors"]}
        assert {place: error["code"] for place, error in errors.items()} == {
            "one.columns.0.path": "VIEW_UNKNOWN_FIELD",
            "one.where.lines.count.gte": "VALUE_NOT_INTEGER",
            "one.where.orderedAt.inLast": "VALUE_NOT_DURATION",
            "one.order_by.0": "VIEW_BAD_DIRECTION",
            "one.group_by": "VIEW_NOT_GROUPABLE",
            "one.roles": "CONFIG_UNKNOWN_ROLE",
            "one.default_for": "VIEW_DEFAULT_UNSEEN",
            "two.record_type": "VIEW_UNKNOWN_RECORD_TYPE",
        }
        assert errors["one.order_by.0"]["message"] == sentence
    assert await stored(company) == before
