"""Every public command and root field, called by each built-in role of another company with the ids of this one (T7, D-09).

Whatever is named is answered as what never existed, and nothing of this company is changed. The calls are those of `test_rights.py`,
so that a new one is tried here without a word.
"""

import re
from collections.abc import Iterator
from uuid import uuid4

import orjson
import pytest

from schema.execution import House, Operation, subscribe
from tests.conftest import NewCompany
from tests.documents import unchanged
from tests.harness import Client, Company, Person, Row
from tests.rights import ANYBODY, MUTATIONS, QUERIES, ROLES, SIGNED_IN, SUBSCRIPTIONS, may
from tests.test_rights import Scene, scene

pytestmark = pytest.mark.anyio

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
__all__ = ["scene"]


# Everybody may change views of their own, so that only one that is there can be somebody else's.
NO_RIGHT_BEFORE = frozenset({"updateView", "deleteView"})


class Named:
    """Ids of this company in a call, and the same call with ids that never existed."""

    def __init__(self, text: str) -> None:
        self.ids = sorted(set(ID.findall(text)))
        self.never = {known: str(uuid4()) for known in self.ids}

    def nobody(self, text: str) -> str:
        return ID.sub(lambda found: self.never.get(found[0], found[0]), text)

    def plain(self, answer: Row) -> str:
        """The answer without the ids that were asked for: whatever else tells the two calls apart is told."""
        text = orjson.dumps(answer).decode()
        for known in (*self.ids, *self.never.values()):
            text = text.replace(known, "ID")
        return text


def called_mutations(scene: Scene) -> Iterator[str]:
    """All that need a right, and of those that every member may call the ones that there is a call for."""
    yield from (name for name, right in MUTATIONS.items() if right not in (ANYBODY, SIGNED_IN) or name in scene.inputs)


async def a_person(company: Company, role: str) -> Person:
    return await company.add_person(role, name=role)


async def test_no_command_reaches_into_another_company(scene: Scene, new_company: NewCompany, client: Client) -> None:
    company, other = scene.company, await new_company()
    named_somebody: set[str] = set()
    for name in called_mutations(scene):
        document, variables = scene.mutation(name)
        named = Named(orjson.dumps(variables).decode())
        nobody = orjson.loads(named.nobody(orjson.dumps(variables).decode()))
        if named.ids:
            named_somebody.add(name)
        else:
            # It may change the company that it is called in, and with it who may call what.
            other = await new_company()
        async with unchanged(company):
            # Those who may not come first: others may change what their company asks of them.
            for role in reversed(ROLES):
                answer = await other.graphql(document, variables, person=await a_person(other, role))
                assert "data" in answer, (name, role, answer)
                result = answer["data"]["result"]
                if not may(role, MUTATIONS[name]) and name not in NO_RIGHT_BEFORE:
                    assert (result["__typename"], result["right"]) == ("NotAllowed", MUTATIONS[name]), (name, role)
                elif named.ids or name in NO_RIGHT_BEFORE:
                    never = await other.graphql(document, nobody, person=await a_person(other, role))
                    assert named.plain(answer) == named.plain(never), (name, role)
                    assert not result["__typename"].endswith("Payload"), (name, role, answer)
    # Else the test would say nothing: these name records of this company.
    assert {"updateOrder", "voidOrder", "updateCustomer", "updateMember", "applyDraft"} <= named_somebody


async def test_no_root_field_reads_of_another_company(scene: Scene, new_company: NewCompany, client: Client) -> None:
    company, other = scene.company, await new_company()
    known = {
        str(row["id"]) for table in ("orders", "customers", "products", "members") for row in await ids(company, table)
    }
    assert len(known) >= 6
    for name, right in QUERIES.items():
        document = scene.query(name)
        named = Named(document)
        for role in ROLES:
            answer = await other.graphql(document, person=await a_person(other, role))
            if not may(role, right) and right != SIGNED_IN:
                assert [error["extensions"].get("right") for error in answer["errors"]] == [right], (name, role, answer)
                continue
            never = await other.graphql(named.nobody(document), person=await a_person(other, role))
            if named.ids:
                assert named.plain(answer) == named.plain(never), (name, role)
            told = set(ID.findall(orjson.dumps(answer).decode())) - set(named.ids)
            assert told.isdisjoint(known), (name, role)


async def ids(company: Company, table: str) -> list[Row]:
    return await company.rows(f"SELECT id FROM {table} WHERE tenant_id = %(tenant)s")


@pytest.mark.parametrize("name", SUBSCRIPTIONS)
async def test_a_subscription_asks_for_its_right(company: Company, name: str) -> None:
    bare = await company.add_person(name="Bare")
    house = House(company.database, company.callers)
    answer = await subscribe(
        house,
        Operation(f"subscription {{ {name} {{ __typename }} }}"),
        token=bare.token,
        language="en",
        request_id="test",
    )
    async for part in answer:  # type: ignore[union-attr]
        (error,) = orjson.loads(part)["errors"]
        assert error["extensions"]["right"] == SUBSCRIPTIONS[name]
        assert error["extensions"]["canGrant"] == ["Olga Owner"]
