"""Change sets: every change of the configuration is part of one, which reads like a sentence, and can be taken back."""

from typing import Any

import pytest
from pydantic import BaseModel

from tenants.config.definitions import KINDS, Gate, Option, Rollup, ViewColumn
from tenants.config.definitions.fields import Reverse
from tenants.config.definitions.life_cycles import Reason
from tenants.messages.change_sets import PROPERTY_NAMES
from tests.documents import (
    APPLY_CONFIGURATION,
    CREATE_ORDER,
    DEFINE_FIELD,
    DEFINE_ROLE,
    DEFINE_STATUS,
    DEFINE_TRANSITION,
    REMOVE_DEFINITION,
    an_order,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.examples import define_fields
from tests.harness import Client, Company, Person, Row

_CONFIGURED = "version changes { kind key sentence }"
REVERT = mutation("revertChangeSet", "Configuration", _CONFIGURED)
RESTORE = mutation("restoreDefinition", "Configuration", _CONFIGURED)
LOG = """
query ($first: Int) { changeSets(first: $first) { totalCount pageInfo { hasNextPage } nodes {
  version comment reverts author { kind id name } changes { kind key sentence before after }
} } }"""
LABEL = {"en": "Score", "zh": "评分"}
FIELD = {"object": "order", "key": "score", "type": "integer", "label": LABEL}


async def log(company: Company, first: int = 1) -> list[Row]:
    """The newest change sets."""
    found: list[Row] = (await company.data(LOG, {"first": first}))["changeSets"]["nodes"]
    return found


async def sentences(company: Company, person: Person | None = None) -> list[str]:
    """Those of the newest change set."""
    found = await company.data(LOG, {"first": 1}, person=person)
    return [change["sentence"] for change in found["changeSets"]["nodes"][0]["changes"]]


async def scores(company: Company) -> list[Any]:
    found = await company.data("{ orders(orderBy: [{number: ASC}]) { nodes { custom { score } } } }")
    return [order["custom"]["score"] for order in found["orders"]["nodes"]]


async def test_every_change_is_kept_with_who_when_and_why(company: Company, client: Client) -> None:
    """The founding too; newest first, in pages."""
    await done(company, DEFINE_FIELD, **FIELD, comment="Rate orders")
    found = (await company.data(LOG, {"first": 1}))["changeSets"]
    assert (found["totalCount"], found["pageInfo"]) == (2, {"hasNextPage": True})
    assert found["nodes"] == [
        {
            "version": 2,
            "comment": "Rate orders",
            "reverts": None,
            "author": {"kind": "MEMBER", "id": str(company.owner.id), "name": "Olga Owner"},
            "changes": [
                {
                    "kind": "field",
                    "key": "order.score",
                    "sentence": "Add field 'order.score' (Score)",
                    "before": None,
                    "after": {"type": "integer", "label": LABEL},
                }
            ],
        }
    ]
    (founding,) = (await log(company, 2))[1:]
    assert (founding["version"], founding["author"]["kind"], founding["author"]["id"]) == (1, "SYSTEM", None)
    assert {change["kind"] for change in founding["changes"]} >= {"status", "transition", "void_reason"}
    assert "Add status 'draft' (Draft)" in [change["sentence"] for change in founding["changes"]]


async def test_one_is_found_by_its_id_and_by_its_version(company: Company, client: Client) -> None:
    await done(company, DEFINE_FIELD, **FIELD)
    found = await company.data("{ changeSets(where: {version: {eq: 2}}) { nodes { id changes { key } } } }")
    (node,) = found["changeSets"]["nodes"]
    assert node["changes"] == [{"key": "order.score"}]
    same = await company.data("query ($id: ID!) { changeSet(id: $id) { version } }", {"id": node["id"]})
    assert same == {"changeSet": {"version": 2}}


async def test_they_are_read_by_whoever_may_read_the_configuration(company: Company, client: Client) -> None:
    answer = await company.graphql(LOG, {"first": 1}, person=company.member)
    assert answer["errors"][0]["extensions"]["code"] == "NOT_ALLOWED"


async def test_changes_read_like_sentences(company: Company, client: Client) -> None:
    """Each property with its value before and after, in the reader's language."""
    options = [{"key": "a", "label": {"en": "A"}}, {"key": "b", "label": {"en": "B"}}]
    field = {"object": "order", "key": "tier", "type": "select", "label": {"en": "Tier", "zh": "等级"}}
    await done(company, DEFINE_FIELD, **field, options=options)
    changed = [
        {"key": "b", "label": {"en": "Bee"}},
        {"key": "a", "label": {"en": "A"}},
        {"key": "c", "label": {"en": "C"}},
    ]
    renamed = {"en": "Level", "zh": "等级"}
    await done(company, DEFINE_FIELD, **{**field, "label": renamed}, options=changed, required=True, position=3)
    assert await sentences(company) == [
        (
            "Change field 'order.tier' (Level): label (en) from 'Tier' to 'Level'; required switched on;"
            " option 'c' (C) added; option 'b' (Bee): label (en) from 'B' to 'Bee'; options in another order; position from '0' to '3'"
        )
    ]
    assert await sentences(company, await company.add_person("admin", language="zh")) == [
        "修改字段“order.tier”（等级）：名称 (en)由“Tier”改为“Level”；开启“必填”；新增选项“c”（C）；选项“b”（Bee）：名称 (en)由“B”改为“Bee”；选项顺序改变；位置由“0”改为“3”"
    ]
    await done(company, REMOVE_DEFINITION, kind="field", key="order.tier")
    assert await sentences(company) == ["Archive field 'order.tier' (Level)"]
    await done(
        company, DEFINE_FIELD, **{**field, "label": renamed}, options=[*changed[:2], {**changed[2], "archived": True}]
    )
    assert await sentences(company) == [
        "Bring back field 'order.tier' (Level): required switched off; option 'c' (C): archived; position from '3' to '0'"
    ]
    await done(company, DEFINE_TRANSITION, key="confirm", label={"en": "Confirm"}, sources=["draft"], target="shipped")
    (sentence,) = await sentences(company)
    assert sentence.startswith("Change transition 'confirm' (Confirm): ")
    assert sentence.endswith("target from 'confirmed' to 'shipped'")


async def test_the_second_of_two_admins_is_told(company: Company, client: Client) -> None:
    """Whoever has not seen a change does not overwrite it; what others changed elsewhere is nobody's trouble."""
    await done(company, DEFINE_FIELD, **FIELD)
    await done(company, DEFINE_FIELD, **FIELD, required=True, expectedVersion=2)
    async with unchanged(company):
        problem = await refused(company, DEFINE_FIELD, **FIELD, position=9, expectedVersion=2)
    assert (problem["__typename"], problem["code"]) == ("Conflict", "CONFIG_CHANGED_SINCE")
    assert problem["message"] == (
        "Olga Owner has changed this meanwhile, in version 3: Change field 'order.score' (Score): required switched on."
        " Look at it again and repeat your change."
    )
    async with unchanged(company):
        problem = await refused(company, REMOVE_DEFINITION, kind="field", key="order.score", expectedVersion=2)
    assert problem["code"] == "CONFIG_CHANGED_SINCE"
    other = {**FIELD, "key": "other"}
    assert (await done(company, DEFINE_FIELD, **other, expectedVersion=2))["version"] == 4
    assert (await done(company, DEFINE_FIELD, **FIELD, required=True, position=9, expectedVersion=4))["version"] == 5
    async with unchanged(company):
        problem = await refused(company, DEFINE_FIELD, **FIELD, expectedVersion=99)
    assert problem["code"] == "STALE_CONFIGURATION"


async def test_a_document_does_not_undo_what_its_author_has_not_seen(company: Company, client: Client) -> None:
    """It is the whole: what came since would go with it."""
    document = (await company.data("{ configuration { document } }"))["configuration"]["document"]
    await done(company, DEFINE_FIELD, **FIELD)
    edited = document.replace("en: Draft", "en: Sketch")
    async with unchanged(company):
        problem = await refused(company, APPLY_CONFIGURATION, document=edited, expectedVersion=1)
    assert problem["code"] == "CONFIG_CHANGED_SINCE"
    assert "Add field 'order.score' (Score)" in problem["message"]
    applied = await done(company, APPLY_CONFIGURATION, document=edited, expectedVersion=1, merge=True)
    assert [change["sentence"] for change in applied["changes"]] == [
        "Change status 'draft' (Sketch): label (en) from 'Draft' to 'Sketch'"
    ]
    assert await scores(company) == []


async def test_an_index_that_was_completed_is_nobodys_change(company: Company, client: Client) -> None:
    """The version grows, and yet nothing that anybody has seen is otherwise."""
    await done(company, DEFINE_FIELD, **FIELD)
    await company.rows("UPDATE tenants SET config_version = config_version + 1 WHERE id = %(tenant)s RETURNING id")
    assert (await done(company, DEFINE_FIELD, **FIELD, required=True, expectedVersion=2))["version"] == 4


async def test_a_change_set_is_taken_back_with_its_data(company: Company, client: Client) -> None:
    """The field is typed, filled, filtered by index and sorted again as if it had never been archived."""
    await define_fields(company, {"order.score": {"type": "integer", "indexed": True}, "order.mark": {"type": "text"}})
    for score in (7, 3):
        await done(
            company, CREATE_ORDER, lines=[{"name": "Work", "unitPrice": "1"}], custom={"score": score, "mark": "m"}
        )
    indexed = "SELECT value FROM order_numbers WHERE field = 'score' ORDER BY value"
    before = await company.rows(indexed)
    await done(company, REMOVE_DEFINITION, kind="field", key="order.score", comment="Not needed")
    assert await company.rows(indexed) == []
    assert "errors" in await company.graphql("{ orders { nodes { custom { score } } } }")
    order = (await company.data("{ orders(first: 1) { nodes { id } } }"))["orders"]["nodes"][0]
    # A record that is saved meanwhile keeps what it holds of the archived field.
    await company.data(
        'mutation ($id: ID!) { updateOrder(input: {id: $id, custom: {mark: "n"}}) { __typename } }', {"id": order["id"]}
    )
    reverted = await done(company, REVERT, version=3, comment="We do")
    assert reverted["version"] == 4
    assert [change["sentence"] for change in reverted["changes"]] == ["Bring back field 'order.score' (order.score)"]
    assert await scores(company) == [7, 3]
    assert await company.rows(indexed) == before
    found = await company.data("{ orders(where: {custom: {score: {lt: 5}}}) { nodes { custom { score } } } }")
    assert found == {"orders": {"nodes": [{"custom": {"score": 3}}]}}
    assert [(entry["version"], entry["reverts"], entry["comment"]) for entry in await log(company, 2)] == [
        (4, 3, "We do"),
        (3, None, "Not needed"),
    ]


async def test_what_later_change_sets_changed_is_not_taken_back(company: Company, client: Client) -> None:
    """They are named; once they are taken back, it goes."""
    await done(company, DEFINE_FIELD, **FIELD)
    await done(company, DEFINE_FIELD, **FIELD, required=True)
    await done(company, DEFINE_STATUS, key="held", label={"en": "Held"}, category="open")
    await done(company, DEFINE_FIELD, **FIELD, required=True, position=4)
    async with unchanged(company):
        problem = await refused(company, REVERT, version=2)
    assert (problem["__typename"], problem["code"]) == ("Conflict", "CONFIG_CHANGED_LATER")
    assert problem["message"] == (
        "Version 2 cannot be taken back by itself, because later ones changed the same: 3, 5. Take these back first."
    )
    for version in (5, 3, 2):
        await done(company, REVERT, version=version)
    found = await company.data('{ configuration { definitions(kind: "field") { key body } } }')
    body = {"type": "integer", "label": LABEL, "archived": True}
    assert found["configuration"]["definitions"] == [{"key": "order.score", "body": body}]
    assert (await log(company))[0]["reverts"] == 2


async def test_what_records_need_is_not_taken_back(company: Company, client: Client) -> None:
    """Taking back is a change like any other: a status that orders stand in stays."""
    await done(company, DEFINE_STATUS, key="held", label={"en": "Held"}, category="open")
    await done(company, DEFINE_TRANSITION, key="hold", label={"en": "Hold"}, sources=["draft"], target="held")
    async with unchanged(company):
        problem = await refused(company, REVERT, version=2)
    assert bad_values(problem) == {"status.held": "CONFIG_NEEDED_OPEN"}
    for version in (0, 4, 2**31 - 1):
        async with unchanged(company):
            problem = await refused(company, REVERT, version=version)
        assert bad_values(problem) == {"version": "CONFIG_MISSING_CHANGE_SET"}
    async with unchanged(company):
        problem = await refused(company, REVERT, company.member, version=3)
    assert problem["right"] == "configuration.update"


async def test_options_that_came_since_are_archived(company: Company, client: Client) -> None:
    """Records may hold them: taking back takes no value away."""
    field = {"object": "order", "key": "tier", "type": "select", "label": {"en": "Tier"}}
    options = [{"key": key, "label": {"en": key}} for key in ("a", "b")]
    await done(company, DEFINE_FIELD, **field, options=options[:1])
    await done(company, DEFINE_FIELD, **field, options=options)
    await an_order(company, custom={"tier": "b"})
    await done(company, REVERT, version=3)
    found = await company.data("{ orders { nodes { custom { tier } } } }")
    assert found["orders"]["nodes"] == [{"custom": {"tier": "b"}}]
    problem = await refused(company, CREATE_ORDER, lines=[{"name": "W", "unitPrice": "1"}], custom={"tier": "b"})
    assert bad_values(problem) == {"custom.tier": "VALUE_NOT_OPTION"}


async def test_one_definition_is_restored_from_any_version(company: Company, client: Client) -> None:
    """Of every kind, also one that is gone, and without what else was changed since."""
    grants = [{"object": "order", "actions": ["read"]}]
    await done(company, DEFINE_ROLE, key="clerk", label={"en": "Clerk"}, grants=grants)
    await done(company, DEFINE_ROLE, key="clerk", label={"en": "Desk"})
    await done(company, DEFINE_FIELD, **FIELD)
    await done(company, REMOVE_DEFINITION, kind="role", key="clerk")
    restored = await done(company, RESTORE, kind="role", key="clerk", version=4, comment="As it was")
    assert [change["sentence"] for change in restored["changes"]] == ["Add role 'clerk' (Desk)"]
    await done(company, RESTORE, kind="role", key="clerk", version=2)
    assert await sentences(company) == [
        ("Change role 'clerk' (Clerk): label (en) from 'Desk' to 'Clerk'; may order.read")
    ]
    await done(company, DEFINE_STATUS, key="draft", label={"en": "Sketch"}, category="open", initial=True)
    await done(company, RESTORE, kind="status", key="draft", version=1)
    (sentence,) = await sentences(company)
    assert sentence.startswith("Change status 'draft' (Draft): label (en) from 'Sketch' to 'Draft'")
    async with unchanged(company):
        problem = await refused(company, RESTORE, kind="field", key="order.score", version=3)
    assert bad_values(problem) == {"version": "CONFIG_MISSING_THEN"}


@pytest.mark.parametrize("kind", ["field", "nothing"])
async def test_what_never_was_is_not_restored(company: Company, client: Client, kind: str) -> None:
    async with unchanged(company):
        problem = await refused(company, RESTORE, kind=kind, key="order.none", version=1)
    assert bad_values(problem) == {"version": "CONFIG_MISSING_THEN"}


def named(kind: type[BaseModel]) -> set[str]:
    """The properties of a definition and of its parts that sentences call by their names."""
    found = set(kind.model_fields)
    for part in (Gate, Option, Reason, Reverse, Rollup, ViewColumn):
        if any(part.__name__ in str(field.annotation) for field in kind.model_fields.values()):
            found |= set(part.model_fields) - {"path"}
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_sentences_name_every_property(kind: str) -> None:
    """In English and in Chinese."""
    assert named(KINDS[kind]) - PROPERTY_NAMES.keys() == set()
    english, chinese = KINDS[kind].names
    assert english.isascii()
    assert not chinese.isascii()


def test_names_of_properties_are_in_both_languages() -> None:
    known = {name for kind in KINDS.values() for name in named(kind)}
    assert PROPERTY_NAMES.keys() - known == set()
    assert all(english.isascii() and not chinese.isascii() for english, chinese in PROPERTY_NAMES.values())
