"""Rights to fields as configuration: how they are defined, told and bounded; and the ways around that they close."""

from pathlib import Path

import orjson
import pytest

from tests.documents import (
    APPLY_CONFIGURATION,
    CHANGE_STATUS,
    DEFINE_ROLE,
    DEFINE_TRANSITION,
    INVITE_MEMBER,
    UPDATE_ORDER,
    an_order,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.examples import define_fields
from tests.harness import Client, Company, Drain, Row
from tests.test_files import download, uploaded

pytestmark = pytest.mark.anyio

LABEL = {"en": "Clerk"}
ALL: list[Row] = [{"object": name, "actions": ["*"]} for name in ("order", "customer", "product", "member")]


def denied(*fields: str, action: str = "read", name: str = "order") -> Row:
    return {"object": name, "actions": [action], "fields": list(fields), "effect": "deny"}


async def test_a_plan_says_what_changes_of_fields(company: Company, client: Client) -> None:
    """X-24: in sentences, in both languages; the document has them, and they are taken back like anything."""
    await define_fields(company, {"order.margin": {"type": "decimal"}})
    first = await done(company, DEFINE_ROLE, key="clerk", label=LABEL, grants=ALL)
    assert first["changes"][0]["sentence"] == (
        "Add role 'clerk' (Clerk): may order.*; may customer.*; may product.*; may member.*"
    )
    changed = await done(
        company, DEFINE_ROLE, key="clerk", label=LABEL, grants=[*ALL, denied("custom.margin", "total")]
    )
    assert changed["changes"][0]["sentence"] == (
        "Change role 'clerk' (Clerk): may no longer read order.custom.margin; may no longer read order.total"
    )
    granted = {"object": "order", "actions": ["*"], "fields": ["notes"]}
    plain = [{"object": "order", "actions": ["read"]}]
    changed = await done(
        company,
        DEFINE_ROLE,
        key="clerk",
        label=LABEL,
        grants=[*plain, denied("total"), granted],
        closedFields=["order"],
    )
    sentence = changed["changes"][0]["sentence"]
    for part in (
        "reading order.custom.margin is no longer denied",
        "may read order.notes",
        "may write order.notes",
        "objects whose fields are closed set to 'order'",
    ):
        assert part in sentence, sentence
    chinese = await company.add_person("owner", language="zh")
    data = await company.data(
        "{ changeSets(first: 1) { nodes { changes { sentence } } } configuration { document } }", person=chinese
    )
    assert "可读取 order.notes" in data["changeSets"]["nodes"][0]["changes"][0]["sentence"]
    document = data["configuration"]["document"]
    assert "closed_fields:" in document
    plan = await company.data(
        "query($document: String!) { planConfiguration(document: $document) { changes { key } } }",
        {"document": document},
    )
    assert plan["planConfiguration"]["changes"] == []


BAD = {
    "a field that is not there": ([denied("custom.nothing")], [], "grants.0.fields", "CONFIG_UNKNOWN_GRANT_FIELD"),
    "a field that has no right": ([denied("id")], [], "grants.0.fields", "CONFIG_UNKNOWN_GRANT_FIELD"),
    "an object without": ([denied("name", name="view")], [], "grants.0", "CONFIG_UNKNOWN_RIGHT"),
    "an action without": ([denied("notes", action="void")], [], "grants.0", "CONFIG_FIELD_ACTION"),
    "closed without": ([], ["automation"], "closed_fields", "CONFIG_NO_FIELD_RIGHTS"),
}


@pytest.mark.parametrize(("grants", "closed", "path", "code"), BAD.values(), ids=BAD)
async def test_what_makes_no_sense_is_refused(
    company: Company, client: Client, grants: list[Row], closed: list[str], path: str, code: str
) -> None:
    async with unchanged(company):
        problem = await refused(company, DEFINE_ROLE, key="clerk", label=LABEL, grants=grants, closedFields=closed)
        assert bad_values(problem) == {f"role.clerk.{path}": code}


async def test_an_action_that_is_not_about_fields_is_told_so(company: Company, client: Client) -> None:
    """There is the right order.void: it is no right to fields."""
    problem = await refused(company, DEFINE_ROLE, key="clerk", label=LABEL, grants=[denied("notes", action="void")])
    assert problem["errors"][0]["message"] == (
        "'order.void' is not about fields: a grant with fields has the actions read and write."
        " Leave its fields out, or split it in two."
    )


async def test_fields_cannot_be_closed_where_they_are_inherited_open(company: Company, client: Client) -> None:
    """Rights add up, so that closing them would close nothing; to deny is the way."""
    async with unchanged(company):
        problem = await refused(
            company, DEFINE_ROLE, key="clerk", label=LABEL, inherits=["member"], closedFields=["order"]
        )
        assert bad_values(problem) == {"role.clerk.closed_fields": "CONFIG_INHERITS_OPEN"}
    await done(company, DEFINE_ROLE, key="clerk", label=LABEL, inherits=["member"], grants=[denied("total")])


async def test_removing_a_field_names_the_roles_that_grant_it(company: Company, client: Client) -> None:
    """The grant is kept until the field comes back."""
    await define_fields(company, {"order.margin": {"type": "decimal"}})
    await done(company, DEFINE_ROLE, key="clerk", label=LABEL, grants=[*ALL, denied("custom.margin")])
    plan = """{ planRemoval(kind: "field", key: "order.margin") {
      changes { dependents { kind key } } problems { code } } }"""
    found = (await company.data(plan))["planRemoval"]
    assert {"kind": "role", "key": "clerk"} in found["changes"][0]["dependents"]
    assert found["problems"] == []


async def test_a_plan_warns_of_formulas_over_hidden_fields(company: Company, client: Client) -> None:
    """A formula is a field of its own; whoever reads it learns something of what it is made of."""
    formulas = {"net": "total - custom.cost", "label": "upper(notes)", "double": "custom.net * 2"}
    fields = {f"order.{key}": {"type": "formula", "expression": text} for key, text in formulas.items()}
    await define_fields(company, {"order.cost": {"type": "decimal"}, **fields})
    grants = [*ALL, denied("custom.cost", "custom.double")]
    document = """query($document: String!) { planConfiguration(document: $document, merge: true) {
      changes { remarks } problems { code } } }"""
    text = orjson.dumps({"orderloom": 1, "roles": {"clerk": {"label": LABEL, "grants": grants}}}).decode()
    plan = (await company.data(document, {"document": text}))["planConfiguration"]
    assert plan["problems"] == []
    assert plan["changes"][0]["remarks"] == [
        "It may read order.custom.net, which is worked out from order.custom.cost, which it may not read."
    ]
    await done(company, DEFINE_ROLE, key="clerk", label=LABEL, grants=grants)
    formula = {"type": "formula", "label": LABEL, "expression": "custom.cost * 3"}
    text = orjson.dumps({"orderloom": 1, "fields": {"order.triple": formula}}).decode()
    for remarks in (["The role 'clerk' (Clerk) may read it, but not order.custom.cost, of which it is made."], []):
        plan = (await company.data(document, {"document": text}))["planConfiguration"]
        assert [change["remarks"] for change in plan["changes"]] == [remarks]
        await done(company, APPLY_CONFIGURATION, document=text, merge=True)
        text = text.replace("custom.cost * 3", "custom.cost * 4")


async def test_the_documents_example_holds(company: Company, client: Client) -> None:
    """The roles of docs/rights.md, as they stand there."""
    await define_fields(company, {"order.margin": {"type": "decimal"}})
    text = (Path(__file__).parent.parent / "docs" / "rights.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n")[1].split("```")[0]
    apply = """mutation($input: ApplyConfigurationInput!) { applyConfiguration(input: $input) {
      ... on ConfigurationPayload { changes { key } } ... on InvalidInput { errors { path message } } } }"""
    given = {"document": f"orderloom: 1\n{example}", "merge": True}
    data = await company.data(apply, {"input": given})
    assert data == {"applyConfiguration": {"changes": [{"key": "clerk"}, {"key": "temp"}]}}
    temp = await company.add_person("temp")
    order = await an_order(company)
    read = "query($id: ID!) { order(id: $id) { number status { key } notes lines { nodes { unitPrice { amount } } } } }"
    assert (await company.data(read, {"id": order["id"]}, person=temp))["order"]["number"] == order["number"]


async def test_nobody_gives_rights_to_fields_that_they_lack(company: Company, client: Client) -> None:
    """Neither to another member nor to an automation."""
    grants: list[Row] = [
        *ALL,
        {"object": "configuration", "actions": ["*"]},
        {"object": "automation", "actions": ["*"]},
    ]
    await done(company, DEFINE_ROLE, key="hr", label=LABEL, grants=[*grants, denied("email", name="member")])
    await done(company, DEFINE_ROLE, key="reader", label=LABEL, grants=[{"object": "member", "actions": ["read"]}])
    hr = await company.add_person("hr")
    async with unchanged(company):
        given = {"name": "N", "roles": ["reader"], "email": "n@example.com"}
        problem = await refused(company, INVITE_MEMBER, hr, **given)
        messages = {".".join(error["path"]): error["message"] for error in problem["errors"]}
        assert "member.read.email" in messages["roles"]
        define = """mutation($input: DefineAutomationInput!) { defineAutomation(input: $input) {
          ... on InvalidInput { errors { path code } } } }"""
        automation: Row = {"key": "spy", "label": LABEL, "role": "reader", "events": ["CREATED"]}
        automation["actions"] = [{"setField": {"field": "channel", "value": "web"}}]
        data = await company.data(define, {"input": automation}, person=hr)
        (error,) = data["defineAutomation"]["errors"]
        assert error == {"path": ["automation", "spy", "role"], "code": "CONFIG_AUTHOR_ROLE"}


async def test_files_of_hidden_fields_are_not_given_out(company: Company, client: Client) -> None:
    """Neither listed, nor found by filters, nor downloaded."""
    await define_fields(company, {"order.papers": {"type": "attachment"}, "order.photos": {"type": "attachment"}})
    await done(company, DEFINE_ROLE, key="clerk", label=LABEL, grants=[*ALL, denied("custom.papers")])
    clerk = await company.add_person("clerk")
    paper, photo = [str(await uploaded(company, name=f"{name}.png")) for name in ("paper", "photo")]
    await an_order(company, custom={"papers": [paper], "photos": [photo]})
    listed = "{ orders { nodes { files { totalCount nodes { id } } } } }"
    files = (await company.data(listed, person=clerk))["orders"]["nodes"][0]["files"]
    assert files == {"totalCount": 1, "nodes": [{"id": photo}]}
    assert (await company.data(listed))["orders"]["nodes"][0]["files"]["totalCount"] == 2
    count = "query($name: String) { orders(where: {files: {some: {name: {startsWith: $name}}}}) { totalCount } }"
    for name, found in (("paper", 0), ("photo", 1)):
        assert (await company.data(count, {"name": name}, person=clerk))["orders"]["totalCount"] == found
        assert (await company.data(count, {"name": name}))["orders"]["totalCount"] == 1
    assert [(await download(company, file, clerk)).status_code for file in (paper, photo)] == [404, 200]


async def test_a_view_that_uses_a_hidden_field_says_which(company: Company, client: Client) -> None:
    """A shared one is refused to who may not read the field, who cannot save one of their own either."""
    await done(company, DEFINE_ROLE, key="clerk", label=LABEL, grants=[*ALL, denied("total", "status")])
    clerk = await company.add_person("clerk")
    create = """mutation($input: CreateViewInput!) { createView(input: $input) {
      ... on ViewPayload { view { id } } ... on NotAllowed { right } } }"""
    for given, right in (
        ({"where": {"total": {"gt": "5"}}}, "order.read.total"),
        ({"orderBy": [{"total": "ASC"}]}, "order.read.total"),
        ({"groupBy": "status"}, "order.read.status"),
    ):
        body = {"label": LABEL, "orders": {}, **given} if "groupBy" in given else {"label": LABEL, "orders": given}
        assert (await company.data(create, {"input": body}, person=clerk))["createView"] == {"right": right}
        view = (await company.data(create, {"input": body}))["createView"]["view"]["id"]
        share = "mutation($input: ShareViewInput!) { shareView(input: $input) { ... on ViewPayload { view { id } } } }"
        data = await company.data(share, {"input": {"id": view, "audience": "EVERYBODY"}})
        shared = data["shareView"]["view"]["id"]
        field = "orderGroups(view: $view) { key }" if "groupBy" in given else "orders(view: $view) { totalCount }"
        answer = await company.graphql(f"query($view: ID) {{ {field} }}", {"view": shared}, person=clerk)
        assert answer["errors"][0]["extensions"]["right"] == right
        assert "errors" not in await company.graphql(f"query($view: ID) {{ {field} }}", {"view": shared})


async def test_a_steps_form_is_no_way_around(company: Company, client: Client) -> None:
    """What a step asks for is refused to who may not write it; what would change is told without what is hidden."""
    step = {
        "key": "confirm",
        "label": LABEL,
        "sources": ["draft"],
        "target": "confirmed",
        "fields": ["notes", "channel"],
    }
    await done(company, DEFINE_TRANSITION, **step)
    clerk_grants = [*ALL, denied("notes"), denied("channel", action="write")]
    await done(company, DEFINE_ROLE, key="clerk", label=LABEL, grants=clerk_grants)
    clerk = await company.add_person("clerk")
    order = await an_order(company, notes="n", channel="web")
    given = {"id": order["id"], "status": "confirmed", "values": {"notes": "m", "channel": "shop"}}
    async with unchanged(company):
        problem = await refused(company, CHANGE_STATUS, clerk, **given)
        assert bad_values(problem) == {
            "values.notes": "VALUE_NOT_WRITABLE",
            "values.channel": "VALUE_NOT_WRITABLE",
        }
    preview = """query($input: PreviewStatusChangeInput!) { previewStatusChange(input: $input) {
      accepted changes { field } } }"""
    await done(company, DEFINE_ROLE, key="peeker", label=LABEL, grants=[*ALL, denied("status")])
    peeker = await company.add_person("peeker")
    told = (await company.data(preview, {"input": given}, person=peeker))["previewStatusChange"]
    assert (told["accepted"], [change["field"] for change in told["changes"]]) == (True, ["channel", "notes"])


async def test_an_automation_acts_under_its_role(company: Company, client: Client, work: Drain) -> None:
    """A field that its role may not write stays, and the run says why."""
    await done(company, DEFINE_ROLE, key="robot", label=LABEL, grants=[*ALL, denied("channel", action="write")])
    define = "mutation($input: DefineAutomationInput!) { defineAutomation(input: $input) { __typename } }"
    automation: Row = {"key": "tidy", "label": LABEL, "role": "robot", "events": ["UPDATED"]}
    automation["actions"] = [{"setField": {"field": "channel", "value": "web"}}]
    await company.data(define, {"input": automation})
    order = await an_order(company, channel="shop")
    await done(company, UPDATE_ORDER, id=order["id"], notes="n")
    await work()
    data = await company.data("{ automationRuns { nodes { status message } } orders { nodes { channel } } }")
    (run,) = data["automationRuns"]["nodes"]
    assert run["status"] == "FAILED"
    assert "order.write.channel" in run["message"]
    assert data["orders"]["nodes"] == [{"channel": "shop"}]


async def test_a_changed_right_holds_at_once(company: Company, client: Client) -> None:
    """For the very next request, whatever was remembered of the document."""
    await done(company, DEFINE_ROLE, key="clerk", label=LABEL, grants=ALL)
    clerk = await company.add_person("clerk")
    order = await an_order(company)
    document = "query($id: ID!) { order(id: $id) { notes } }"
    assert (await company.data(document, {"id": order["id"]}, person=clerk)) == {"order": {"notes": ""}}
    await done(company, DEFINE_ROLE, key="clerk", label=LABEL, grants=[*ALL, denied("notes")])
    answer = await company.graphql(document, {"id": order["id"]}, person=clerk)
    assert answer["errors"][0]["extensions"]["right"] == "order.read.notes"
    both = await company.add_person("clerk", "read_only")
    answer = await company.graphql(document, {"id": order["id"]}, person=both)
    assert answer["errors"][0]["extensions"]["right"] == "order.read.notes"
