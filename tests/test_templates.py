"""The configuration templates that ship with the product, as `tenant create --template` takes them."""

import pytest

from tenants.config.change_sets import after
from tenants.config.checks import check
from tenants.config.definitions import LANGUAGES, Automation, Definition
from tenants.config.documents import export_document, read_document
from tenants.config.installed_templates import additions
from tenants.config.shipped_templates import read_template, template_names
from tenants.config.snapshot import TenantConfig
from tenants.config.texts import texts_of
from tenants.problems import InvalidInput
from tests.conftest import NewCompany

CONFIGURATION = "{ configuration { version document } }"
PLAN = (
    "query ($document: String!) { planConfiguration(document: $document) { changes { sentence } problems { code } } }"
)


def test_which_ship() -> None:
    assert template_names() == ["field_service", "manufacturing", "minimal", "retail", "wholesale", "workshop"]


def test_an_unknown_one_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_template("nothing")
    assert [error.path for error in refusal.value.errors] == [("template",)]
    assert refusal.value.text("en") == (
        "nothing is not one of the options: field_service, manufacturing, minimal, retail, wholesale, workshop."
    )


@pytest.mark.parametrize("name", template_names())
def test_each_is_sound(name: str) -> None:
    """It passes the checks that a change set has to pass."""
    definitions = read_template(name)
    empty: dict[str, dict[str, Definition]] = {kind: {} for kind in definitions}
    assert check(TenantConfig("en", "UTC", "EUR", empty), definitions, None) == []


@pytest.mark.parametrize("name", template_names())
def test_each_survives_export_and_import(name: str) -> None:
    definitions = read_template(name)
    assert read_document(export_document(definitions)) == definitions


@pytest.mark.parametrize("name", template_names())
def test_each_speaks_both_languages(name: str) -> None:
    """Whatever a user is shown of a definition is there in English and in Chinese."""
    spoken = 0
    for kind, found in read_template(name).items():
        for key, definition in found.items():
            for texts in _texts(definition):
                assert set(texts) == set(LANGUAGES), (kind, key)
                spoken += 1
    assert spoken > 10


def _texts(definition: Definition) -> list[dict[str, str]]:
    return [dict(texts) for _, texts in texts_of(definition)]


def test_no_message_of_an_automation_is_in_one_language_alone() -> None:
    """A text for all readers is no template in two languages."""
    found = [
        (name, key, action["type"])
        for name in template_names()
        for key, automation in read_template(name)["automation"].items()
        if isinstance(automation, Automation)
        for action in automation.actions
        for part in ("text", "subject", "body")
        if isinstance(action.get(part), str)
    ]
    assert found == []


@pytest.mark.parametrize("added", template_names())
@pytest.mark.parametrize("name", template_names())
def test_one_is_added_to_another(name: str, added: str) -> None:
    """The plan is sound, and nothing of the first one is gone."""
    first = read_template(name)
    config = TenantConfig("en", "UTC", "EUR", first)
    changes = additions(config, read_template(added))
    definitions = after(config, changes)
    assert check(config, definitions, None) == []
    assert all(first[kind].keys() <= found.keys() for kind, found in definitions.items())
    assert not any(change.takes_away for change in changes)


@pytest.mark.parametrize("name", ["retail", "wholesale", "manufacturing", "field_service"])
def test_a_trade_is_there_as_a_whole(name: str) -> None:
    """Two life cycles with types of orders, gates, rules, figures, roles, messages, reports."""
    found = read_template(name)
    types = {body["type"] for body in (field.model_dump() for field in found["field"].values())}
    assert len(types) >= 9
    assert {"formula", "rollup", "select", "link"} - types <= {"link"}
    assert len(found["life_cycle"]) >= 2
    assert len(found["order_type"]) >= 2
    assert len(found["void_reason"]) >= 4
    assert len(found["rule"]) >= 4
    assert len(found["role"]) >= 4
    assert len(found["view"]) >= 5
    assert len(found["automation"]) >= 5
    assert any(body["gate"]["time_limit"] for body in (status.model_dump() for status in found["status"].values()))
    assert any(body["reasons"] for body in (step.model_dump() for step in found["transition"].values()))


@pytest.mark.parametrize("name", [name for name in template_names() if name != "minimal"])
def test_a_demo_template_shows_what_can_be_shaped(name: str) -> None:
    """Fields of orders, customers and products, a life cycle, void reasons, roles and automations."""
    definitions = read_template(name)
    assert {key.partition(".")[0] for key in definitions["field"]} == {"order", "customer", "product"}
    assert len(definitions["status"]) >= 7
    assert len(definitions["transition"]) >= 6
    assert len(definitions["void_reason"]) >= 4
    assert len(definitions["role"]) >= 2
    automations = [found for found in definitions["automation"].values() if isinstance(found, Automation)]
    actions = {action["type"] for automation in automations for action in automation.actions}
    assert {"notify", "send_email"} < actions
    assert not actions.isdisjoint({"set_field", "change_status"})


@pytest.mark.parametrize("name", template_names())
async def test_a_company_begins_with_it(name: str, client: object, new_company: NewCompany) -> None:
    """The configuration in force is the template, and a plan against it is empty."""
    company = await new_company(template=name)
    found = (await company.data(CONFIGURATION))["configuration"]
    assert found["version"] == 1
    assert read_document(found["document"]) == read_template(name)
    assert await company.data(PLAN, {"document": found["document"]}) == {
        "planConfiguration": {"changes": [], "problems": []}
    }
