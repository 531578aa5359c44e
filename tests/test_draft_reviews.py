"""The four-eyes option and scheduled drafts: what one member writes another approves, and what waits for its time is applied once."""

from typing import Any

from tenants.actors import system
from tenants.config import change_sets
from tenants.transaction import begin
from tests.documents import (
    APPLY_CONFIGURATION,
    DEFINE_FIELD,
    DEFINE_ROLE,
    REMOVE_DEFINITION,
    UPDATE_MEMBER,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Person, Row
from tests.test_change_sets import RESTORE, REVERT
from tests.test_drafts import APPLY, CREATE, DOCUMENT, PLAN, SENTENCES, UPDATE

_DRAFT = "draft { id version state reviewerName reviewComment reverts applyAt problem }"
REVIEW = mutation("setConfigurationReview", "Configuration", "version changes { sentence }")
SUBMIT = mutation("submitDraft", "Draft", _DRAFT)
APPROVE = mutation("approveDraft", "Draft", _DRAFT)
REJECT = mutation("rejectDraft", "Draft", _DRAFT)
SCHEDULE = mutation("scheduleDraft", "Draft", _DRAFT)
DRAFT_REVERT = mutation("draftRevert", "Draft", _DRAFT)
DRAFT_RESTORE = mutation("draftRestore", "Draft", _DRAFT)
APPLY_TEMPLATE = mutation("applyTemplate", "Configuration", "version")
LOG = "{ changeSets(first: 1) { nodes { version comment reverts writtenBy approvedBy author { kind name } changes { sentence } } } }"
STANDING = "query ($id: ID!) { configurationDraft(id: $id) { state applyAt problem problemAt } }"


async def newest(company: Company) -> Row:
    found: Row = (await company.data(LOG))["changeSets"]["nodes"][0]
    return found


async def inbox(company: Company, person: Person) -> list[str]:
    texts = "SELECT text FROM notifications WHERE tenant_id = %(tenant)s AND member_id = %(member)s ORDER BY id"
    found = await company.rows(texts, member=person.id)
    return [row["text"] for row in found]


async def standing(company: Company, draft: Row) -> Row:
    found: Row = (await company.data(STANDING, {"id": draft["id"]}))["configurationDraft"]
    return found


async def a_second_admin(company: Company, *, language: str = "en") -> Person:
    return await company.add_person("admin", name="Ada Admin", language=language)


async def with_four_eyes(company: Company) -> Person:
    """Switches the option on; the second admin."""
    second = await a_second_admin(company)
    await done(company, REVIEW, fourEyes=True)
    return second


async def a_draft(company: Company, document: str = DOCUMENT, **given: Any) -> Row:
    return await done(company, CREATE, name="Ask for the PO", document=document, merge=True, **given)


async def approved(company: Company, draft: Row, by: Person) -> Row:
    await done(company, SUBMIT, id=draft["id"])
    return await done(company, APPROVE, by, id=draft["id"], expectedVersion=draft["version"])


async def test_one_writes_another_approves(company: Company, client: Client) -> None:
    """Who is asked and what was answered is told; the change set names both."""
    second = await a_second_admin(company, language="zh")
    assert (await done(company, REVIEW, fourEyes=True))["changes"] == [
        {"sentence": "Change the company's review: approval by somebody else switched on"}
    ]
    draft = await a_draft(company)
    async with unchanged(company):
        assert (await refused(company, APPLY, id=draft["id"]))["code"] == "REVIEW_NOT_APPROVED"
    assert (await done(company, SUBMIT, id=draft["id"], expectedVersion=1))["state"] == "SUBMITTED"
    async with unchanged(company):
        assert (await refused(company, APPLY, id=draft["id"]))["code"] == "REVIEW_NOT_APPROVED"
        assert (await refused(company, APPROVE, id=draft["id"], expectedVersion=1))["code"] == "REVIEW_OWN_DRAFT"
        assert (await refused(company, SUBMIT, id=draft["id"]))["code"] == "REVIEW_ALREADY_SUBMITTED"
    assert await inbox(company, company.owner) == []
    assert await inbox(company, second) == ["Olga Owner 请求审批配置草稿“Ask for the PO”。"]
    judged = await done(company, APPROVE, second, id=draft["id"], expectedVersion=1, comment=" Fine ")
    assert (judged["state"], judged["reviewerName"], judged["reviewComment"]) == ("APPROVED", "Ada Admin", "Fine")
    assert await inbox(company, company.owner) == [
        "Ada Admin has approved the configuration draft 'Ask for the PO': Fine"
    ]
    assert (await done(company, APPLY, id=draft["id"]))["changes"] == SENTENCES
    assert await newest(company) == {
        "version": 3,
        "comment": "Ask for the PO",
        "reverts": None,
        "writtenBy": "Olga Owner",
        "approvedBy": "Ada Admin",
        "author": {"kind": "MEMBER", "name": "Olga Owner"},
        "changes": SENTENCES,
    }


async def test_no_direct_change_is_left(company: Company, client: Client) -> None:
    """Whatever changes the configuration, and switching the option off as well."""
    await done(company, DEFINE_FIELD, object="order", key="score", type="integer", label={"en": "Score"})
    await with_four_eyes(company)
    whole = (await company.data("{ configuration { document } }"))["configuration"]["document"]
    direct: list[tuple[str, Row]] = [
        (DEFINE_FIELD, {"object": "order", "key": "po", "type": "text", "label": {"en": "PO"}}),
        (
            DEFINE_FIELD,
            {"object": "order", "key": "score", "type": "integer", "label": {"en": "Score"}, "indexed": True},
        ),
        (DEFINE_ROLE, {"key": "clerk", "label": {"en": "Clerk"}}),
        (REMOVE_DEFINITION, {"kind": "field", "key": "order.score"}),
        (REMOVE_DEFINITION, {"kind": "review", "key": "configuration"}),
        (APPLY_CONFIGURATION, {"document": whole.replace("four_eyes: true", "four_eyes: false")}),
        (APPLY_CONFIGURATION, {"document": DOCUMENT, "merge": True}),
        (APPLY_TEMPLATE, {"template": "retail"}),
        (REVERT, {"version": 2}),
        (RESTORE, {"kind": "status", "key": "draft", "version": 1}),
        (REVIEW, {"fourEyes": False}),
    ]
    for document, given in direct:
        async with unchanged(company):
            problem = await refused(company, document, **given)
        assert (problem["code"], problem["message"]) == (
            "REVIEW_NEEDS_DRAFT",
            "In this company somebody else must approve changes of the configuration: make a draft of it, and submit the draft.",
        ), (document, problem)


async def test_what_is_written_after_the_approval_is_approved_anew(company: Company, client: Client) -> None:
    """And only as it was seen; whoever wrote at it, at any time, does not judge it."""
    second = await with_four_eyes(company)
    third = await company.add_person("admin", name="Theo Third")
    draft = await a_draft(company)
    await done(company, SUBMIT, id=draft["id"])
    # Saved while the reviewer was reading.
    saved = await done(company, UPDATE, id=draft["id"], document=DOCUMENT.replace("PO", "No"))
    async with unchanged(company):
        assert (await refused(company, APPROVE, second, id=draft["id"], expectedVersion=1))["code"] == "STALE_VERSION"
        problem = await refused(company, APPROVE, second, id=draft["id"], expectedVersion=saved["version"])
    assert problem["code"] == "REVIEW_NOT_SUBMITTED"
    assert (await approved(company, saved, second))["state"] == "APPROVED"
    edited = await done(company, UPDATE, second, id=draft["id"], document=DOCUMENT)
    assert await standing(company, draft) == {"state": "OPEN", "applyAt": None, "problem": None, "problemAt": None}
    async with unchanged(company):
        assert (await refused(company, APPLY, id=draft["id"]))["code"] == "REVIEW_NOT_APPROVED"
    await done(company, SUBMIT, id=draft["id"])
    for writer in (company.owner, second):
        async with unchanged(company):
            problem = await refused(company, APPROVE, writer, id=draft["id"], expectedVersion=edited["version"])
        assert problem["code"] == "REVIEW_OWN_DRAFT"
    await done(company, APPROVE, third, id=draft["id"], expectedVersion=edited["version"])
    await done(company, APPLY, second, id=draft["id"])
    found = await newest(company)
    assert (found["writtenBy"], found["approvedBy"]) == ("Ada Admin, Olga Owner", "Theo Third")
    assert (found["author"]["name"], found["changes"]) == ("Ada Admin", SENTENCES)


async def test_what_others_changed_since_the_approval_is_not_overwritten(company: Company, client: Client) -> None:
    """Not even by somebody who has seen it: the reviewer had not."""
    second = await with_four_eyes(company)
    field = DOCUMENT.replace("label: {en: PO}", "label: {en: Purchase}")
    first, other = await a_draft(company), await a_draft(company, field)
    for draft in (first, other):
        await approved(company, draft, second)
    await done(company, APPLY, id=other["id"])
    for seen in ({}, {"expectedVersion": 3}):
        async with unchanged(company):
            assert (await refused(company, APPLY, id=first["id"], **seen))["code"] == "CONFIG_CHANGED_SINCE"


async def test_a_rejected_draft_is_mended_and_submitted_again(company: Company, client: Client) -> None:
    second = await with_four_eyes(company)
    draft = await a_draft(company)
    async with unchanged(company):
        problem = await refused(company, REJECT, second, id=draft["id"], expectedVersion=1, comment=" ")
        assert bad_values(problem) == {"comment": "VALUE_REQUIRED"}
        long = {"id": draft["id"], "expectedVersion": 1, "comment": "x" * 2_001}
        assert bad_values(await refused(company, REJECT, second, **long)) == {"comment": "VALUE_TOO_LONG"}
    await done(company, SUBMIT, id=draft["id"])
    rejected = await done(company, REJECT, second, id=draft["id"], expectedVersion=1, comment="Shorter, please")
    assert (rejected["state"], rejected["reviewComment"]) == ("REJECTED", "Shorter, please")
    assert await inbox(company, company.owner) == [
        "Ada Admin has rejected the configuration draft 'Ask for the PO': Shorter, please"
    ]
    async with unchanged(company):
        assert (await refused(company, APPLY, id=draft["id"]))["code"] == "REVIEW_NOT_APPROVED"
    submitted = await done(company, SUBMIT, id=draft["id"])
    assert (submitted["state"], submitted["reviewerName"], submitted["reviewComment"]) == ("SUBMITTED", None, None)


async def test_nobody_locks_themselves_out(company: Company, client: Client) -> None:
    """The option needs two who can do it, also when roles change; the operator's hand is free, and seen."""
    async with unchanged(company):
        problem = await refused(company, REVIEW, fourEyes=True)
        plan = "query ($d: String!) { planConfiguration(document: $d, merge: true) { problems { code } } }"
        asked = {"d": "orderloom: 1\nreview: {configuration: {four_eyes: true}}\n"}
        found = await company.data(plan, asked)
    assert bad_values(problem) == {"review.configuration.four_eyes": "REVIEW_NOBODY_ELSE"}
    assert found["planConfiguration"]["problems"] == [{"code": "REVIEW_NOBODY_ELSE"}]
    grants = [{"object": "configuration", "actions": ["approve", "read"]}]
    await done(company, DEFINE_ROLE, key="auditor", label={"en": "Auditor"}, grants=grants)
    auditor = await company.add_person("auditor", name="Aud Auditor")
    await done(company, REVIEW, fourEyes=True)
    draft = await a_draft(company, "orderloom: 1\nroles: {auditor: {label: {en: Auditor}}}\n")
    await approved(company, draft, auditor)
    async with unchanged(company):
        problem = await refused(company, APPLY, id=draft["id"])
    assert bad_values(problem) == {"review.configuration.four_eyes": "REVIEW_NOBODY_ELSE"}
    await done(company, UPDATE_MEMBER, id=str(auditor.id), active=False)
    operator = await company.callers.acting(company.id, system("orderloom"))
    async with begin(company.database, operator) as tx:
        await change_sets.apply(tx, [change_sets.remove(tx.config, "review", "configuration")], "Aud has left")
    found = await newest(company)
    assert (found["author"], found["approvedBy"]) == ({"kind": "SYSTEM", "name": "orderloom"}, None)
    await done(company, DEFINE_FIELD, object="order", key="po", type="text", label={"en": "PO"})


async def test_who_may_approve_and_who_may_write(company: Company, client: Client) -> None:
    await with_four_eyes(company)
    draft = await a_draft(company)
    await done(company, SUBMIT, id=draft["id"])
    given = {"id": draft["id"], "expectedVersion": 1}
    async with unchanged(company):
        for document, values in (
            (APPROVE, given),
            (REJECT, {**given, "comment": "No"}),
            (REJECT, {**given, "comment": ""}),
        ):
            assert (await refused(company, document, company.member, **values))["right"] == "configuration.approve"
        for document in (SUBMIT, SCHEDULE):
            values = {"id": draft["id"], **({"applyAt": None} if document == SCHEDULE else {})}
            assert (await refused(company, document, company.member, **values))["right"] == "configuration.update"
        for document, values in (
            (SUBMIT, {}),
            (APPROVE, {"expectedVersion": 1}),
            (REJECT, {"expectedVersion": 1, "comment": "No"}),
            (SCHEDULE, {"applyAt": None}),
        ):
            assert (await refused(company, document, id="nothing", **values))["__typename"] == "NotFound"


async def test_a_change_set_is_taken_back_by_a_draft(company: Company, client: Client) -> None:
    """And one definition is made what it was; the change set says that it takes another back."""
    await done(company, DEFINE_FIELD, object="order", key="po", type="text", label={"en": "PO"})
    await done(company, DEFINE_FIELD, object="order", key="po", type="text", label={"en": "Purchase"})
    second = await with_four_eyes(company)
    draft = await done(company, DRAFT_REVERT, version=3, name="Back to PO")
    assert draft["reverts"] == 3
    back = [{"sentence": "Change field 'order.po' (PO): label (en) from 'Purchase' to 'PO'"}]
    assert (await company.data(PLAN, {"id": draft["id"]}))["result"]["changes"] == back
    await approved(company, draft, second)
    assert (await done(company, APPLY, id=draft["id"]))["changes"] == back
    found = await newest(company)
    assert (found["reverts"], found["comment"], found["approvedBy"]) == (3, "Back to PO", "Ada Admin")
    restored = await done(company, DRAFT_RESTORE, kind="field", key="order.po", version=3, name="Purchase again")
    assert restored["reverts"] is None
    assert (await company.data(PLAN, {"id": restored["id"]}))["result"]["changes"] == [
        {"sentence": "Change field 'order.po' (Purchase): label (en) from 'PO' to 'Purchase'"}
    ]
    written = await done(company, DRAFT_REVERT, version=5, name="Forth")
    await done(company, UPDATE, id=written["id"], document=DOCUMENT)
    assert (await company.rows("SELECT reverts FROM configuration_drafts WHERE name = 'Forth'")) == [{"reverts": None}]
    async with unchanged(company):
        assert (await refused(company, DRAFT_REVERT, version=3, name="Twice"))["code"] == "CONFIG_CHANGED_LATER"
        assert bad_values(await refused(company, DRAFT_REVERT, version=99, name="x")) == {
            "version": "CONFIG_MISSING_CHANGE_SET"
        }
        missing = {"kind": "field", "key": "order.x", "version": 1, "name": "x"}
        assert bad_values(await refused(company, DRAFT_RESTORE, **missing)) == {"version": "CONFIG_MISSING_THEN"}
        for document, values in ((DRAFT_REVERT, {"version": 3, "name": "x"}), (DRAFT_RESTORE, missing)):
            problem = await refused(company, document, company.member, **values)
            assert problem["right"] == "configuration.update"
