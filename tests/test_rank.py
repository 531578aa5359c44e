"""Nobody rises by what they manage: neither by the right to configure, nor by the right to manage members (PER-2, SEC-2)."""

import pytest

from tests.documents import (
    APPLY_CONFIGURATION,
    DEACTIVATE_MEMBER,
    DEFINE_ROLE,
    DEFINE_TRANSITION,
    UPDATE_MEMBER,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Person, Row

pytestmark = pytest.mark.anyio

LABEL = {"en": "Role"}
RESET_SECOND_FACTOR = mutation("resetSecondFactor", "Member", "member { id }")


async def role(company: Company, key: str, *granted: str, **more: object) -> Person:
    """A member with a role of these rights."""
    grants = [{"object": name, "actions": [action]} for name, action in (right.split(".", 1) for right in granted)]
    await done(company, DEFINE_ROLE, key=key, label=LABEL, grants=grants, **more)
    return await company.add_person(key)


async def test_who_configures_gives_roles_no_more_than_they_have(company: Company, client: Client) -> None:
    """Not to their own role, not to another, not by inheritance, a document, or a denial that is taken away."""
    designer = await role(company, "designer", "configuration.*", "order.read", "order.create")
    shy: list[Row] = [{"object": "order", "actions": ["*"]}, {"object": "order", "actions": ["void"], "effect": "deny"}]
    await done(company, DEFINE_ROLE, key="shy", label=LABEL, grants=shy)
    everything = [{"object": "*", "actions": ["*"]}]
    reading = [{"object": "order", "actions": ["read"]}]
    async with unchanged(company):
        for key, wanted in (
            ("designer", {"inherits": ["admin"], "grants": reading}),
            ("mine", {"grants": everything}),
            ("mine", {"grants": [{"object": "order", "actions": ["void"], "scope": "own"}]}),
            ("shy", {"grants": shy[:1]}),
        ):
            problem = await refused(company, DEFINE_ROLE, designer, key=key, label=LABEL, **wanted)
            assert bad_values(problem) == {f"role.{key}": "LIMIT_ROLE_GRANT"}, (key, wanted)
            assert problem["message"].startswith("You cannot give rights that you do not have yourself: ")
        document = "orderloom: 1\nroles: {mine: {label: {en: Mine}, inherits: [member]}}"
        problem = await refused(company, APPLY_CONFIGURATION, designer, document=document, merge=True)
        assert bad_values(problem) == {"role.mine": "LIMIT_ROLE_GRANT"}
    # What they have they give; and what a role had already stays, whoever changes its name.
    await done(company, DEFINE_ROLE, designer, key="mine", label=LABEL, grants=reading)
    await done(company, DEFINE_ROLE, designer, key="shy", label={"en": "Shy one"}, grants=shy)
    # A new step is nobody's yet: who has all steps gives it.
    stepper = await role(company, "stepper", "configuration.*", "order.transition.*")
    step = {"key": "again", "label": {"en": "Again"}, "sources": ["confirmed"], "target": "draft"}
    await done(company, DEFINE_TRANSITION, stepper, **step)
    again = [{"object": "order", "actions": ["transition.again"]}]
    await done(company, DEFINE_ROLE, stepper, key="other", label=LABEL, grants=again)
    async with unchanged(company):
        problem = await refused(company, DEFINE_ROLE, designer, key="third", label=LABEL, grants=again)
        assert problem["message"].endswith("order.transition.again.")


async def test_who_manages_members_does_not_manage_those_above(company: Company, client: Client) -> None:
    """Their roles and whether they may sign in are not theirs to change, nor is a second factor of somebody with any right more."""
    support = await role(company, "support", "member.*")
    admin = await company.add_person("admin", name="Ann")
    async with unchanged(company):
        for document, values in (
            (UPDATE_MEMBER, {"roles": []}),
            (UPDATE_MEMBER, {"active": False}),
            (DEACTIVATE_MEMBER, {"keep": True}),
            (RESET_SECOND_FACTOR, None),
        ):
            who = {"memberId": str(admin.id)} if values is None else {"id": str(admin.id), **values}
            problem = await refused(company, document, support, **who)
            assert (problem["__typename"], problem["code"]) == ("Conflict", "PEOPLE_ABOVE"), problem
            assert problem["message"].startswith("Ann has rights that you do not have: ")
        problem = await refused(company, RESET_SECOND_FACTOR, support, memberId=str(company.member.id))
        assert (problem["code"], "customer.create" in problem["message"]) == ("PEOPLE_ABOVE", True)
    # Who is not above them they may send away; who comes back is given all of their roles.
    await done(company, UPDATE_MEMBER, support, id=str(company.member.id), active=False)
    async with unchanged(company):
        problem = await refused(company, UPDATE_MEMBER, support, id=str(company.member.id), active=True)
        assert bad_values(problem) == {"roles": "LIMIT_ROLE_GRANT"}
    await done(company, UPDATE_MEMBER, id=str(admin.id), active=False)
    async with unchanged(company):
        problem = await refused(company, UPDATE_MEMBER, support, id=str(admin.id), active=True)
        assert problem["__typename"] in ("Conflict", "InvalidInput")
    assert (await done(company, UPDATE_MEMBER, id=str(admin.id), active=True))["active"]


async def test_nobody_takes_off_their_own_second_factor_with_a_token(company: Company, client: Client) -> None:
    """Who has a stolen token lacks the password and the code that it takes."""
    for person in (company.owner, await company.add_person("admin")):
        async with unchanged(company):
            problem = await refused(company, RESET_SECOND_FACTOR, person, memberId=str(person.id))
            assert (problem["__typename"], problem["code"]) == ("Conflict", "SECOND_FACTOR_OWN")
