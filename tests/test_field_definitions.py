"""What a form is told of the company's own fields: names in the reader's language, options in their order with colours."""

import pytest

from tests.examples import define_fields
from tests.harness import Client, Company, Row

pytestmark = pytest.mark.anyio

DOCUMENT = """query($object: String!) { fieldDefinitions(object: $object) {
  key type label help required computed unique target default minimum maximum pattern options { key label colour archived }
} }"""
NOTHING: Row = {
    **dict.fromkeys(("help", "target", "default", "minimum", "maximum", "pattern")),
    **dict.fromkeys(("required", "computed", "unique"), False),
    "options": [],
}
OPTIONS = [
    {"key": "b", "label": {"en": "Best", "zh": "最好"}, "colour": "#00ff00"},
    {"key": "a", "label": {"en": "Average"}},
    {"key": "old", "label": {"en": "Old"}, "archived": True},
]


async def test_members_see_fields_in_their_language(company: Company, client: Client) -> None:
    """Without any right on the configuration; archived fields are not there, archived options are."""
    await define_fields(
        company,
        {
            "order.code": {"type": "text", "position": 2, "unique": True, "pattern": "[A-Z]+", "maximum": 9},
            "order.grade": {
                "type": "select",
                "position": 1,
                "label": {"en": "Grade", "zh": "等级"},
                "help": {"en": "How good."},
                "options": OPTIONS,
                "default": "a",
                "required": True,
            },
            "order.partner": {"type": "link", "position": 3, "target": "customer"},
            "order.gone": {"type": "text", "archived": True},
        },
    )
    english = await company.data(DOCUMENT, {"object": "order"}, person=company.read_only)
    options = [
        {"key": "b", "label": "Best", "colour": "#00ff00", "archived": False},
        {"key": "a", "label": "Average", "colour": None, "archived": False},
        {"key": "old", "label": "Old", "colour": None, "archived": True},
    ]
    assert english["fieldDefinitions"] == [
        NOTHING
        | {"key": "grade", "type": "select", "label": "Grade", "help": "How good.", "required": True}
        | {"default": "a", "options": options},
        NOTHING
        | {"key": "code", "type": "text", "label": "order.code", "unique": True, "pattern": "[A-Z]+", "maximum": 9},
        NOTHING | {"key": "partner", "type": "link", "label": "order.partner", "target": "customer"},
    ]
    reader = await company.add_person("read_only", language="zh")
    chinese = (await company.data(DOCUMENT, {"object": "order"}, person=reader))["fieldDefinitions"]
    assert (chinese[0]["label"], [option["label"] for option in chinese[0]["options"]]) == (
        "等级",
        ["最好", "Average", "Old"],
    )
    assert (await company.data(DOCUMENT, {"object": "product"}))["fieldDefinitions"] == []


async def test_what_has_no_fields_is_named(company: Company, client: Client) -> None:
    answer = await company.graphql(DOCUMENT, {"object": "invoice"})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["INVALID_INPUT"]
