"""NCF-4, X-62: what changed inside any kind of definition is told part by part, as an auditor would ask for it, in both languages."""

import pytest

from tests.documents import APPLY_CONFIGURATION, done, mutation
from tests.harness import Client, Company

SET_COMPANY = mutation("setCompany", "Configuration", "version changes { sentence }")
SET_REVIEW = mutation("setConfigurationReview", "Configuration", "version changes { sentence }")
SET_NUMBERING = mutation("setNumbering", "Configuration", "version changes { sentence }")

BEFORE = """
orderloom: 1
fields:
  order.frame:
    type: select
    label: {en: Frame}
    options:
      - {key: oak, label: {en: Oak}, colour: "#885522"}
      - {key: blue, label: {en: Blue}}
      - {key: gold, label: {en: Gold}, archived: true}
  order.width: {type: decimal, label: {en: Width}, maximum: "200"}
  customer.spent: {type: rollup, label: {en: Spent}, rollup: {over: orders, function: sum, field: total}}
statuses:
  review: {label: {en: Review}, category: open, gate: {enter: {lines: {count: {gte: 2}}}}}
  parked: {label: {en: Parked}, category: open}
transitions:
  look:
    label: {en: Look}
    sources: [draft]
    target: review
    condition: {total: {gt: "50"}}
    reasons: [{key: size, label: {en: Size}}]
life_cycles:
  bench: {label: {en: Bench}, initial: draft, statuses: {draft: {}, review: {}}}
roles:
  clerk: {label: {en: Clerk}, grants: [{object: order, actions: [read, create]}]}
rules:
  wide: {effect: require, fields: [notes], when: {custom: {frame: {in: [oak, blue]}}, customer: {emails: {some: {}}}}}
automations:
  tell:
    label: {en: Tell}
    events: [created]
    actions:
      - {type: set_field, field: priority, value: high}
      - {type: notify, to: owner, text: {en: Look}}
views:
  mine:
    label: {en: Mine}
    columns: [{path: number}, {path: total, width: 90}]
    order_by: [{number: ASC}]
    where: {status: {eq: draft}}
"""
AFTER = """
orderloom: 1
fields:
  order.frame:
    type: select
    label: {en: Frame}
    options:
      - {key: oak, label: {en: Oak}, archived: true}
      - {key: blue, label: {en: Azure}, when: {not: {priority: {eq: high}}}}
      - {key: gold, label: {en: Gold}}
      - {key: ash, label: {en: Ash}, colour: "#112233"}
  order.width: {type: decimal, label: {en: Width}, minimum: "1", maximum: "300"}
  customer.spent: {type: rollup, label: {en: Spent}, rollup: {over: orders, function: max, field: total, where: total > 0}}
statuses:
  review:
    label: {en: Review}
    category: open
    gate: {enter: {lines: {some: {quantity: {gt: "1"}}}, notes: {isNull: false}}, enter_refusal: {en: Two first.}, time_limit: P2D}
  parked: {label: {en: Parked}, category: open, gate: {leave: {or: [{tags: {containsAny: [a, b]}}, {promisedAt: {inNext: P3D}}]}}}
transitions:
  look:
    label: {en: Look}
    sources: [draft, confirmed]
    target: review
    condition: {total: {gt: "80"}, customer: {name: {startsWith: A}}}
    reasons: [{key: size, label: {en: Wrong size}}, {key: scratch, label: {en: Scratched}}]
life_cycles:
  bench: {label: {en: Bench}, initial: draft, statuses: {draft: {time_limit: PT4H}, review: {}, parked: {time_limit: P1D}}}
roles:
  clerk:
    label: {en: Clerk}
    grants:
      - {object: order, actions: [read, update]}
      - {object: order, actions: [void], effect: deny}
      - {object: order, actions: [read], fields: [total], effect: deny}
rules:
  wide: {effect: require, fields: [notes, channel], when: {custom: {frame: {in: [oak]}}}, message: {en: Say why.}}
automations:
  tell:
    label: {en: Tell}
    events: [created]
    actions:
      - {type: set_field, field: priority, value: low}
      - {type: notify, to: "role:owner", text: {en: Look}}
views:
  mine:
    label: {en: Mine}
    columns: [{path: total, width: 120}, {path: number}, {path: status}]
    order_by: [{total: DESC}, {number: ASC}]
    where: {status: {ne: draft}}
"""
EXPECTED = {
    "frame": (
        (
            "Change field 'order.frame' (Frame): option 'ash' (Ash) added: colour set to '#112233';"
            " option 'oak' (Oak): colour '#885522' taken away, archived;"
            " option 'blue' (Azure): label (en) from 'Blue' to 'Azure', condition set to 'not (priority is high)';"
            " option 'gold' (Gold): brought back"
        ),
        (
            "修改字段“order.frame”（Frame）：新增选项“ash”（Ash）：颜色设为“#112233”；选项“oak”（Oak）：去掉颜色“#885522”，归档；"
            "选项“blue”（Azure）：名称 (en)由“Blue”改为“Azure”，条件设为“非(priority 为 high)”；选项“gold”（Gold）：恢复"
        ),
    ),
    "width": (
        "Change field 'order.width' (Width): minimum set to '1'; maximum from '200' to '300'",
        "修改字段“order.width”（Width）：最小值设为“1”；最大值由“200”改为“300”",
    ),
    "spent": (
        "Change field 'customer.spent' (Spent): rollup: function from 'sum' to 'max', filter set to 'total > 0'",
        "修改字段“customer.spent”（Spent）：汇总：函数由“sum”改为“max”，筛选设为“total > 0”",
    ),
    "review": (
        (
            "Change status 'review' (Review): entry and exit: condition of entry from 'lines.count is at least 2' to"
            " 'some of lines with (quantity is greater than 1) and notes is filled in', refusal of entry (en) set to"
            " 'Two first.', time limit set to 'P2D'"
        ),
        (
            "修改状态“review”（Review）：进入与离开：进入条件由“lines.count 不小于 2”改为“至少一个 lines 满足 (quantity 大于 1) 且 notes 不为空”，"
            "不可进入的说明 (en)设为“Two first.”，时限设为“P2D”"
        ),
    ),
    "parked": (
        (
            "Change status 'parked' (Parked): entry and exit: condition of going on set to"
            " '(tags holds one of a, b) or (promisedAt is within the next P3D)'"
        ),
        "修改状态“parked”（Parked）：进入与离开：离开条件设为“(tags 含有其一 a、b) 或 (promisedAt 在未来 P3D 内)”",
    ),
    "look": (
        (
            "Change transition 'look' (Look): 'confirmed' added to statuses it leaves; condition from"
            " 'total is greater than 50' to 'total is greater than 80 and customer.name starts with A';"
            " reason 'scratch' (Scratched) added; reason 'size' (Wrong size): label (en) from 'Size' to 'Wrong size'"
        ),
        (
            "修改流转“look”（Look）：来源状态中新增“confirmed”；条件由“total 大于 50”改为“total 大于 80 且 customer.name 开头为 A”；"
            "新增原因“scratch”（Scratched）；原因“size”（Wrong size）：名称 (en)由“Size”改为“Wrong size”"
        ),
    ),
    "bench": (
        (
            "Change life cycle 'bench' (Bench): status 'parked' added: time limit set to 'P1D';"
            " status 'draft': time limit set to 'PT4H'"
        ),
        "修改生命周期“bench”（Bench）：新增状态“parked”：时限设为“P1D”；状态“draft”：时限设为“PT4H”",
    ),
    "clerk": (
        (
            "Change role 'clerk' (Clerk): order.create is no longer granted; may order.update; may no longer order.void;"
            " may no longer read order.total"
        ),
        "修改角色“clerk”（Clerk）：不再授权 order.create；可执行 order.update；不能再执行 order.void；不能再读取 order.total",
    ),
    "wide": (
        (
            "Change rule 'wide': 'channel' added to fields; condition from 'custom.frame is one of oak, blue and customer.emails is filled in' to"
            " 'custom.frame is one of oak'; message (en) set to 'Say why.'"
        ),
        "修改规则“wide”：字段中新增“channel”；条件由“custom.frame 属于 oak、blue 且 customer.emails 不为空”改为“custom.frame 属于 oak”；提示 (en)设为“Say why.”",
    ),
    "tell": (
        (
            "Change automation 'tell' (Tell): action 1 (set a field): 'value' from 'high' to 'low';"
            " action 2 (notify): 'to' from 'owner' to 'role:owner'"
        ),
        "修改自动化“tell”（Tell）：动作 1（设置字段）：“value”由“high”改为“low”；动作 2（通知）：“to”由“owner”改为“role:owner”",
    ),
    "mine": (
        (
            "Change view 'mine' (Mine): column 'status' added; column 'total': width from '90' to '120'; columns in another"
            " order; filter from 'status is draft' to 'status is not draft'; order from 'number ascending' to"
            " 'total descending, number ascending'"
        ),
        (
            "修改视图“mine”（Mine）：新增列“status”；列“total”：宽度由“90”改为“120”；列顺序改变；筛选由“status 为 draft”改为“status 不为 draft”；"
            "排序由“number 升序”改为“total 降序, number 升序”"
        ),
    ),
}


async def test_every_part_is_told(company: Company, client: Client) -> None:
    """Options, gates, conditions, grants, rollups, actions, columns: what is otherwise, and nothing else."""
    await done(company, APPLY_CONFIGURATION, document=BEFORE, merge=True)
    await done(company, APPLY_CONFIGURATION, document=AFTER, merge=True)
    log = "{ changeSets(first: 1) { nodes { changes { key sentence } } } }"
    for place, person in enumerate((company.owner, await company.add_person("admin", language="zh"))):
        (node,) = (await company.data(log, person=person))["changeSets"]["nodes"]
        found = {change["key"].rpartition(".")[2]: change["sentence"] for change in node["changes"]}
        assert found == {key: said[place] for key, said in EXPECTED.items()}


async def test_what_there_is_only_one_of(company: Company, client: Client) -> None:
    """Settings, review and numbering hold before anybody sets them: the change is told against that."""
    made = await done(company, SET_COMPANY, name="Brook & Co", languages=["en", "zh", "de"])
    assert [change["sentence"] for change in made["changes"]] == [
        "Change the company's settings: name set to 'Brook & Co'; languages set to 'en, zh, de'"
    ]
    made = await done(company, SET_NUMBERING, pattern="F-{seq:4}", gapless=True)
    assert [change["sentence"] for change in made["changes"]] == [
        (
            "Change the company's numbering: pattern from 'SO-{year}-{seq:5}' to 'F-{seq:4}'; numbers without holes"
            " switched on"
        )
    ]
    await company.add_person("admin")
    made = await done(company, SET_REVIEW, fourEyes=True)
    assert [change["sentence"] for change in made["changes"]] == [
        "Change the company's review: approval by somebody else switched on"
    ]
    chinese = await company.add_person("admin", language="zh")
    log = "{ changeSets(first: 3) { nodes { changes { sentence } } } }"
    nodes = (await company.data(log, person=chinese))["changeSets"]["nodes"]
    assert [change["sentence"] for node in nodes for change in node["changes"]] == [
        "修改公司的审批：开启“须由他人审批”",
        "修改公司的编号规则：规则由“SO-{year}-{seq:5}”改为“F-{seq:4}”；开启“连续编号”",
        "修改公司的设置：名称设为“Brook & Co”；语言设为“en, zh, de”",
    ]


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        (
            "[{type: notify, to: owner, text: {en: Look}}]",
            "'set a field (field priority, value high)' taken out of actions",
        ),
        (
            "[{type: notify, to: owner, text: {en: Look}}, {type: set_field, field: priority, value: high}]",
            "actions in another order",
        ),
        (
            (
                "[{type: set_field, field: priority, value: high}, {type: notify, to: owner, text: {en: Look}},"
                " {type: notify, to: owner, text: {en: Again}}]"
            ),
            "'notify (to owner, text (en) Again)' added to actions",
        ),
    ],
)
async def test_actions_that_come_and_go(company: Company, client: Client, actions: str, said: str) -> None:
    await done(company, APPLY_CONFIGURATION, document=BEFORE, merge=True)
    document = f"orderloom: 1\nautomations: {{tell: {{label: {{en: Tell}}, events: [created], actions: {actions}}}}}\n"
    made = await done(company, APPLY_CONFIGURATION, document=document, merge=True)
    assert [change["sentence"] for change in made["changes"]] == [f"Change automation 'tell' (Tell): {said}"]
