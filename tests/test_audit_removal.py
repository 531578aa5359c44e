"""Old entries of the audit log are removed by the operator alone, with a proof in what is left (point 7 of issue 5, E2)."""

from datetime import UTC, datetime, timedelta
from random import Random

import psycopg
import pytest
from psycopg import errors

from server.settings import Settings
from tenants import audit, audit_removal
from tenants.actors import MEMBER, Actor
from tenants.audit_log import record_within
from tenants.audit_removal import LEAST_DAYS, REMOVABLE, remove_old
from tenants.database import owner_connection
from tests.conftest import NewCompany
from tests.documents import an_order, unchanged
from tests.harness import Client, Company
from tests.test_audit_log import entries
from tests.test_cli import Orderloom, environment, orderloom

pytestmark = pytest.mark.anyio
__all__ = ["environment", "orderloom"]

KEPT = ("member_changed", "key_created")


async def tell(company: Company, *kinds: str) -> None:
    actor = Actor(MEMBER, company.member.id, "Max Member", ())
    async with company.database.connection() as connection, connection.transaction():
        for kind in kinds:
            await record_within(connection, company.id, actor, kind, {"name": kind})


async def remove(company: Company, settings: Settings, days: float = 200) -> int:
    """Remove what will be old in so many days."""
    later = datetime.now(UTC) + timedelta(days=days)
    async with owner_connection(settings.owner_database_url()) as connection:
        return await remove_old(connection, company.id, later, LEAST_DAYS)


async def test_what_is_left_is_proved(
    company: Company,
    client: Client,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    orderloom: Orderloom,
    new_company: NewCompany,
) -> None:
    """Whatever came in which order and is removed in how many goes, even the end: the rest holds, is what it was, and says what is gone."""
    other, chance = await new_company(), Random(5)
    await tell(other, "signed_in", "refused")
    await an_order(company)
    monkeypatch.setattr(audit_removal, "MOST_AT_ONCE", 7)
    gone, kept = 0, 0
    for kinds in (["signed_in"], chance.choices((*REMOVABLE, *KEPT), k=40), [*KEPT, *REMOVABLE]):
        await tell(company, *kinds)
        gone, kept = gone + sum(kind in REMOVABLE for kind in kinds), kept + sum(kind in KEPT for kind in kinds)
        before = await entries(company, kind={"in": [kind.upper() for kind in KEPT]})
        assert await remove(company, settings, 30) == 0
        assert await remove(company, settings) == sum(kind in REMOVABLE for kind in kinds)
        async with unchanged(company):
            assert await remove(company, settings) == 0
        assert await entries(company, kind={"in": [kind.upper() for kind in KEPT]}) == before
        report = await audit.verify(company.database, company.id)
        assert (report.breaks, sum(report.removed.values())) == ([], gone)
        await tell(company, "member_changed")
        kept += 1
    told = [entry for entry in await entries(company) if entry["kind"] == "AUDIT_REMOVED"]
    assert sum(entry["details"]["entries"][1] for entry in told) == gone
    assert {(entry["actorName"], entry["aboutId"]) for entry in told} == {("orderloom", str(company.member.id))}
    assert {entry["kind"] for entry in await entries(company)} == {"AUDIT_REMOVED", *(kind.upper() for kind in KEPT)}
    assert len(await entries(company)) == kept + len(told)
    said = await orderloom("audit", "verify", "-t", company.slug)
    assert (said.code, said.out) == (0, "")
    assert f"{company.slug}: {gone} entries from before" in said.err
    assert [entry["kind"] for entry in await entries(other)] == ["SIGNED_IN", "REFUSED"]


@pytest.mark.parametrize(
    ("tampering", "version", "reason"),
    [
        ("UPDATE events SET actor_name = 'Eve' WHERE record_version = 3", 3, "not what was written"),
        ("DELETE FROM events WHERE record_version = 3", 6, "version 3 is missing"),
        ("DELETE FROM events WHERE kind = 'audit_removed'", 3, "version 1 is missing"),
        # A removal that was never told of: the entry that tells is made to tell of more.
        (
            """WITH gone AS (DELETE FROM events WHERE record_version = 3)
            UPDATE events SET changes = replace(changes::text, '[1, 2', '[1, 3')::jsonb WHERE kind = 'audit_removed'""",
            6,
            "not what was written",
        ),
        ("UPDATE events SET record_version = 2 WHERE record_version = 3", 2, "version 1 is missing"),
    ],
)
async def test_what_else_is_gone_is_found(
    company: Company, client: Client, settings: Settings, tampering: str, version: int, reason: str
) -> None:
    await tell(company, "signed_in", "refused", "member_changed", "signed_in", "signed_out")
    assert await remove(company, settings) == 4
    assert (await audit.verify(company.database, company.id)).breaks == []
    with psycopg.connect(settings.owner_database_url(), autocommit=True) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, false)", [str(company.id)])
        connection.execute(tampering.encode())
    (found,) = (await audit.verify(company.database, company.id)).breaks
    assert (found.record_id, found.version) == (company.member.id, version)
    assert reason in found.reason


async def test_only_the_operator_removes_and_nothing_young(
    company: Company, client: Client, orderloom: Orderloom
) -> None:
    """The role that serves may not; the command takes nothing that a review looks back to."""
    await tell(company, "signed_in")
    async with unchanged(company):
        with pytest.raises(errors.InsufficientPrivilege):
            await company.rows("DELETE FROM events WHERE tenant_id = %(tenant)s RETURNING id")
        said = await orderloom("audit", "remove", "--older-than", "90", "-t", company.slug)
        assert (said.code, said.err) == (0, f"{company.slug}: 0 entries removed.\n")
        assert (await orderloom("audit", "remove", "--older-than", "89", "-t", company.slug)).code == 2
