"""What can be wrong with a value, whatever field it is for."""

SENTENCES: dict[str, tuple[str, str]] = {
    "value.required": ("A value is needed here.", "此处必须填写。"),
    "value.not_writable": (
        "You lack the right '{right}', so you cannot fill this in. Roles that have it: {roles}. {ask}",
        "您没有“{right}”权限，不能填写此处。拥有该权限的角色：{roles}。{ask}",
    ),
    "value.not_writable_here": (
        "Your right '{right}' is not of this record, or not of what it would become, so you cannot fill this in. Roles that have it of all: {roles}. {ask}",
        "您的“{right}”权限不适用于此记录，或不适用于其更改后的状态，不能填写此处。对所有记录拥有该权限的角色：{roles}。{ask}",
    ),
    "value.not_text": ("{value} is not a text.", "{value} 不是文本。"),
    "value.too_long": (
        "The text has {length} characters; at most {longest} are allowed. Shorten it.",
        "文本有 {length} 个字符，最多允许 {longest} 个，请缩短。",
    ),
    "value.unprintable": (
        "The text holds a character that cannot be stored (NUL or half a character). Remove it.",
        "文本含有无法保存的字符（NUL 或不完整字符），请删除。",
    ),
    "value.not_a_name": (
        "A name is one line of characters that can be seen. Remove line breaks, control characters and marks of direction.",
        "名称只能是一行可见字符，请删除换行、控制字符和方向标记。",
    ),
    "value.not_integer": ("{value} is not a whole number.", "{value} 不是整数。"),
    "value.integer_range": (
        "{value} is outside {smallest} to {largest}. Use a decimal field for larger numbers.",
        "{value} 超出 {smallest} 至 {largest} 的范围，更大的数请使用小数字段。",
    ),
    "value.not_decimal": (
        '{value} is not a decimal number. Write it like "1234.50", without thousands separators.',
        '{value} 不是小数，请写成 "1234.50" 的形式，不要千位分隔符。',
    ),
    "value.decimal_range": (
        "{value} is too large; at most {digits} digits before the point.",
        "{value} 过大，小数点前最多 {digits} 位。",
    ),
    "value.decimal_places": ("{value} has more than {places} decimal places.", "{value} 的小数位超过 {places} 位。"),
    "value.money_places": (
        "{value} has more decimal places than {currency} has ({places}).",
        "{value} 的小数位超过 {currency} 允许的 {places} 位。",
    ),
    "value.not_boolean": ("{value} is neither true nor false.", "{value} 不是“是”或“否”。"),
    "value.not_date": (
        "{value} is not a date. Write it like 2026-03-31.",
        "{value} 不是日期，请写成 2026-03-31 的形式。",
    ),
    "value.not_date_time": (
        "{value} is not a date and time. Write it like 2026-03-31T14:30:00+08:00.",
        "{value} 不是日期时间，请写成 2026-03-31T14:30:00+08:00 的形式。",
    ),
    "value.not_duration": (
        "{value} is not a duration by ISO 8601 of at most 100 years. Write it like P7D, P1M or PT2H.",
        "{value} 不是 ISO 8601 时长（最长 100 年），请写成 P7D、P1M 或 PT2H 的形式。",
    ),
    "value.duration_of_days": (
        "{value} has hours, minutes or seconds, but days are compared. Write it like P7D.",
        "{value} 含有时、分或秒，而这里按天比较，请写成 P7D 的形式。",
    ),
    "value.no_offset": (
        "{value} has no time zone. Add an offset such as +08:00 or Z.",
        "{value} 没有时区，请加上 +08:00 或 Z 之类的偏移。",
    ),
    "value.not_option": ("{value} is not one of the options: {options}.", "{value} 不在选项之中：{options}。"),
    "value.not_list": ("{value} is not a list.", "{value} 不是列表。"),
    "value.too_many": ("{count} entries; at most {most} are allowed.", "有 {count} 项，最多允许 {most} 项。"),
    "value.not_id": ("{value} is not an id.", "{value} 不是有效的 ID。"),
    "value.unknown_record": ("There is no {type} with the id {id}.", "没有 ID 为 {id} 的{type}。"),
    "value.not_email": ("{value} is not an e-mail address.", "{value} 不是电子邮件地址。"),
    "value.not_phone": (
        "{value} is not a phone number. Write its digits, best with the country code, like +86 138 0013 8000.",
        "{value} 不是电话号码，请填写数字，最好带国家代码，例如 +86 138 0013 8000。",
    ),
    "value.not_currency": (
        "{value} is not a currency code of ISO 4217, such as EUR or CNY.",
        "{value} 不是 ISO 4217 货币代码，例如 EUR 或 CNY。",
    ),
    "value.not_country": (
        "{value} is not a country code of ISO 3166, such as DE or CN.",
        "{value} 不是 ISO 3166 国家代码，例如 DE 或 CN。",
    ),
    "value.not_positive": ("{value} must be greater than zero.", "{value} 必须大于零。"),
    "value.negative": ("{value} must not be negative.", "{value} 不能为负数。"),
    "value.not_rate": (
        '{value} is not a rate from 0 to 1; write 10 % as "0.1".',
        '{value} 不是 0 到 1 之间的比率，10% 请写成 "0.1"。',
    ),
    "value.taken": ("{value} is already in use. Choose another.", "{value} 已被使用，请换一个。"),
    "value.unknown_field": ("There is no field {name}.", "没有字段 {name}。"),
    "value.no_null": ("null cannot be compared. Use isNull.", "不能与 null 比较，请使用 isNull。"),
    "value.exclusive": ("Give {first} or {second}, not both.", "{first} 与 {second} 只能填一个。"),
    "value.one_key": ("Give exactly one of: {names}.", "请只填写其中一项：{names}。"),
    "value.one_per_entry": ("Each entry of orderBy holds exactly one field.", "orderBy 的每一项只能包含一个字段。"),
    "value.bad_cursor": (
        "This cursor does not belong to this list and order. Start again without it.",
        "该游标不属于此列表或此排序，请不带游标重新开始。",
    ),
    "value.page_size": (
        "A page of {value} is not possible; ask for 0 to {most}.",
        "每页 {value} 条不可行，请求 0 至 {most} 条。",
    ),
    "value.where_alone": (
        "'where' only says which records are meant. Add what must hold for them: some, none, every, count, sum, avg, min or max.",
        "where 只说明涉及哪些记录，请同时说明它们须满足什么：some、none、every、count、sum、avg、min 或 max。",
    ),
    "value.too_deep": ("The condition is nested more than {most} levels deep.", "条件嵌套超过 {most} 层。"),
    "value.too_large": ("The condition has more than {most} parts.", "条件超过 {most} 个部分。"),
}
