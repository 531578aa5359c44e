"""Values and settings of fields."""

SENTENCES: dict[str, tuple[str, str]] = {
    "value.no_country_code": (
        "'{value}' is no number that can be dialled from everywhere. Begin with + and the country code, such as +49 30 123456.",
        "“{value}”不是国际号码，请以 + 和国家代码开头，例如 +86 138 0013 8000。",
    ),
    "value.not_url": (
        "'{value}' is no web address. Write it in full, such as https://example.com/page.",
        "“{value}”不是网址，请写完整，例如 https://example.com/page。",
    ),
    "value.not_time": (
        "'{value}' is no time of day. Write it like 14:30 or 14:30:00.",
        "“{value}”不是时间，请写成 14:30 或 14:30:00。",
    ),
    "value.not_duration": (
        "'{value}' is no length of time of up to 30 years. Write it like PT1H30M, P7D or 1:30.",
        "“{value}”不是时长（最长 30 年），请写成 PT1H30M、P7D 或 1:30。",
    ),
    "value.not_json": ("'{value}' is no JSON.", "“{value}”不是 JSON。"),
    "value.json_deep": (
        "The value holds objects and lists more than {deepest} levels deep.",
        "该值的对象和列表嵌套超过 {deepest} 层。",
    ),
    "value.json_large": (
        "The value has {size} bytes as JSON; at most {largest} are allowed.",
        "该值的 JSON 为 {size} 字节，上限为 {largest} 字节。",
    ),
    "field.too_small": (
        "'{value}' is less than {least}, the smallest that the field takes.",
        "“{value}”小于该字段允许的最小值 {least}。",
    ),
    "field.too_large": (
        "'{value}' is more than {most}, the largest that the field takes.",
        "“{value}”大于该字段允许的最大值 {most}。",
    ),
    "field.too_short": (
        "The field takes no less than {least} characters or entries; these are {value}.",
        "该字段至少需要 {least} 个字符或条目，当前为 {value} 个。",
    ),
    "field.too_long": (
        "The field takes no more than {most} characters or entries; these are {value}.",
        "该字段最多允许 {most} 个字符或条目，当前为 {value} 个。",
    ),
    "field.pattern": (
        "'{value}' does not have the form that the field asks for: {pattern}.",
        "“{value}”不符合该字段要求的格式：{pattern}。",
    ),
    "field.bad_pattern": (
        "'{pattern}' is no pattern that can be used: {reason}. See https://github.com/google/re2/wiki/Syntax.",
        "“{pattern}”不是可用的格式表达式：{reason}。参见 https://github.com/google/re2/wiki/Syntax。",
    ),
    "field.no_setting": (
        "A field of the type '{type}' has no '{name}'.",
        "“{type}”类型的字段没有“{name}”设置。",
    ),
    "field.limits_cross": (
        "The smallest, {least}, is more than the largest, {most}.",
        "最小值 {least} 大于最大值 {most}。",
    ),
    "field.not_indexable": (
        "A field of the type '{type}' cannot be indexed, and so not be unique either.",
        "“{type}”类型的字段不能建立索引，因此也不能设为唯一。",
    ),
    "field.numbering_missing": (
        "An automatic number needs a numbering, such as A-{{year}}-{{seq:5}}.",
        "自动编号需要编号规则，例如 A-{{year}}-{{seq:5}}。",
    ),
    "config.unknown_part": (
        "'{part}' cannot be part of a number. These can: {parts}.",
        "“{part}”不能作为编号的一部分，可用的有：{parts}。",
    ),
    "field.default_kind": (
        "The expression is of the kind {kind}, which is no value of a field of the type '{type}'.",
        "表达式的类型是 {kind}，不能作为“{type}”类型字段的值。",
    ),
    "field.default_far": (
        "A default is worked out from the record itself. This expression looks at others ({reach}).",
        "默认值只能由记录本身计算，该表达式涉及其他记录（{reach}）。",
    ),
    "field.two_defaults": (
        "The field has a default already. Give either a value or an expression.",
        "该字段已有默认值，值和表达式只能选一种。",
    ),
    "field.no_auto_number": (
        "'{key}' is no field that numbers records by itself.",
        "“{key}”不是自动编号字段。",
    ),
    "field.numbered": ("Numbered in '{key}'", "已按“{key}”编号"),
    "field.given": (
        "The field '{name}' fills itself; leave it out.",
        "字段“{name}”由系统自动填写，请勿填写。",
    ),
    "value.not_money": (
        "'{value}' is no amount of money. Write it like 12.50 or 12.50 EUR.",
        "“{value}”不是金额，请写成 12.50 或 12.50 CNY。",
    ),
    "value.money_parts": (
        "Money is an amount and a currency, and nothing else.",
        "金额由 amount 和 currency 组成，不含其他内容。",
    ),
    "value.not_address": (
        "'{value}' is no address: give its parts, such as line1, city and country.",
        "“{value}”不是地址，请按部分填写，例如 line1、city 和 country。",
    ),
    "field.no_target": (
        "A link must say what it leads to: order, customer or product.",
        "链接字段必须指定目标：order、customer 或 product。",
    ),
    "field.not_unique": (
        "A field of the type '{type}' cannot be unique.",
        "“{type}”类型的字段不能设为唯一。",
    ),
    "field.target_changed": (
        "The links lead to records of the type '{old}' and cannot lead to '{new}'. Add another field instead.",
        "该链接指向“{old}”，不能改为“{new}”，请另建字段。",
    ),
    "field.reverse_taken": (
        "There is a field '{key}' of {target} already.",
        "{target} 已有名为“{key}”的字段。",
    ),
}
