"""Defining rules: what makes no sense is refused with its place, and records that are there already are looked at."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.documents import (
    APPLY_CONFIGURATION,
    CREATE_CUSTOMER,
    CREATE_PRODUCT,
    REMOVE_DEFINITION,
    UPDATE_CUSTOMER,
    an_order,
    bad_values,
    done,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Row
from tests.test_rules import DEFINE_RULE, define, define_field

CHECK = {"effect": "CHECK", "fields": ["notes"]}
DEEP: Any = {}
for _ in range(25):
    DEEP = {"not": DEEP}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"object": "invoice"}, {"rule.r.record_type": "CONFIG_RULE_OBJECT"}),
        ({"fields": ["total"]}, {"rule.r.fields.0": "CONFIG_RULE_FIELD"}),
        ({"fields": ["notes", "custom.gone"]}, {"rule.r.fields.1": "CONFIG_RULE_FIELD"}),
        ({"when": {"colour": {"eq": 1}}}, {"rule.r.when.colour": "VALUE_UNKNOWN_FIELD"}),
        ({"when": DEEP}, {"rule.r.when.not.not.not.not": "VALUE_TOO_DEEP"}),
        ({"ignoreCase": True}, {"rule.r.ignore_case": "CONFIG_RULE_CASE"}),
        ({"check": "total > 1"}, {"rule.r.check": "CONFIG_RULE_CHECK"}),
        ({"effect": "CHECK"}, {"rule.r.check": "CONFIG_RULE_CHECK"}),
        ({**CHECK, "check": "total + 1"}, {"rule.r.check": "CONFIG_RULE_FLAG"}),
        (
            {"effect": "UNIQUE", "fields": ["notes"], "when": {"customer": {"kind": {"eq": "person"}}}},
            {"rule.r.when": "CONFIG_RULE_FAR"},
        ),
        ({"effect": "UNIQUE", "fields": ["notes", "tags"]}, {"rule.r.fields.1": "CONFIG_RULE_LIST"}),
    ],
)
async def test_what_makes_no_sense_is_refused(company: Company, client: Client, body: Row, errors: Row) -> None:
    given = {"object": "order", "key": "r", "effect": "REQUIRE", "fields": ["notes"], **body}
    async with unchanged(company):
        assert bad_values(await refused(company, DEFINE_RULE, **given)) == errors


@pytest.mark.parametrize("check", ["total >", "tota > 1", 'notes + 1 = "x"', "(" * 3_000, "1 = 1 and " * 150 + "1 = 1"])
async def test_a_bad_expression_is_refused_with_its_place(company: Company, client: Client, check: str) -> None:
    async with unchanged(company):
        problem = await refused(company, DEFINE_RULE, object="order", key="r", **CHECK, check=check)
    assert all(error["path"][-1] == "check" for error in problem["errors"])
    assert len(problem["errors"]) == 1


async def test_a_field_that_a_rule_needs_cannot_go(company: Company, client: Client) -> None:
    await define_field(company, "score", "integer")
    await define(company, "scored", "REQUIRE", ["notes"], when={"custom": {"score": {"gt": 5}}})
    async with unchanged(company):
        await refused(company, REMOVE_DEFINITION, kind="field", key="order.score")


async def test_records_that_are_there_are_kept_apart_as_well(company: Company, client: Client) -> None:
    """The rule begins to hold when nothing breaks it, and then knows all that was there; when it goes, its claims go."""
    phones = [{"value": "+49 30 1234567"}]
    first = await done(company, CREATE_CUSTOMER, name="Ada", phones=phones)
    second = await done(company, CREATE_CUSTOMER, name="Bob", phones=phones)
    rule = {"object": "customer", "key": "phone", "effect": "UNIQUE", "fields": ["phones"]}
    async with unchanged(company):
        problem = await refused(company, DEFINE_RULE, **rule)
        assert bad_values(problem) == {"rule.phone": "CONFIG_RULE_DUPLICATES"}
        assert "1 record " in problem["errors"][0]["message"]
        assert "+49301234567" in problem["errors"][0]["message"]
    await done(company, UPDATE_CUSTOMER, id=second["id"], phones=[])
    await done(company, DEFINE_RULE, **rule)
    async with unchanged(company):
        problem = await refused(company, UPDATE_CUSTOMER, id=second["id"], phones=phones)
        assert bad_values(problem) == {"phones": "RULE_TAKEN"}
    # A change of what is kept apart is a change of all claims.
    await done(company, DEFINE_RULE, **{**rule, "when": {"kind": {"eq": "company"}}})
    await done(company, UPDATE_CUSTOMER, id=second["id"], phones=phones)
    await done(company, DEFINE_RULE, **{**rule, "fields": ["name"], "ignoreCase": True})
    assert bad_values(await refused(company, UPDATE_CUSTOMER, id=second["id"], name="ADA")) == {"name": "RULE_TAKEN"}
    assert len(await company.rows("SELECT 1 FROM unique_values WHERE tenant_id = %(tenant)s")) == 2
    await done(company, REMOVE_DEFINITION, kind="rule", key="phone")
    assert await company.rows("SELECT 1 FROM unique_values WHERE tenant_id = %(tenant)s") == []
    await done(company, UPDATE_CUSTOMER, id=first["id"], phones=phones)


async def test_a_rule_that_is_switched_off_holds_for_nothing(company: Company, client: Client) -> None:
    await define(company, "priced", "REQUIRE", ["price"], object="product")
    assert bad_values(await refused(company, CREATE_PRODUCT, sku="A", name="Apple")) == {"price": "RULE_REQUIRED"}
    await define(company, "priced", "REQUIRE", ["price"], object="product", enabled=False)
    await done(company, CREATE_PRODUCT, sku="A", name="Apple")


PAGE = (Path(__file__).parent.parent / "docs" / "rules.md").read_text(encoding="utf-8")


async def test_the_page_about_rules_works(company: Company, client: Client) -> None:
    """The configuration of `docs/rules.md` can be applied and is exported as it stands there; its query is answered."""
    yaml = YAML(typ="safe", pure=True)
    ask = "{ configuration { document } }"
    whole = yaml.load((await company.data(ask))["configuration"]["document"])
    for shown in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        for section, entries in yaml.load(shown).items():
            whole.setdefault(section, {}).update(entries)
    whole["fields"]["order.tracking"] = {"type": "text", "label": {"en": "Tracking"}}
    await done(company, APPLY_CONFIGURATION, document=json.dumps(whole))
    exported = yaml.load((await company.data(ask))["configuration"]["document"])
    assert (exported["rules"], exported["fields"]) == (whole["rules"], whole["fields"])
    (document,) = re.findall(r"^```graphql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    order = await an_order(company)
    found = await company.data(document.replace("...", order["id"]))
    assert found["previewUpdateOrder"] == {
        "accepted": True,
        "errors": [],
        "fieldStates": [
            {
                "path": ["custom", "handover"],
                "required": False,
                "readOnly": False,
                "hidden": False,
                "options": ["parcel"],
                "reasons": [],
            }
        ],
    }
