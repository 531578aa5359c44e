"""The configuration templates that ship with the product, as `tenant create --template` takes them."""

import pytest

from tenants.companies import check_template, read_template, template_names
from tenants.config.definitions import LANGUAGES, Automation, Definition
from tenants.config.documents import export_document, read_document
from tenants.problems import InvalidInput
from tests.conftest import NewCompany

CONFIGURATION = "{ configuration { version document } }"
PLAN = (
    "query ($document: String!) { planConfiguration(document: $document) { changes { sentence } problems { code } } }"
)
TAKE_ORDER = """
mutation {
  createOrder(input: {lines: [{name: "Sample", unitPrice: "9.90"}]}) {
    ... on OrderPayload { order { status { key category } nextSteps { allowed } voiding { allowed } } }
    ... on Problem { message }
  }
}"""


def test_which_ship() -> None:
    assert template_names() == ["minimal", "trading", "workshop"]


def test_an_unknown_one_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_template("nothing")
    assert [error.path for error in refusal.value.errors] == [("template",)]
    assert refusal.value.text("en") == "nothing is not one of the options: minimal, trading, workshop."


@pytest.mark.parametrize("name", template_names())
def test_each_is_sound(name: str) -> None:
    """It passes the checks that a change set has to pass."""
    assert check_template(name) == []


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
    body = definition.model_dump()
    options = [option["label"] for option in body.get("options", ())]
    given = [body.get(name) for name in ("label", "help", "description", "void_blocked")]
    return [texts for texts in (*given, *options) if texts]


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
    """The configuration in force is the template, a plan against it is empty, and a first order can be taken."""
    company = await new_company(template=name)
    found = (await company.data(CONFIGURATION))["configuration"]
    assert found["version"] == 1
    assert read_document(found["document"]) == read_template(name)
    assert await company.data(PLAN, {"document": found["document"]}) == {
        "planConfiguration": {"changes": [], "problems": []}
    }
    order = (await company.data(TAKE_ORDER))["createOrder"]["order"]
    assert order["status"]["category"] == "OPEN"
    assert order["voiding"] == {"allowed": True}
    assert order["nextSteps"]
    assert {step["allowed"] for step in order["nextSteps"]} == {True}
