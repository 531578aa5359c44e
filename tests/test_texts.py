"""The texts of automations: what they name is there when they are saved, and what they show is what the order holds (NCF-8)."""

from typing import Any

import pytest

from tenants.templates import SHOWN, load_order
from tests.documents import REMOVE_DEFINITION, an_order, bad_values, done, refused, unchanged
from tests.examples import define_fields
from tests.harness import Client, Company, Drain, Row
from tests.test_configuration_plans import DEFINE_AUTOMATION

pytestmark = pytest.mark.anyio

FIELDS = {
    "order.score": {"type": "integer"},
    "order.size": {"type": "decimal"},
    "order.area": {"type": "formula", "expression": "custom.size * 2"},
    "order.due": {"type": "formula", "expression": 'date("2026-03-01")'},
    "order.deposit": {"type": "money"},
}


def telling(text: str, **other: Any) -> Row:
    action = {"notify": {"to": "role:owner", "text": text}}
    return {"key": "tell", "label": {"en": "Tell"}, "events": ["CREATED"], "actions": [action], **other}


REFUSED: tuple[tuple[str, str], ...] = (
    ("{{ order.nmber }}", "There is no field 'order.nmber' that a text can show. Did you mean 'order.number'?"),
    ("{{ number }}", "There is no field 'number' that a text can show. Did you mean 'order.number'?"),
    (
        "{{ order.status.lable }}",
        "There is no field 'order.status.lable' that a text can show. Did you mean 'order.status.label'?",
    ),
    (
        "{{ order.custom.scroe }}",
        "There is no field 'order.custom.scroe' that a text can show. Did you mean 'order.custom.score'?",
    ),
    (
        '{{ order["custom"]["scroe"] }}',
        "There is no field 'order.custom.scroe' that a text can show. Did you mean 'order.custom.score'?",
    ),
    (
        "{% if order.tota > 5 %}x{% endif %}",
        "There is no field 'order.tota' that a text can show. Did you mean 'order.total'?",
    ),
    (
        "{% assign x = order.chanel %}{{ x }}",
        "There is no field 'order.chanel' that a text can show. Did you mean 'order.channel'?",
    ),
    ("{{ order.number | upcaes }}", "There is no filter 'upcaes'. Did you mean 'upcase'?"),
    ("{% include 'other' %}", "A text cannot take in another one by 'include': write out what it says."),
)


@pytest.mark.parametrize(("text", "message"), REFUSED)
async def test_what_is_not_there_cannot_be_shown(company: Company, client: Client, text: str, message: str) -> None:
    await define_fields(company, FIELDS)
    async with unchanged(company):
        problem = await refused(company, DEFINE_AUTOMATION, **telling(text))
    assert [(error["path"], error["message"]) for error in problem["errors"]] == [
        (["automation", "tell", "actions", "0", "text"], message)
    ]


async def test_nothing_like_it(company: Company, client: Client) -> None:
    async with unchanged(company):
        problem = await refused(company, DEFINE_AUTOMATION, **telling("{{ xyz }}"))
    assert problem["errors"][0]["code"] == "TEMPLATE_UNKNOWN_FIELD"
    assert "There are: order.number, order.status," in problem["message"]


async def test_each_text_of_an_email_in_each_language(company: Company, client: Client) -> None:
    mail = {
        "to": "owner",
        "subjects": {"en": "{{ order.numbr }}", "zh": "{{ order.number }}"},
        "bodies": {"en": "x", "zh": "{{ ordr.number }}"},
    }
    async with unchanged(company):
        problem = await refused(company, DEFINE_AUTOMATION, **telling("", actions=[{"sendEmail": mail}]))
    assert bad_values(problem) == {
        "automation.tell.actions.0.subject.en": "TEMPLATE_UNKNOWN_FIELD_NEAR",
        "automation.tell.actions.0.body.zh": "TEMPLATE_UNKNOWN_FIELD_NEAR",
    }


async def test_all_that_can_be_shown_is_there(company: Company, client: Client) -> None:
    """Each name that is taken when the automation is saved is among what it gets, and nothing else."""
    order = await an_order(company)
    async with company.begin() as tx:
        (row,) = await company.rows("SELECT id FROM orders WHERE tenant_id = %(tenant)s")
        shown = await load_order(tx, row["id"])
    assert order["number"] == shown["number"]
    given = {name: tuple(value) if isinstance(value, dict) else () for name, value in shown.items() if name != "custom"}
    assert given == SHOWN


async def test_texts_show_what_is_worked_out(company: Company, client: Client, work: Drain) -> None:
    """Formulas as well as what is given, parts of values, figures of lists, and variables of its own."""
    await define_fields(company, FIELDS)
    text = (
        "{% assign n = order.number %}{{ n }}: {{ order.custom.area }}, {{ order.custom.due }}, {{ order.custom.deposit.currency }},"
        " {{ order.custom.score }}{% for i in (1..2) %}{{ i }}{{ forloop.last }}{% endfor %} {{ order.customer.name.size }}"
    )
    await done(company, DEFINE_AUTOMATION, **telling(text))
    custom = {"size": "2.5", "deposit": {"amount": "1", "currency": "USD"}}
    order = await an_order(company, custom=custom, customer={"name": "Ann"})
    await work()
    (told,) = (await company.data("{ notifications { nodes { text } } }"))["notifications"]["nodes"]
    assert told["text"] == f"{order['number']}: 5, 2026-03-01, USD, 1false2true 3"


async def test_a_field_that_a_text_shows_stays(company: Company, client: Client) -> None:
    await define_fields(company, FIELDS)
    await done(company, DEFINE_AUTOMATION, **telling("{{ order.custom.score }}"))
    async with unchanged(company):
        problem = await refused(company, REMOVE_DEFINITION, kind="field", key="order.score")
    assert bad_values(problem) == {"field.order.score": "CONFIG_NEEDED_OPEN"}
