"""Drafts that wait for their time: applied once, as whoever said so, or kept with the reason."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.documents import (
    DEACTIVATE_MEMBER,
    DEFINE_FIELD,
    UPDATE_MEMBER,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Drain
from tests.test_draft_reviews import (
    SCHEDULE,
    a_draft,
    a_second_admin,
    approved,
    inbox,
    newest,
    standing,
    with_four_eyes,
)
from tests.test_drafts import APPLY, DELETE, SENTENCES, UPDATE

pytestmark = pytest.mark.anyio


def soon(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


async def test_a_draft_is_applied_at_its_time_and_once(company: Company, client: Client, work: Drain) -> None:
    """An instant, by whatever offset it is written; in the name of who said so."""
    draft = await a_draft(company)
    said = await done(company, SCHEDULE, id=draft["id"], applyAt="2099-10-25T02:30:00+01:00")
    assert said["applyAt"] == "2099-10-25T01:30:00+00:00"
    async with unchanged(company):
        assert await work() == 0
    (job,) = await company.rows("SELECT kind, subject_id, due_at FROM jobs WHERE tenant_id = %(tenant)s")
    assert (job["kind"], str(job["subject_id"])) == ("configuration_draft", draft["id"])
    assert job["due_at"] == datetime(2099, 10, 25, 1, 30, tzinfo=UTC)
    assert await work(overdue=True) == 1
    found = await newest(company)
    assert (found["version"], found["changes"]) == (2, SENTENCES)
    assert (found["author"], found["writtenBy"]) == ({"kind": "MEMBER", "name": "Olga Owner"}, "Olga Owner")
    assert await company.rows("SELECT id FROM configuration_drafts") == []
    assert await work(overdue=True) == 0


async def test_another_time_and_none(company: Company, client: Client, work: Drain) -> None:
    """Only what was said last holds; applied by hand, or gone, a draft leaves no job behind."""
    jobs = "SELECT due_at FROM jobs WHERE tenant_id = %(tenant)s"
    draft = await a_draft(company)
    for year in ("2098", "2099"):
        await done(company, SCHEDULE, id=draft["id"], applyAt=f"{year}-01-01T00:00:00Z")
        assert await company.rows(jobs) == [{"due_at": datetime(int(year), 1, 1, tzinfo=UTC)}]
    assert (await done(company, SCHEDULE, id=draft["id"], applyAt=None))["applyAt"] is None
    assert await company.rows(jobs) == []
    for end in (APPLY, DELETE):
        again = await a_draft(company)
        await done(company, SCHEDULE, id=again["id"], applyAt=soon(days=1))
        await done(company, end, id=again["id"])
        assert await company.rows(jobs) == []
    assert (await newest(company))["version"] == 2
    bad = {
        soon(seconds=-1): "REVIEW_MOMENT_OVER",
        "2099-01-01T00:00:00": "VALUE_NO_OFFSET",
        "tomorrow, at nine": "VALUE_NOT_DATE_TIME",
    }
    for moment, code in bad.items():
        async with unchanged(company):
            problem = await refused(company, SCHEDULE, id=draft["id"], applyAt=moment)
        assert bad_values(problem) == {"applyAt": code}


async def test_what_cannot_be_applied_at_its_time_stays_with_the_reason(
    company: Company, client: Client, work: Drain
) -> None:
    """Nothing changes; those who may change the configuration are told, each in their language."""
    second = await a_second_admin(company, language="zh")
    draft = await a_draft(company)
    await done(company, SCHEDULE, id=draft["id"], applyAt=soon(days=1))
    await done(company, DEFINE_FIELD, object="order", key="po", type="text", label={"en": "Mine"})
    async with unchanged(company, without=("jobs", "configuration_drafts", "notifications")):
        assert await work(overdue=True) == 1
    found = await standing(company, draft)
    assert (found["state"], found["applyAt"]) == ("OPEN", None)
    assert found["problem"] == (
        "Olga Owner has changed this meanwhile, in version 2: Add field 'order.po' (Mine)."
        " Look at it again and repeat your change."
    )
    assert found["problemAt"] is not None
    assert await inbox(company, company.owner) == [
        "The configuration draft 'Ask for the PO' could not be applied at its time, and nothing was changed. "
        + found["problem"]
    ]
    (told,) = await inbox(company, second)
    assert told.startswith("配置草稿“Ask for the PO”未能按计划应用，配置未作任何更改。Olga Owner 已在版本 2 中修改此项")
    assert await inbox(company, company.member) == []
    assert await work(overdue=True) == 0
    await done(company, UPDATE, id=draft["id"], name="Again")
    assert (await done(company, SCHEDULE, id=draft["id"], applyAt=soon(days=1)))["problem"] is None
    await work(overdue=True)
    assert (await newest(company))["comment"] == "Again"


async def test_an_unsound_draft_says_where(company: Company, client: Client, work: Drain) -> None:
    document = "orderloom: 1\ntransitions: {go: {label: {en: Go}, sources: [draft], target: nowhere}}\n"
    draft = await a_draft(company, document)
    await done(company, SCHEDULE, id=draft["id"], applyAt=soon(days=1))
    async with unchanged(company, without=("jobs", "configuration_drafts", "notifications")):
        await work(overdue=True)
    assert (await standing(company, draft))["problem"] == "transition.go: There is no status 'nowhere'."


@pytest.mark.parametrize("how", ["role", "left", "unapproved"])
async def test_a_schedule_gives_nobody_more_than_they_have_then(
    company: Company, client: Client, work: Drain, how: str
) -> None:
    """The rights of who said so, as they are at that time, and the approval."""
    second = await with_four_eyes(company)
    draft = await a_draft(company)
    by = second if how != "unapproved" else company.owner
    await done(company, SCHEDULE, by, id=draft["id"], applyAt=soon(days=1))
    if how != "unapproved":
        await approved(company, draft, second)
        if how == "left":
            await done(company, DEACTIVATE_MEMBER, id=str(second.id), keep=True)
        else:
            await done(company, UPDATE_MEMBER, id=str(second.id), roles=["member"])
    async with unchanged(company, without=("jobs", "configuration_drafts", "notifications")):
        await work(overdue=True)
    found = await standing(company, draft)
    lacks = ", in whose name it was to be applied, lacks the right 'configuration.update'."
    said = "somebody else has approved it" if how == "unapproved" else lacks
    assert said in found["problem"]
    assert found["state"] == ("OPEN" if how == "unapproved" else "APPROVED")


async def test_a_draft_that_kills_its_worker_is_given_up(company: Company, client: Client, work: Drain) -> None:
    draft = await a_draft(company)
    await done(company, SCHEDULE, id=draft["id"], applyAt=soon(days=1))
    await company.rows("UPDATE jobs SET attempts = 8 WHERE tenant_id = %(tenant)s RETURNING id")
    async with unchanged(company, without=("jobs", "configuration_drafts", "notifications")):
        assert await work(overdue=True) == 1
    assert (await standing(company, draft))["problem"] == "It was begun 8 times and never came to an end."
    assert await company.rows("SELECT id FROM jobs WHERE tenant_id = %(tenant)s") == []
