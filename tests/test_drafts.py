"""Drafts of the configuration: prepared over days by several people, planned at any time, applied at once."""

from typing import Any

from tenants.config import drafts
from tests.documents import DEFINE_FIELD, bad_values, done, mutation, refused, unchanged
from tests.harness import Client, Company, Row

_DRAFT = "draft { id version name document merge baseVersion authorName }"
CREATE = mutation("createDraft", "Draft", _DRAFT)
UPDATE = mutation("updateDraft", "Draft", _DRAFT)
DELETE = mutation("deleteDraft", "DeleteDraft", "id")
APPLY = mutation("applyDraft", "Configuration", "version changes { sentence }")
PLAN = "query ($id: ID!) { result: planDraft(id: $id) { version problems { code } changes { sentence } } }"
LIST = "{ configurationDrafts { totalCount nodes { name version } } }"
DOCUMENT = "orderloom: 1\nfields:\n  order.po: {label: {en: PO}, type: text}\n"
SENTENCES = [{"sentence": "Add field 'order.po' (PO)"}]


async def planned(company: Company, draft: Row) -> Row:
    found: Row = (await company.data(PLAN, {"id": draft["id"]}))["result"]
    return found


async def listed(company: Company) -> Any:
    return (await company.data(LIST))["configurationDrafts"]["nodes"]


async def test_a_draft_is_kept_planned_and_applied(company: Company, client: Client) -> None:
    """Nothing of it holds before; its name is the comment, and then it is gone."""
    draft = await done(company, CREATE, name="  Ask for the PO ", document=DOCUMENT, merge=True)
    assert draft == {
        "id": draft["id"],
        "version": 1,
        "name": "Ask for the PO",
        "document": DOCUMENT,
        "merge": True,
        "baseVersion": 1,
        "authorName": "Olga Owner",
    }
    async with unchanged(company):
        assert await planned(company, draft) == {"version": 1, "problems": [], "changes": SENTENCES}
    assert await listed(company) == [{"name": "Ask for the PO", "version": 1}]
    applied = await done(company, APPLY, id=draft["id"])
    assert applied == {"version": 2, "changes": SENTENCES}
    found = await company.data("{ changeSets(first: 1) { nodes { version comment } } }")
    assert found["changeSets"]["nodes"] == [{"version": 2, "comment": "Ask for the PO"}]
    assert await listed(company) == []


async def test_what_others_changed_since_is_told(company: Company, client: Client) -> None:
    """Whoever has looked at it saves the draft again, and it can be applied."""
    draft = await done(company, CREATE, name="PO", document=DOCUMENT, merge=True)
    await done(company, DEFINE_FIELD, object="order", key="po", type="text", label={"en": "Purchase order"})
    async with unchanged(company):
        problem = await refused(company, APPLY, id=draft["id"])
    assert problem["code"] == "CONFIG_CHANGED_SINCE"
    assert "Add field 'order.po' (Purchase order)" in problem["message"]
    saved = await done(company, UPDATE, id=draft["id"], expectedVersion=1, document=DOCUMENT)
    assert (saved["version"], saved["baseVersion"], saved["merge"]) == (2, 2, True)
    applied = await done(company, APPLY, id=draft["id"], comment="Shorter")
    assert applied["changes"] == [
        {"sentence": "Change field 'order.po' (PO): label (en) from 'Purchase order' to 'PO'"}
    ]


async def test_two_people_at_one_draft(company: Company, client: Client) -> None:
    """The second who saves is told; what the first wrote stays."""
    draft = await done(company, CREATE, name="PO", document=DOCUMENT)
    await done(company, UPDATE, id=draft["id"], expectedVersion=1, name="First")
    async with unchanged(company):
        problem = await refused(company, UPDATE, id=draft["id"], expectedVersion=1, name="Second")
    assert problem["code"] == "STALE_VERSION"
    assert await listed(company) == [{"name": "First", "version": 2}]


async def test_a_draft_may_be_unsound_but_is_not_applied_then(company: Company, client: Client) -> None:
    """Its plan says what is wrong."""
    draft = await done(
        company,
        CREATE,
        name="Steps",
        document="orderloom: 1\ntransitions: {go: {label: {en: Go}, sources: [a], target: b}}\n",
        merge=True,
    )
    assert {problem["code"] for problem in (await planned(company, draft))["problems"]} == {"CONFIG_UNKNOWN_STATUS"}
    async with unchanged(company):
        problem = await refused(company, APPLY, id=draft["id"])
    assert problem["__typename"] == "InvalidInput"
    unread = await done(company, CREATE, name="Text", document="no document")
    answer = await company.graphql(PLAN, {"id": unread["id"]})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    assert (await done(company, DELETE, id=unread["id"])) == unread["id"]
    assert [found["name"] for found in await listed(company)] == ["Steps"]


async def test_bad_drafts(company: Company, client: Client, monkeypatch: Any) -> None:
    async with unchanged(company):
        assert bad_values(await refused(company, CREATE, name=" ", document="x" * 800_001)) == {
            "name": "VALUE_REQUIRED",
            "document": "CONFIG_TOO_LARGE",
        }
        assert bad_values(await refused(company, CREATE, name="x" * 201, document="")) == {"name": "VALUE_TOO_LONG"}
        for document in (UPDATE, DELETE, APPLY):
            assert (await refused(company, document, id="nothing"))["__typename"] == "NotFound"
        assert (await refused(company, CREATE, company.member, name="x", document=""))[
            "right"
        ] == "configuration.update"
    monkeypatch.setattr(drafts, "MOST_DRAFTS", 1)
    await done(company, CREATE, name="x", document="")
    async with unchanged(company):
        assert (await refused(company, CREATE, name="y", document=""))["__typename"] == "LimitExceeded"
