"""Companies whose configurations say the same hold one object for it in memory; what one of them changes stays its own."""

import gc
import weakref

import pytest

from tenants.config.snapshot import parse_definitions
from tests.conftest import NewCompany
from tests.documents import DEFINE_STATUS, done
from tests.examples import define_roles
from tests.harness import Company

pytestmark = pytest.mark.anyio

STATUSES = '{ configuration { definitions(kind: "status") { key body } } }'
CONFIRMED = {"en": "Confirmed", "zh": "已确认"}


async def labels(company: Company) -> dict[str, str]:
    """The English names of its statuses."""
    found = await company.data(STATUSES)
    return {status["key"]: status["body"]["label"]["en"] for status in found["configuration"]["definitions"]}


async def test_the_same_template_is_held_once(new_company: NewCompany) -> None:
    """Also by companies that have more than the template."""
    one, other = await new_company(), await new_company()
    await define_roles(other, {"packer": ["order.read"]})
    mine, theirs = (await one.caller()).config, (await other.caller()).config
    assert mine is not theirs
    for kind, definitions in mine.definitions.items():
        for key, definition in definitions.items():
            assert theirs.definitions[kind][key] is definition, (kind, key)
    assert theirs.definitions["role"].keys() == {"packer"}


async def test_the_same_rights_are_judged_once(new_company: NewCompany) -> None:
    """Another role makes another policy, and leaves the rights of all others as they are."""
    one, same, other = await new_company(), await new_company(), await new_company()
    await define_roles(other, {"packer": ["order.read"]})
    policies = [(await company.caller()).config.policy for company in (one, same, other)]
    assert policies[0] is policies[1]
    assert policies[0] is not policies[2]
    assert [policy.access(("packer",)).rights for policy in policies] == [frozenset(), frozenset(), {"order.read"}]
    assert [policy.holders("order.read")[-1] for policy in policies] == ["portal", "portal", "packer"]
    assert (await one.caller()).access is (await same.caller()).access


@pytest.mark.usefixtures("client")
async def test_a_change_is_seen_by_the_company_that_made_it_alone(new_company: NewCompany) -> None:
    one, other = await new_company(), await new_company()
    before = await labels(other)
    assert before["confirmed"] == "Confirmed"
    assert await labels(one) == before
    await done(one, DEFINE_STATUS, key="confirmed", label={**CONFIRMED, "en": "Agreed"}, category="in_progress")
    assert await labels(one) == {**before, "confirmed": "Agreed"}
    assert await labels(other) == before


def test_what_nobody_says_any_more_is_forgotten() -> None:
    """Otherwise each change of a configuration would stay in memory for as long as the process lives."""
    body = {"label": {"en": "Never said elsewhere"}, "category": "open"}
    first, again = (parse_definitions([("status", "kept", body)])["status"]["kept"] for _ in range(2))
    assert first is again
    assert parse_definitions([("status", "kept", {**body, "position": 1})])["status"]["kept"] is not first
    held = weakref.ref(first)
    del first, again
    gc.collect()
    assert held() is None
