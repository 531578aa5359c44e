"""Options of select fields over time: renamed, moved, archived, of fields that take one, several, or only some for a record."""

import pytest

from tests.documents import CREATE_ORDER, DEFINE_FIELD, UPDATE_ORDER, an_order, bad_values, done, refused, unchanged
from tests.harness import Client, Company, Row

pytestmark = pytest.mark.anyio

OLD: Row = {"key": "old", "label": {"en": "Old", "zh": "旧"}, "colour": "#cccccc"}
NEW: Row = {"key": "new", "label": {"en": "New", "zh": "新"}, "colour": "#00ff00"}
WEB: Row = {"when": {"channel": {"eq": "web"}}}
SHOWN = "query ($where: OrderFilter) { orders(where: $where) { nodes { id custom { grade marks way } } } }"
FIELDS = '{ fieldDefinitions(object: "order") { key options { key label colour archived } } }'
KEYS = ("grade", "marks", "way")


async def define(company: Company, *options: Row) -> None:
    """The same options for a field that takes one, for one that takes several, and for one whose first depends on the channel."""
    for position, (key, kind) in enumerate(zip(KEYS, ("select", "multi_select", "select"), strict=True)):
        given = [{**option, **(WEB if key == "way" and option["key"] == "old" else {})} for option in options]
        field = {"object": "order", "key": key, "type": kind, "label": {"en": key}, "position": position}
        await done(company, DEFINE_FIELD, **field, options=given)


async def found(company: Company, where: Row) -> list[Row]:
    nodes = (await company.data(SHOWN, {"where": where}))["orders"]["nodes"]
    return [node["custom"] for node in nodes]


@pytest.fixture
async def order(company: Company, client: Client) -> Row:
    """One that holds the old option everywhere."""
    await define(company, OLD, NEW)
    return await an_order(company, channel="web", custom={"grade": "old", "marks": ["old", "new"], "way": "old"})


HELD = {"grade": "old", "marks": ["old", "new"], "way": "old"}
WHERE: tuple[Row, ...] = (
    {"custom": {"grade": {"eq": "old"}}},
    {"custom": {"marks": {"containsAny": ["old"]}}},
    {"custom": {"way": {"in": ["old"]}}},
)


async def test_renamed_and_moved_options_keep_the_data(company: Company, order: Row) -> None:
    """Labels in both languages, colour and order are others; no record was written."""
    versions = await company.rows("SELECT id, version FROM orders WHERE tenant_id = %(tenant)s")
    await define(company, NEW, {**OLD, "label": {"en": "Seasoned", "zh": "陈年"}, "colour": "#663300"})
    for language, new, renamed in (("en", "New", "Seasoned"), ("zh", "新", "陈年")):
        answer = await company.graphql(FIELDS, person=await company.add_person("member", language=language))
        shown = [
            {"key": "new", "label": new, "colour": "#00ff00", "archived": False},
            {"key": "old", "label": renamed, "colour": "#663300", "archived": False},
        ]
        assert answer["data"]["fieldDefinitions"] == [{"key": key, "options": shown} for key in KEYS]
    for where in WHERE:
        assert await found(company, where) == [HELD]
    assert await company.rows("SELECT id, version FROM orders WHERE tenant_id = %(tenant)s") == versions
    groups = await company.data('{ orderGroups(groupBy: "custom.grade") { key label count } }')
    assert groups["orderGroups"] == [{"key": "old", "label": "Seasoned", "count": 1}]


async def test_an_archived_option_is_kept_found_and_not_given_anew(company: Company, order: Row) -> None:
    """By fields of all three kinds; what holds it can be changed otherwise."""
    await define(company, {**OLD, "archived": True}, NEW)
    for where in WHERE:
        assert await found(company, where) == [HELD]
    await done(company, UPDATE_ORDER, id=order["id"], notes="Still fine.")
    assert await found(company, {"notes": {"eq": "Still fine."}}) == [HELD]
    lines = [{"name": "Work", "unitPrice": "1"}]
    async with unchanged(company):
        problem = await refused(company, CREATE_ORDER, lines=lines, channel="web", custom=HELD)
        assert bad_values(problem) == dict.fromkeys(("custom.grade", "custom.marks", "custom.way"), "VALUE_NOT_OPTION")
    await done(company, UPDATE_ORDER, id=order["id"], custom={"marks": ["new"]})
    async with unchanged(company):
        problem = await refused(company, UPDATE_ORDER, id=order["id"], custom={"marks": ["new", "old"]})
        assert bad_values(problem) == {"custom.marks": "VALUE_NOT_OPTION"}


async def test_dependent_options_are_offered_where_they_hold(company: Company, order: Row) -> None:
    """Archived ones nowhere; the value of a record whose channel is another now is refused with the next change of it."""
    preview = "query ($id: ID!) { previewUpdateOrder(input: {id: $id}) { fieldStates { path options } } }"

    async def offered() -> list[str]:
        states = (await company.data(preview, {"id": order["id"]}))["previewUpdateOrder"]["fieldStates"]
        (options,) = [state["options"] for state in states if state["path"] == ["custom", "way"]]
        return list(options)

    assert await offered() == ["old", "new"]
    async with unchanged(company):
        problem = await refused(company, UPDATE_ORDER, id=order["id"], channel="shop")
        assert list(bad_values(problem)) == ["custom.way"]
    await done(company, UPDATE_ORDER, id=order["id"], channel="shop", custom={"way": "new"})
    assert await offered() == ["new"]


async def test_an_option_cannot_be_taken_away(company: Company, order: Row) -> None:
    """Records may hold it for ever: it is archived instead."""
    field = {"object": "order", "key": "grade", "type": "select", "label": {"en": "grade"}, "options": [NEW]}
    async with unchanged(company):
        problem = await refused(company, DEFINE_FIELD, **field)
    assert bad_values(problem) == {"field.order.grade.options": "CONFIG_OPTION_REMOVED"}
