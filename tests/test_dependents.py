"""Whatever names a definition, at whatever place, is told before that definition goes (NCF-7)."""

from collections.abc import Iterator

import pytest

from tests.documents import APPLY_CONFIGURATION, done, unchanged
from tests.harness import Client, Company, Row
from tests.test_configuration_plans import plan, removal

pytestmark = pytest.mark.anyio

# Each definition is named after what it uses and the place where it does.
BOOK = """orderloom: 1
fields:
  order.score: {label: {en: Score}, type: integer}
  order.tier: {label: {en: Tier}, type: select, options: [{key: gold, label: {en: Gold}}, {key: silver, label: {en: Silver}}]}
  order.marks: {label: {en: Marks}, type: multi_select, options: [{key: hot, label: {en: Hot}}, {key: cold, label: {en: Cold}}]}
  order.part: {label: {en: Part}, type: link, target: product, reverse: {key: usedIn, label: {en: Used in}}}
  product.size: {label: {en: Size}, type: integer}
  customer.level: {label: {en: Level}, type: integer}
  order.formula_score: {label: {en: F}, type: formula, expression: custom.score * 2}
  order.formula_level: {label: {en: F}, type: formula, expression: customer.custom.level + 1}
  order.formula_part_size: {label: {en: F}, type: formula, expression: custom.part.custom.size + 1}
  product.formula_part_score: {label: {en: F}, type: formula, expression: sum(custom.usedIn.custom.score)}
  order.formula_status: {label: {en: F}, type: formula, expression: 'if(status = "draft", 1, 2)'}
  order.formula_type: {label: {en: F}, type: formula, expression: '"repair" != type'}
  order.formula_reason: {label: {en: F}, type: formula, expression: 'voidReason in ["other", "out_of_stock"]'}
  order.formula_gold: {label: {en: F}, type: formula, expression: 'if(custom.tier in ["silver","gold"], 1)'}
  order.formula_hot: {label: {en: F}, type: formula, expression: 'contains(custom.marks, "hot")'}
  order.formula_of_formula: {label: {en: F}, type: formula, expression: custom.formula_score + 1}
  product.rollup_part_score: {label: {en: R}, type: rollup, rollup: {over: custom.usedIn, function: max, field: custom.score}}
  product.rollup_part_gold: {label: {en: R}, type: rollup, rollup: {over: custom.usedIn, function: count, where: 'custom.tier = "gold"'}}
  customer.rollup_score: {label: {en: R}, type: rollup, rollup: {over: orders, function: sum, field: custom.score}}
  customer.rollup_where_score: {label: {en: R}, type: rollup, rollup: {over: orders, function: count, where: custom.score > 1}}
  customer.rollup_by_score: {label: {en: R}, type: rollup, rollup: {over: orders, function: last, field: total, by: custom.score}}
  order.option_score: {label: {en: O}, type: select, options: [{key: a, label: {en: A}, when: {custom: {score: {gt: 1}}}}]}
  order.option_level: {label: {en: O}, type: select, options: [{key: a, label: {en: A}, when: {customer: {custom: {level: {gt: 1}}}}}]}
  order.option_status: {label: {en: O}, type: select, options: [{key: a, label: {en: A}, when: {status: {in: [draft]}}}]}
  order.option_gold: {label: {en: O}, type: multi_select, options: [{key: a, label: {en: A}, when: {custom: {tier: {eq: gold}}}}]}
  order.default_score: {label: {en: D}, type: integer, default_expression: custom.score}
  order.number_tier: {label: {en: N}, type: auto_number, numbering: "{custom.tier}-{seq}"}
numbering: {order: {pattern: "{custom.score}-{seq}"}}
statuses:
  gate_score: {label: {en: S}, category: open, gate: {enter: {custom: {score: {gt: 1}}}}}
  gate_level: {label: {en: S}, category: open, gate: {leave: {customer: {custom: {level: {gt: 1}}}}}}
transitions:
  begin: {label: {en: T}, sources: [draft], target: gate_level}
  condition_score: {label: {en: T}, sources: [gate_score], target: gate_level, condition: {custom: {score: {gt: 1}}}}
  fields_score: {label: {en: T}, sources: [gate_score], target: gate_level, fields: [custom.score]}
  condition_type: {label: {en: T}, sources: [gate_score], target: gate_level, condition: {type: {eq: repair}}}
  of_cycle: {label: {en: T}, sources: [gate_score], target: gate_level, life_cycles: [workshop]}
life_cycles:
  workshop: {label: {en: C}, initial: gate_score, statuses: {gate_score: {}, gate_level: {}}}
  cycle_score: {label: {en: C}, initial: gate_level, statuses: {gate_level: {leave: {custom: {score: {gt: 1}}}}}}
order_types:
  repair: {label: {en: Repair}, life_cycle: workshop}
rules:
  fields_score: {effect: require, fields: [custom.score]}
  unique_score: {effect: unique, fields: [custom.score, channel]}
  when_level: {effect: require, fields: [channel], when: {customer: {custom: {level: {gt: 1}}}}}
  check_part_size: {effect: check, check: custom.part.custom.size > 1, fields: [channel], message: {en: No}}
  when_gold: {effect: require, fields: [channel], when: {or: [{custom: {tier: {in: [gold]}}}]}}
  check_gold: {effect: check, check: 'custom.tier != "gold"', fields: [channel], message: {en: No}}
  when_hot: {effect: hide, fields: [channel], when: {custom: {marks: {containsAny: [hot]}}}}
  when_cycle: {effect: require, fields: [channel], when: {lifeCycle: {key: {eq: workshop}}}}
  when_reason: {effect: require, fields: [channel], when: {voidReason: {in: [other]}}}
  when_score_some: {record_type: customer, effect: require, fields: [notes], when: {orders: {some: {custom: {score: {gt: 1}}}}}}
  when_score_sum: {record_type: customer, effect: require, fields: [notes], when: {orders: {sum: {custom: {score: {gt: 1}}}}}}
roles:
  clerk: {label: {en: Clerk}, grants: [{object: order, actions: [read, transition.condition_score]}]}
  reading_score: {label: {en: B}, closed_fields: [order], grants: [{object: order, actions: [read], fields: [custom.score]}]}
  inheriting: {label: {en: B}, inherits: [clerk]}
automations:
  condition_score: {label: {en: A}, events: [created], condition: {custom: {score: {gt: 1}}}, actions: [{type: set_field, field: channel, value: a}]}
  set_score: {label: {en: A}, events: [created], actions: [{type: set_field, field: custom.score, value: 1}]}
  set_gold: {label: {en: A}, events: [created], actions: [{type: set_field, field: custom.tier, value: gold}]}
  set_hot: {label: {en: A}, events: [created], actions: [{type: set_field, field: custom.marks, value: [hot]}]}
  text_score: {label: {en: A}, events: [created], actions: [{type: notify, to: owner, text: "{{ order.custom.score }}"}]}
  text_brackets_score: {label: {en: A}, events: [created], actions: [{type: send_email, to: owner, subject: Hello, body: '{{ order.custom["score"] }}'}]}
  text_gold: {label: {en: A}, events: [created], actions: [{type: notify, to: owner, text: '{% if order.custom.tier == "gold" %}x{% endif %}'}]}
  text_status: {label: {en: A}, events: [created], actions: [{type: notify, to: owner, text: '{% if order.status.key == "draft" %}x{% endif %}'}]}
  to_status: {label: {en: A}, events: [created], actions: [{type: change_status, to: draft}]}
  by_step: {label: {en: A}, events: [created], actions: [{type: change_status, to: gate_level, step: condition_score}]}
  to_clerk: {label: {en: A}, events: [created], actions: [{type: notify, to: "role:clerk", text: Hello}]}
  as_clerk: {label: {en: A}, events: [created], role: clerk, actions: [{type: set_field, field: channel, value: a}]}
views:
  column_score: {label: {en: V}, columns: [{path: custom.score}]}
  column_level: {label: {en: V}, columns: [{path: customer.custom.level}]}
  column_part_size: {label: {en: V}, columns: [{path: custom.part.custom.size}]}
  where_score: {label: {en: V}, where: {not: {custom: {score: {gt: 1}}}}}
  where_part_size: {label: {en: V}, where: {custom: {part: {custom: {size: {gt: 1}}}}}}
  where_reverse_score: {label: {en: V}, record_type: product, where: {custom: {usedIn: {some: {custom: {score: {gt: 1}}}}}}}
  where_gold: {label: {en: V}, where: {custom: {tier: {eq: gold}}}}
  where_status: {label: {en: V}, where: {status: {eq: draft}}}
  where_type: {label: {en: V}, where: {type: {eq: repair}}}
  order_score: {label: {en: V}, order_by: [{custom: {score: ASC}}]}
  group_tier: {label: {en: V}, group_by: custom.tier}
  for_clerk: {label: {en: V}, roles: [clerk]}
  first_clerk: {label: {en: V}, default_for: [clerk]}
"""
NEEDED = {
    "field order.score": """
        field: order.formula_score product.formula_part_score product.rollup_part_score customer.rollup_score
          customer.rollup_where_score customer.rollup_by_score order.option_score order.default_score
        role: reading_score
        numbering: order
        status: gate_score
        transition: condition_score fields_score
        life_cycle: cycle_score
        rule: fields_score unique_score when_score_some when_score_sum
        automation: condition_score set_score text_score text_brackets_score
        view: column_score where_score where_reverse_score order_score
    """,
    "field order.formula_score": "field: order.formula_of_formula",
    "field order.tier": """
        field: order.formula_gold product.rollup_part_gold order.option_gold order.number_tier
        rule: when_gold check_gold
        automation: set_gold text_gold
        view: where_gold group_tier
    """,
    "field order.marks": "field: order.formula_hot rule: when_hot automation: set_hot",
    "field order.part": """
        field: order.formula_part_size product.formula_part_score product.rollup_part_score product.rollup_part_gold
        rule: check_part_size
        view: column_part_size where_part_size where_reverse_score
    """,
    "field product.size": "field: order.formula_part_size rule: check_part_size view: column_part_size where_part_size",
    "field customer.level": "field: order.formula_level order.option_level status: gate_level rule: when_level view: column_level",
    "status gate_score": """
        transition: condition_score fields_score condition_type of_cycle
        life_cycle: workshop
    """,
    "transition condition_score": "role: clerk automation: by_step",
    "order_type repair": "field: order.formula_type transition: condition_type view: where_type",
    "void_reason other": "field: order.formula_reason rule: when_reason",
    "role clerk": "role: inheriting automation: to_clerk as_clerk view: for_clerk first_clerk",
}


def names(text: str) -> Iterator[tuple[str, str]]:
    """Kinds and keys of a list such as ``field: order.a order.b rule: c``."""
    kind = ""
    for word in text.split():
        if word.endswith(":"):
            kind = word[:-1]
        else:
            yield kind, word


@pytest.fixture
async def book(company: Company, client: Client) -> Company:
    await done(company, APPLY_CONFIGURATION, document=BOOK, merge=True)
    return company


def told(change: Row) -> set[tuple[str, str]]:
    return {(found["kind"], found["key"]) for found in change["dependents"]}


async def test_every_place_that_names_a_definition_is_told(book: Company) -> None:
    """All that need it, and none else; nothing is changed by asking."""
    async with unchanged(book):
        found = {needed: told(await removal(book, *needed.split())) for needed in NEEDED}
    assert found == {needed: set(names(text)) for needed, text in NEEDED.items()}


async def test_every_place_that_names_a_status(book: Company) -> None:
    """Steps of the company's first life cycle name it as well."""
    found = told(await removal(book, "status", "draft"))
    assert {(kind, key) for kind, key in found if kind != "transition"} == set(
        names("field: order.formula_status order.option_status automation: text_status to_status view: where_status")
    )
    assert ("transition", "begin") in found


OPTIONS = {
    "gold": """
        field: order.formula_gold order.option_gold product.rollup_part_gold rule: when_gold check_gold
        automation: set_gold text_gold view: where_gold
    """,
    "hot": "field: order.formula_hot rule: when_hot automation: set_hot",
}
LABELS = {"rule": "", "automation": " (A)", "view": " (V)"}


@pytest.mark.parametrize("option", OPTIONS)
async def test_every_place_that_names_an_option(book: Company, option: str) -> None:
    """Before the option is archived: what goes on naming it, and how many members' own views do."""
    private = f'mutation {{ createView(input: {{label: {{en: "Mine"}}, orders: {{where: {{custom: {{tier: {{eq: {option}}}}}}}}}}}) {{ __typename }} }}'
    if option == "gold":
        await book.data(private, person=book.member)
    field = {"gold": "tier", "hot": "marks"}[option]
    document = (await book.data("{ configuration { document } }"))["configuration"]["document"]
    assert document.count(f"- key: {option}\n") == 1
    planned = await plan(book, document.replace(f"- key: {option}\n", f"- key: {option}\n      archived: true\n"))
    (change,) = planned["changes"]
    # What would go on setting it has to be changed first.
    assert [problem["path"][:2] for problem in planned["problems"]] == [["automation", f"set_{option}"]]
    assert change["key"] == f"order.{field}"
    expected = [
        f"The option '{option}' is named by {kind} '{key}'{label}, which goes on with the records that hold it."
        for kind, key in names(OPTIONS[option])
        for label in [LABELS.get(kind, f" ({key.partition('.')[2][:1].upper()})")]
    ]
    own = [f"The option '{option}' is named by 1 view that members keep for themselves."] if option == "gold" else []
    assert sorted(change["remarks"]) == sorted(expected + own)
