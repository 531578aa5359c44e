"""Documents that cannot be a configuration, with what is said of each."""

from typing import NamedTuple


class Case(NamedTuple):
    """A document without its first line, the place of what is wrong, and what is said of it, in English and Chinese."""

    body: str
    place: str
    code: str
    english: str
    chinese: str


def field(body: str, key: str = "order.x") -> str:
    return f"fields: {{{key}: {{{body}}}}}"


def formula(expression: str) -> str:
    return field(f"label: {{en: X}}, type: formula, expression: {expression!r}")


def levels(depth: int) -> str:
    return "{not: " * depth + "{}" + "}" * depth


BOMB = "".join(f"x{step}: &a{step} [{', '.join([f'*a{step - 1}' if step else '1'] * 10)}]\n" for step in range(9))
LABELLED = "label: {en: X}, type: text"


def grant(body: str) -> str:
    return f"roles: {{r: {{label: {{en: R}}, grants: [{{{body}}}]}}}}"


CASES: dict[str, Case] = {
    "a formula that is too long": Case(
        formula("1" + "+1" * 5_000),
        "fields.order.x.expression",
        "VALUE_TOO_LONG",
        "The text has 10001 characters; at most 2000 are allowed. Shorten it.",
        "文本有 10001 个字符，最多允许 2000 个，请缩短。",
    ),
    "aliases of aliases": Case(
        BOMB,
        "",
        "CONFIG_TOO_MANY_PARTS",
        "The document has more than 200000 parts once its aliases are written out.",
        "展开别名后，文档的组成部分超过 200000 个。",
    ),
    "an alias of what is not there": Case(
        "fields: *gone",
        "",
        "CONFIG_YAML_ALIAS",
        "Line 2 of the document names *gone, which is not written before.",
        "文档第 2 行引用了 *gone，但前文未定义。",
    ),
    "a tag that would run something": Case(
        "fields: {order.x: !!python/object/apply:os.system [ls]}",
        "",
        "CONFIG_YAML_TAG",
        "Line 2 of the document has the tag tag:yaml.org,2002:python/object/apply:os.system;"
        " tags are not taken, put quotes around a text that begins with '!'.",
        "文档第 2 行含有标签 tag:yaml.org,2002:python/object/apply:os.system；不支持标签，以“!”开头的文本请加引号。",
    ),
    "a merge": Case(
        "fields: {order.x: &a {label: {en: X}, type: text}, order.y: {<<: *a}}",
        "",
        "CONFIG_YAML_MERGE",
        "Line 2 of the document merges by '<<', which is not taken: write out what is meant.",
        "文档第 2 行使用了“<<”合并，不支持此写法：请完整写出内容。",
    ),
    "a key twice": Case(
        "fields:\n  order.x:\n    type: text\n    label: {en: X}\n    type: integer",
        "",
        "CONFIG_YAML_DOUBLE_KEY",
        "Line 6 of the document has the key 'type' a second time in the same place.",
        "文档第 6 行的键“type”在同一处重复出现。",
    ),
    "a list as a key": Case(
        "fields: {? [a, b] : 1}",
        "",
        "CONFIG_YAML_KEY",
        "Line 2 of the document has a list or a mapping as a key; a key is a word.",
        "文档第 2 行以列表或映射作为键；键必须是单词。",
    ),
    "5,000 levels": Case(
        "fields: " + "[" * 5_000,
        "",
        "CONFIG_YAML_TOO_DEEP",
        "Line 2 of the document is nested more than 70 levels deep.",
        "文档第 2 行的嵌套超过 70 层。",
    ),
    "a rule 1,000 levels deep": Case(
        f"rules: {{r: {{record_type: order, effect: require, fields: [notes], when: {levels(1_000)}}}}}",
        "",
        "CONFIG_YAML_TOO_DEEP",
        "Line 2 of the document is nested more than 70 levels deep.",
        "文档第 2 行的嵌套超过 70 层。",
    ),
    "two documents": Case(
        "---\nfields: {}",
        "",
        "CONFIG_YAML_DOCUMENTS",
        "Line 2 begins a second document; there can be one.",
        "第 2 行开始了第二个文档；只能有一个文档。",
    ),
    "a bracket that is left open": Case(
        "fields: {order.x: {label: {en: X}, type: text",
        "",
        "CONFIG_YAML",
        "Line 2, column 46 of the document cannot be read: expected ',' or '}', but got '<stream end>'.",
        "文档第 2 行第 46 列无法读取：expected ',' or '}', but got '<stream end>'。",
    ),
    "an unknown section": Case(
        "feilds: {}",
        "feilds",
        "CONFIG_UNKNOWN_SECTION",
        "There is no section 'feilds'. Did you mean 'fields'?",
        "没有“feilds”部分。是否应为“fields”？",
    ),
    "a section that is a list": Case(
        "fields: [a, b]",
        "fields",
        "CONFIG_NOT_MAPPING",
        "'['a', 'b']' is no list of names with values.",
        "“['a', 'b']”不是“名称: 值”形式的内容。",
    ),
    "an unknown key": Case(
        field("lable: {en: X}, label: {en: X}, type: text"),
        "fields.order.x.lable",
        "CONFIG_UNKNOWN_PROPERTY_NEAR",
        "There is no 'lable' here. Did you mean 'label'?",
        "此处没有“lable”。是否应为“label”？",
    ),
    "an unknown key of an option": Case(
        field("label: {en: X}, type: select, options: [{key: a, label: {en: A}, color: '#000000'}]"),
        "fields.order.x.options.0.color",
        "CONFIG_UNKNOWN_PROPERTY_NEAR",
        "There is no 'color' here. Did you mean 'colour'?",
        "此处没有“color”。是否应为“colour”？",
    ),
    "an unknown key that is near to none": Case(
        "void_reasons: {r: {label: {en: R}, zzz: 1}}",
        "void_reasons.r.zzz",
        "CONFIG_UNKNOWN_PROPERTY",
        "There is no 'zzz' here. It can be: archived, label, note_required, position.",
        "此处没有“zzz”。可用的有：archived, label, note_required, position。",
    ),
    "a name that GraphQL has reserved": Case(
        field(LABELLED, "order.null"),
        "field.order.null",
        "CONFIG_RESERVED_KEY",
        "The key 'null' is reserved. Choose another.",
        "键“null”为保留字，请换一个。",
    ),
    "a name of introspection": Case(
        field(LABELLED, "order.__typename"),
        "field.order.__typename",
        "CONFIG_RESERVED_KEY",
        "The key '__typename' is reserved. Choose another.",
        "键“__typename”为保留字，请换一个。",
    ),
    "an emoji as a key": Case(
        field(LABELLED, "'order.😀'"),
        "field.order.😀",
        "CONFIG_BAD_KEY",
        "'order.😀' is not a usable key: begin with a letter, then letters, digits and _, at most 40.",
        "“order.😀”不能作为键：须以字母开头，其后为字母、数字或下划线，最多 40 个字符。",
    ),
    "a key with a blank without width": Case(
        field(LABELLED, '"order.a\\u200bb"'),
        "field.order.a\u200bb",
        "CONFIG_BAD_KEY",
        "'order.a\u200bb' is not a usable key: begin with a letter, then letters, digits and _, at most 40.",
        "“order.a\u200bb”不能作为键：须以字母开头，其后为字母、数字或下划线，最多 40 个字符。",
    ),
    "a label that turns the direction": Case(
        field('label: {en: "a\\u202eb"}, type: text'),
        "field.order.x.label.en",
        "CONFIG_INVISIBLE",
        "The text holds the sign U+202E, which cannot be seen. Write it anew, or paste it as plain text.",
        "文本含有不可见字符 U+202E。请重新输入，或以纯文本粘贴。",
    ),
    "a label that cannot be seen": Case(
        field('label: {en: "\\u200b"}, type: text'),
        "field.order.x.label.en",
        "CONFIG_INVISIBLE",
        "The text holds the sign U+200B, which cannot be seen. Write it anew, or paste it as plain text.",
        "文本含有不可见字符 U+200B。请重新输入，或以纯文本粘贴。",
    ),
    "an empty label": Case(
        field("label: {en: '  '}, type: text"),
        "fields.order.x.label.en",
        "VALUE_REQUIRED",
        "A value is needed here.",
        "此处必须填写。",
    ),
    "no label": Case(
        field("type: text"), "fields.order.x.label", "VALUE_REQUIRED", "A value is needed here.", "此处必须填写。"
    ),
    "a label in a language that the company has not": Case(
        field("label: {fr: X}, type: text"),
        "field.order.x.label.fr",
        "CONFIG_UNKNOWN_LANGUAGE",
        "The company has no language 'fr'; it has: en, zh. Add it to the settings first.",
        "公司没有语言“fr”，已有：en, zh。请先在设置中添加。",
    ),
    "a word as a number": Case(
        field(f"{LABELLED}, position: many"),
        "fields.order.x.position",
        "VALUE_NOT_INTEGER",
        "many is not a whole number.",
        "many 不是整数。",
    ),
    "a number beyond all": Case(
        field(f"{LABELLED}, position: 99999999999999999999"),
        "fields.order.x",
        "CONFIG_HUGE_NUMBER",
        "A number here is beyond 9223372036854775807; write exact decimals as texts, in quotes.",
        "此处的数字超过 9223372036854775807；精确小数请写成带引号的文本。",
    ),
    "neither true nor false": Case(
        field(f"{LABELLED}, required: maybe"),
        "fields.order.x.required",
        "VALUE_NOT_BOOLEAN",
        "maybe is neither true nor false.",
        "maybe 不是“是”或“否”。",
    ),
    "a category that is none": Case(
        "statuses: {held: {label: {en: Held}, category: opened}}",
        "statuses.held.category",
        "VALUE_NOT_OPTION",
        "opened is not one of the options: open, in_progress, done, void.",
        "opened 不在选项之中：open, in_progress, done, void。",
    ),
    "an effect that is none": Case(
        "rules: {r: {record_type: order, effect: hidden, fields: [notes]}}",
        "rules.r.effect",
        "VALUE_NOT_OPTION",
        "hidden is not one of the options: check, require, read_only, hide, unique.",
        "hidden 不在选项之中：check, require, read_only, hide, unique。",
    ),
    "a colour that is none": Case(
        "statuses: {held: {label: {en: Held}, category: open, colour: red}}",
        "statuses.held.colour",
        "CONFIG_BAD_FORM",
        "'red' is not in the form that is needed here.",
        "“red”的格式不符合此处要求。",
    ),
    "a text for a definition": Case(
        "fields: {order.x: text}",
        "fields.order.x",
        "CONFIG_NOT_MAPPING",
        "'text' is no list of names with values.",
        "“text”不是“名称: 值”形式的内容。",
    ),
    "a step into an archived status": Case(
        "statuses: {held: {label: {en: Held}, category: open, archived: true}}\n"
        "transitions: {hold: {label: {en: Hold}, sources: [draft], target: held}}",
        "transition.hold",
        "CONFIG_UNKNOWN_STATUS",
        "There is no status 'held'.",
        "没有状态“held”。",
    ),
    "another review": Case(
        "review: {all: {four_eyes: true}}",
        "review.all",
        "CONFIG_ONLY_KEY",
        "There is only one review, and its key is 'configuration', not 'all'.",
        "“review”只有一项，其键为“configuration”，不是“all”。",
    ),
    "a grant of no fields": Case(
        grant("object: order, actions: [read], fields: []"),
        "roles.r.grants.0.fields",
        "CONFIG_NO_GRANT_FIELDS",
        "The list of fields is empty. Name the fields, or leave 'fields' out to grant the whole object.",
        "字段列表为空。请列出字段；若要授予整个对象，请去掉 fields。",
    ),
    "a scope that is none": Case(
        grant("object: order, actions: [read], scope: mine"),
        "roles.r.grants.0.scope",
        "CONFIG_BAD_SCOPE",
        '"mine" is no scope. Give own, team, team_tree, shared, customer, or where: with a condition.',
        '"mine" 不是有效的范围。请使用 own, team, team_tree, shared, customer，或用 where: 给出条件。',
    ),
    "a scope of no condition": Case(
        grant("object: order, actions: [read], scope: {where: {}}"),
        "roles.r.grants.0.scope",
        "CONFIG_BAD_SCOPE",
        '{"where":{}} is no scope. Give own, team, team_tree, shared, customer, or where: with a condition.',
        '{"where":{}} 不是有效的范围。请使用 own, team, team_tree, shared, customer，或用 where: 给出条件。',
    ),
    "a scope of nothing": Case(
        grant("object: order, actions: [read], scope: {where: {or: []}}"),
        "role.r.grants.0.scope",
        "CONFIG_BAD_SCOPE",
        '{"or":[]} is no scope. Give own, team, team_tree, shared, customer, or where: with a condition.',
        '{"or":[]} 不是有效的范围。请使用 own, team, team_tree, shared, customer，或用 where: 给出条件。',
    ),
    "a right with a slip": Case(
        grant("object: order, actions: [raed]"),
        "role.r.grants.0",
        "CONFIG_UNKNOWN_RIGHT_NEAR",
        "There is no right 'order.raed'. Did you mean 'order.read'?",
        "没有权限“order.raed”。是否应为“order.read”？",
    ),
    "a right that there is none like": Case(
        grant("object: product, actions: [fly]"),
        "role.r.grants.0",
        "CONFIG_UNKNOWN_RIGHT",
        "There is no right 'product.fly'. There are: product.read, product.create, product.update, product.share, product.import, product.export.",
        "没有权限“product.fly”。可用的权限：product.read, product.create, product.update, product.share, product.import, product.export。",
    ),
    "a role that inherits from itself": Case(
        "roles: {r: {label: {en: R}, inherits: [r]}}",
        "role.r.inherits",
        "CONFIG_ROLE_CYCLE",
        "The role 'r' inherits from itself: r > r.",
        "角色“r”继承了自身：r > r。",
    ),
}
