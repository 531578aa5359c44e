"""What can be wrong with a configuration, and how its changes read."""

SENTENCES: dict[str, tuple[str, str]] = {
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
    "config.unique_list": (
        "A field of the type {type} holds several values and cannot be unique.",
        "{type} 类型的字段可有多个值，不能设为唯一。",
    ),
    "config.too_many_indexed": (
        "{count} fields of '{type}' are indexed; at most {most} can be, because each is written with every record.",
        "“{type}”有 {count} 个索引字段，最多 {most} 个，因为每条记录保存时都要写入。",
    ),
    "config.not_unique": (
        "'{key}' cannot be unique, because several records have the same value: {values}. Change these first.",
        "“{key}”不能设为唯一，有多条记录的值相同：{values}。请先修改这些记录。",
    ),
    "config.index_parked": (
        "The index of '{key}' was not completed in {attempts} attempts; lists are read without it. Mark the field anew.",
        "“{key}”的索引经 {attempts} 次尝试仍未建成，列表暂不使用该索引。请取消后重新设置。",
    ),
    "config.too_long_to_index": (
        "A record has a value of {length} characters here; an index takes at most {longest}. Shorten such values first.",
        "有记录在此字段的值长达 {length} 个字符，索引最多支持 {longest} 个。请先缩短。",
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
        "'{pattern}' is no numbering pattern: it needs exactly one {{seq}} or {{seq:N}} with N from 1 to 9, and may use {{year}}, {{month}}, {{day}}. Fields such as {{channel}} stand on one side of it, and a sign that is no digit between.",
        "“{pattern}”不是有效的编号规则：必须恰好包含一个 {{seq}} 或 {{seq:N}}（N 为 1 至 9），可使用 {{year}}、{{month}}、{{day}}；{{channel}} 等字段只能位于其一侧，且两者之间须有非数字符号。",
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
}
