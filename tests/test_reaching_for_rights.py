"""Who reaches for rights that are not theirs to give is told the first of them, and the audit log tells of who did (issue 5, point 7)."""

import pytest
from starlette.applications import Starlette

from tenants.database import Database
from tests.documents import (
    DEACTIVATE_MEMBER,
    DEFINE_ROLE,
    INVITE_MEMBER,
    UPDATE_MEMBER,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Row

pytestmark = pytest.mark.anyio

CREATE_KEY = mutation("createApiKey", "ApiKeySecret", "secret")
REFUSED = (
    "{ auditEntries(where: {kind: {eq: REFUSED}}, orderBy: [{at: ASC}]) { nodes { actorName details { field to } } } }"
)


async def test_reaching_for_more_is_told(company: Company, client: Client, app: Starlette, database: Database) -> None:
    tallies = app.state.house.tallies
    await tallies.write(database)
    grants = [{"object": "member", "actions": ["*"]}, {"object": "key", "actions": ["*"]}]
    await done(company, DEFINE_ROLE, key="people", label={"en": "People"}, grants=grants)
    clerk = await company.add_person("people", name="Cleo")
    admin = await company.add_person("admin", name="Ada")
    async with unchanged(company):
        for _ in range(2):
            await refused(company, UPDATE_MEMBER, clerk, id=str(clerk.id), roles=["owner"])
        invited = await refused(company, INVITE_MEMBER, clerk, email="x@example.com", roles=["admin"])
        made = await refused(company, CREATE_KEY, clerk, name="ERP", roles=["read_only"])
        above = await refused(company, DEACTIVATE_MEMBER, clerk, id=str(admin.id))
        # A slip is nothing that the log has to tell of.
        await refused(company, INVITE_MEMBER, clerk, email="nobody", roles=["people"])
    message = invited["errors"][0]["message"]
    assert message.startswith("You cannot give rights that you do not have yourself: audit.read, automation.read, ")
    assert message.endswith(" and 26 more.")
    assert "*" not in message
    assert "…" not in message + above["message"]
    assert made["errors"][0]["code"] == "LIMIT_ROLE_GRANT"
    await tallies.write(database)
    found: list[Row] = (await company.data(REFUSED))["auditEntries"]["nodes"]
    told = [({part["field"]: part["to"] for part in row["details"]}, row["actorName"]) for row in found]
    assert {name for _, name in told} == {"Cleo"}
    assert sorted((said["reason"], said["times"], said.get("right", "")[:16]) for said, _ in told) == [
        ("limit.owner_grant", 2, ""),
        ("limit.role_grant", 1, "audit.read, auto"),
        ("limit.role_grant", 1, "automation.read,"),
        ("people.above", 1, "audit.read, conf"),
    ]
