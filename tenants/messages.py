"""Every sentence that a tenant's user can be shown, in English and Chinese, by code.

A sentence says what was wrong, with which value, and what to do. Placeholders are filled by :func:`render`.
"""

from typing import Any

LONGEST_VALUE = 80

SENTENCES: dict[str, tuple[str, str]] = {
    # Values
    "value.required": ("A value is needed here.", "此处必须填写。"),
    "value.not_text": ("{value} is not a text.", "{value} 不是文本。"),
    "value.too_long": (
        "The text has {length} characters; at most {longest} are allowed. Shorten it.",
        "文本有 {length} 个字符，最多允许 {longest} 个，请缩短。",
    ),
    "value.unprintable": (
        "The text holds a character that cannot be stored (NUL or half a character). Remove it.",
        "文本含有无法保存的字符（NUL 或不完整字符），请删除。",
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
        "{value} is not a phone number. Write it with its country code, like +86 138 0013 8000.",
        "{value} 不是电话号码，请带国家代码书写，例如 +86 138 0013 8000。",
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
    "value.too_deep": ("The condition is nested more than {most} levels deep.", "条件嵌套超过 {most} 层。"),
    "value.too_large": ("The condition has more than {most} parts.", "条件超过 {most} 个部分。"),
    # General
    "invalid_input": ("{count} values are not valid.", "有 {count} 处输入无效。"),
    "not_allowed": (
        "You lack the right '{right}'. Roles that have it: {roles}. Ask an administrator.",
        "您没有“{right}”权限。拥有该权限的角色：{roles}。请联系管理员。",
    ),
    "not_signed_in": ("Sign in first: this needs a valid token.", "请先登录：此操作需要有效的令牌。"),
    "sign_in_failed": ("E-mail address, password or company is wrong.", "电子邮件、密码或公司不正确。"),
    "sign_in_choose": (
        "You belong to several companies. Sign in again with one of: {tenants}.",
        "您属于多个公司，请指定其中一个重新登录：{tenants}。",
    ),
    "not_found": ("There is no {type} with the id {id}.", "没有 ID 为 {id} 的{type}。"),
    "stale_version": (
        "The {type} has been changed meanwhile: you had version {expected}, it is now version {actual}. Look at it again and repeat your change.",
        "该{type}已被更改：您的版本是 {expected}，现在是版本 {actual}。请查看最新内容后重新修改。",
    ),
    "idempotency_key_reused": (
        "The idempotency key {key} was used before with other input. Use a new key.",
        "幂等键 {key} 已用于其他输入，请使用新的键。",
    ),
    "stale_configuration": (
        "The configuration has been changed meanwhile. Load it again and repeat your change.",
        "配置已被更改，请重新加载后再修改。",
    ),
    "busy": ("Too many calls change the same data at once. Try again.", "同时修改相同数据的请求过多，请重试。"),
    # Orders
    "order.illegal_step": (
        "An order cannot go from '{source}' to '{target}'. Next steps: {steps}.",
        "订单不能从“{source}”变为“{target}”。可选的下一步：{steps}。",
    ),
    "order.no_next_steps": (
        "An order in '{source}' has no next steps.",
        "处于“{source}”的订单没有下一步。",
    ),
    "order.unknown_status": (
        "There is no status '{status}'. Statuses: {statuses}.",
        "没有状态“{status}”。现有状态：{statuses}。",
    ),
    "order.use_void": (
        "'{status}' is reached by voiding the order: use voidOrder.",
        "“{status}”须通过作废订单达到：请使用 voidOrder。",
    ),
    "order.voided": (
        "The order is void since {at}; it can be read, not changed.",
        "订单已于 {at} 作废，只能查看，不能更改。",
    ),
    "order.void_blocked": (
        "An order in '{status}' cannot be voided. {hint}",
        "处于“{status}”的订单不能作废。{hint}",
    ),
    "order.no_void_status": (
        "The company has no status of the category 'void'. Define one first.",
        "公司没有“作废”类状态，请先定义。",
    ),
    "order.no_initial_status": (
        "The company has no initial status. Mark one with 'initial'.",
        "公司没有初始状态，请将一个状态标记为 initial。",
    ),
    "order.no_lines": ("An order needs at least one line.", "订单至少需要一行明细。"),
    "order.line_item": ("A line needs a product or a name.", "明细需要产品或名称。"),
    "order.line_price": (
        "The product {sku} has no price in {currency}; give unitPrice.",
        "产品 {sku} 没有 {currency} 价格，请填写 unitPrice。",
    ),
    "order.bare_line": ("Give unitPrice for a line without a product.", "没有产品的明细请填写 unitPrice。"),
    "order.discount_too_large": (
        "The discount {discount} is larger than the line's amount {amount}.",
        "折扣 {discount} 大于该行金额 {amount}。",
    ),
    "order.unknown_line": ("The order has no line with the id {id}.", "订单没有 ID 为 {id} 的明细。"),
    "order.customer_twice": ("Give customerId or customer, not both.", "customerId 与 customer 只能填一个。"),
    "order.unknown_address": ("The customer has no address with the id {id}.", "客户没有 ID 为 {id} 的地址。"),
    "order.unknown_reason": (
        "There is no void reason '{reason}'. Reasons: {reasons}.",
        "没有作废原因“{reason}”。现有原因：{reasons}。",
    ),
    "order.note_required": ("The reason '{reason}' needs a note.", "原因“{reason}”需要填写说明。"),
    "customer.own_company": ("A customer cannot be its own company.", "客户不能以自己为所属公司。"),
    "customer.not_company": ("{name} is a person, not a company.", "{name} 是个人，不是公司。"),
    # Configuration
    "config.unknown_kind": (
        "There is no kind of definition '{kind}'. Kinds: {kinds}.",
        "没有定义类型“{kind}”。现有类型：{kinds}。",
    ),
    "config.bad_key": (
        "'{key}' is not a usable key: begin with a letter, then letters, digits and _, at most 40.",
        "“{key}”不能作为键：须以字母开头，其后为字母、数字或下划线，最多 40 个字符。",
    ),
    "config.bad_value": ("{reason}", "{reason}"),
    "config.reserved_key": ("The key '{key}' is reserved. Choose another.", "键“{key}”为保留字，请换一个。"),
    "config.unknown_type": (
        "There is no field type '{type}'. Types: {types}.",
        "没有字段类型“{type}”。现有类型：{types}。",
    ),
    "config.unknown_object": (
        "'{object}' takes no custom fields. Use one of: {objects}.",
        "“{object}”不支持自定义字段，请使用：{objects}。",
    ),
    "config.type_change": (
        "The type of '{key}' cannot change from {old} to {new}; its values would be lost. Add a new field.",
        "“{key}”的类型不能从 {old} 改为 {new}，否则数据会丢失。请新建字段。",
    ),
    "config.no_options": ("A select field needs at least one option.", "选择字段至少需要一个选项。"),
    "config.has_options": ("A field of the type {type} has no options.", "{type} 类型的字段没有选项。"),
    "config.double_option": ("The option '{key}' is there twice.", "选项“{key}”重复。"),
    "config.option_removed": (
        "The option '{option}' cannot be removed, records may hold it; mark it as archived.",
        "选项“{option}”不能删除，可能有记录在使用；请标记为已归档。",
    ),
    "config.initial": (
        "{count} statuses are marked as initial; exactly one must be.",
        "有 {count} 个状态标记为初始，必须恰好一个。",
    ),
    "config.void_statuses": (
        "{count} statuses have the category 'void'; exactly one must have it.",
        "有 {count} 个状态属于“作废”类，必须恰好一个。",
    ),
    "config.unknown_status": ("There is no status '{status}'.", "没有状态“{status}”。"),
    "config.void_step": (
        "A transition cannot lead to or from a void status; voiding is an act of its own.",
        "流转不能进入或离开作废状态；作废是单独的操作。",
    ),
    "config.unknown_role": ("There is no role '{role}'.", "没有角色“{role}”。"),
    "config.role_cycle": ("The role '{role}' inherits from itself.", "角色“{role}”继承了自身。"),
    "config.built_in_role": ("'{role}' is a built-in role and cannot be changed.", "“{role}”是内置角色，不能更改。"),
    "config.unknown_right": ("There is no right '{right}'.", "没有权限“{right}”。"),
    "config.bad_pattern": (
        "'{pattern}' is no numbering pattern: it needs exactly one {{seq}} or {{seq:N}} with N from 1 to 9, and may use {{year}}, {{month}}, {{day}}.",
        "“{pattern}”不是有效的编号规则：必须恰好包含一个 {{seq}} 或 {{seq:N}}（N 为 1 至 9），可使用 {{year}}、{{month}}、{{day}}。",
    ),
    "config.unknown_record_type": (
        "Automations do not listen to '{type}'. Use one of: {types}.",
        "自动化不支持“{type}”，请使用：{types}。",
    ),
    "config.unknown_action": (
        "There is no action '{action}'. Actions: {actions}.",
        "没有动作“{action}”。现有动作：{actions}。",
    ),
    "config.author_role": (
        "An automation acts under a role that its author also holds; you do not hold '{role}'.",
        "自动化使用的角色必须是其创建者拥有的角色；您没有“{role}”角色。",
    ),
    "config.bad_template": ("The text is no valid template: {reason}.", "文本不是有效的模板：{reason}。"),
    "config.missing_definition": ("There is no {kind} '{key}'.", "没有{kind}“{key}”。"),
    "config.bad_document": ("The document cannot be read: {reason}.", "无法读取文档：{reason}。"),
    "config.in_use": (
        "The status '{key}' still has {count} orders. Move them first.",
        "状态“{key}”仍有 {count} 个订单，请先处理。",
    ),
    # Automations
    "automation.too_deep": (
        "Stopped: automations have set off one another {depth} times in a row. Look for a loop.",
        "已停止：自动化已连续相互触发 {depth} 次，请检查是否存在循环。",
    ),
    "automation.no_recipient": (
        "There is nobody to send it to: {recipient} is empty.",
        "没有收件人：{recipient} 为空。",
    ),
    "automation.poison": (
        "Parked after {attempts} attempts that ended without a result. Last error: {reason}",
        "{attempts} 次尝试均无结果，已搁置。最近的错误：{reason}",
    ),
    "automation.worker_died": ("The worker died while running it.", "工作进程在执行时中断。"),
    "automation.gone": ("The automation no longer exists or is switched off.", "该自动化已不存在或已停用。"),
    # Imports
    "import.bad_mapping": ("The mapping cannot be used: {place}: {reason}.", "映射无法使用：{place}：{reason}。"),
    "import.unknown_field": (
        "The mapping cannot be used: {place}: there is no field '{name}' here. Fields: {names}.",
        "映射无法使用：{place}：此处没有字段“{name}”。可用字段：{names}。",
    ),
    "import.needs_leaf": (
        "The mapping cannot be used: {place}: this is one value; name a column, or give const, template or cases.",
        "映射无法使用：{place}：这里是单个值，请给出列名、const、template 或 cases。",
    ),
    "import.needs_link": (
        "The mapping cannot be used: {place}: this is another record; name the column that holds its external id.",
        "映射无法使用：{place}：这里引用另一条记录，请给出保存其外部编号的列。",
    ),
    "import.needs_group": (
        "The mapping cannot be used: {place}: this has fields of its own; give each a column.",
        "映射无法使用：{place}：这里有下级字段，请分别给出列。",
    ),
    "import.needs_many": (
        "The mapping cannot be used: {place}: this is a list; give one entry of fields for each item.",
        "映射无法使用：{place}：这里是列表，请为每一项给出字段。",
    ),
    "import.no_column": (
        "The mapping cannot be used: {place}: the file has no column '{column}'. Columns: {columns}.",
        "映射无法使用：{place}：文件没有“{column}”列。现有列：{columns}。",
    ),
    "import.double_column": (
        "The mapping cannot be used: {place}: the file has more than one column '{column}'. Rename them in the file.",
        "映射无法使用：{place}：文件有多个“{column}”列，请在文件中改名。",
    ),
    "import.no_file": ("{place}: the file cannot be read: {reason}.", "{place}：无法读取文件：{reason}。"),
    "import.no_rows": ("{place}: the file is empty.", "{place}：文件为空。"),
    "import.bad_header": (
        "{place}: line {line}, which should name the columns, cannot be read: {reason}",
        "{place}：第 {line} 行应为列名，但无法读取：{reason}",
    ),
    "import.bad_text": (
        "{place}: the file is not text in {encoding}: see byte {position}. Name its encoding in the mapping.",
        "{place}：文件不是 {encoding} 编码的文本：见第 {position} 字节。请在映射中注明编码。",
    ),
    "import.field_count": (
        "The row has {count} fields, the header has {expected}. A comma inside a value must be quoted.",
        "该行有 {count} 个字段，表头有 {expected} 个。值中的逗号须加引号。",
    ),
    "import.bad_csv": ("The row is no valid CSV: {reason}.", "该行不是有效的 CSV：{reason}。"),
    "import.not_mapped": (
        "{value} is not in the mapping's map, which has: {known}.",
        "{value} 不在映射的 map 中，其中有：{known}。",
    ),
    "import.not_decimal": (
        "{value} is not a number with a decimal comma, such as 1.234,50.",
        "{value} 不是使用小数逗号的数字，例如 1.234,50。",
    ),
    "import.unknown_reference": ("There is no {type} known as {value}.", "没有编号为 {value} 的{type}。"),
    "import.duplicate": (
        "The external id {value} is already on line {line}.",
        "外部编号 {value} 已出现在第 {line} 行。",
    ),
    "import.orphan": ("The line belongs to {value}, which is not in the file.", "该明细属于 {value}，但文件中没有。"),
    "import.lines_rejected": (
        "{count} of its lines were rejected: see {file}, line {lines}.",
        "其 {count} 行明细被拒绝：见 {file} 第 {lines} 行。",
    ),
    "import.left_out": (
        "Left out with it: {file}, line {lines}.",
        "随之略过：{file} 第 {lines} 行。",
    ),
    "import.refused": ("The database refused it: {reason}.", "数据库拒绝了该行：{reason}。"),
    "import.not_base64": ("The content is not base64.", "内容不是 base64 编码。"),
    "import.too_large": (
        "The files have {size} bytes; at most {most} are allowed here. Use the command line.",
        "文件共 {size} 字节，此处最多 {most} 字节，请使用命令行。",
    ),
    "import.dry_run": ("Dry run: nothing was written.", "试运行：未写入任何数据。"),
    "import.file": (
        "{file} ({encoding}): {read} rows read; {created} created, {updated} updated, {unchanged} unchanged, {rejected} rejected.",
        "{file}（{encoding}）：读取 {read} 行；新增 {created}，更新 {updated}，未变 {unchanged}，拒绝 {rejected}。",
    ),
    "import.file_with_left_out": (
        "{file} ({encoding}): {read} rows read; {created} created, {updated} updated, {unchanged} unchanged, {rejected} rejected, {left_out} left out with rejected orders.",
        "{file}（{encoding}）：读取 {read} 行；新增 {created}，更新 {updated}，未变 {unchanged}，拒绝 {rejected}，随被拒订单略过 {left_out}。",
    ),
    "import.rejected": ("{file}, line {lines}: ", "{file} 第 {lines} 行："),
    "import.rejected_as": ("{file}, line {lines} ({id}): ", "{file} 第 {lines} 行（{id}）："),
    # Limits
    "limit.rows": (
        "The query may return {rows} rows; at most {most} are allowed. Ask for smaller pages.",
        "该查询最多可能返回 {rows} 行，上限为 {most} 行，请减小分页。",
    ),
    "limit.password": ("A password needs 10 to 200 characters.", "密码须为 10 至 200 个字符。"),
    "limit.slug": (
        "'{slug}' is no short name: 2 to 40 small letters, digits and hyphens, beginning with a letter.",
        "“{slug}”不是有效的简称：2 至 40 个小写字母、数字和连字符，以字母开头。",
    ),
    "limit.no_live": ("Live updates are not available right now. Ask again instead.", "实时更新暂不可用，请改用查询。"),
    "limit.owner": ("The company needs at least one active owner.", "公司至少需要一名有效的所有者。"),
    "limit.owner_grant": (
        "Only an owner can make somebody an owner, or take that from an owner.",
        "只有所有者可以授予或取消所有者身份。",
    ),
    "limit.role_grant": (
        "You cannot give rights that you do not have yourself: {rights}.",
        "您不能授予自己没有的权限：{rights}。",
    ),
    "limit.sign_in": (
        "Too many failed sign-ins. Try again in {minutes} minutes.",
        "登录失败次数过多，请 {minutes} 分钟后再试。",
    ),
}

RECORD_NAMES: dict[str, tuple[str, str]] = {
    "order": ("order", "订单"),
    "customer": ("customer", "客户"),
    "product": ("product", "产品"),
    "member": ("member", "成员"),
    "notification": ("notification", "通知"),
    "automation_run": ("automation run", "自动化运行"),
    "delivery": ("delivery", "投递"),
}


def render(code: str, language: str, data: dict[str, Any]) -> str:
    """The sentence of ``code`` with its placeholders filled; long values are cut so that no answer grows with its input."""
    chinese = language.startswith("zh")
    shown = {key: _shown(value, chinese) for key, value in data.items()}
    return SENTENCES[code][chinese].format_map(shown)


def _shown(value: Any, chinese: bool) -> str:
    if isinstance(value, str) and value in RECORD_NAMES:
        return RECORD_NAMES[value][chinese]
    text = str(value)
    return text if len(text) <= LONGEST_VALUE * 3 else f"{text[:LONGEST_VALUE]}…"
