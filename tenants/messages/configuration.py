"""What can be wrong with a configuration, and how its changes read."""

SENTENCES: dict[str, tuple[str, str]] = {
    "config.unknown_kind": (
        "There is no kind of definition '{kind}'. Kinds: {kinds}.",
        "没有定义类型“{kind}”。现有类型：{kinds}。",
    ),
    "config.unknown_kind_near": (
        "There is no kind of definition '{kind}'. Did you mean '{near}'?",
        "没有定义类型“{kind}”。是否应为“{near}”？",
    ),
    "config.bad_key": (
        "'{key}' is not a usable key: begin with a letter, then letters, digits and _, at most 40.",
        "“{key}”不能作为键：须以字母开头，其后为字母、数字或下划线，最多 40 个字符。",
    ),
    "config.bad_value": ("{reason}", "{reason}"),
    "config.unknown_property_near": (
        "There is no '{name}' here. Did you mean '{near}'?",
        "此处没有“{name}”。是否应为“{near}”？",
    ),
    "config.unknown_property": (
        "There is no '{name}' here. It can be: {names}.",
        "此处没有“{name}”。可用的有：{names}。",
    ),
    "config.not_mapping": ("'{value}' is no list of names with values.", "“{value}”不是“名称: 值”形式的内容。"),
    "config.bad_form": ("'{value}' is not in the form that is needed here.", "“{value}”的格式不符合此处要求。"),
    "config.too_small": ("{value} is too small; the smallest is {bound}.", "{value} 过小，最小为 {bound}。"),
    "config.too_big": ("{value} is too large; the largest is {bound}.", "{value} 过大，最大为 {bound}。"),
    "config.only_key": (
        "There is only one {section}, and its key is '{known}', not '{key}'.",
        "“{section}”只有一项，其键为“{known}”，不是“{key}”。",
    ),
    "config.huge_number": (
        "A number here is beyond {most}; write exact decimals as texts, in quotes.",
        "此处的数字超过 {most}；精确小数请写成带引号的文本。",
    ),
    "config.invisible": (
        "The text holds the sign {sign}, which cannot be seen. Write it anew, or paste it as plain text.",
        "文本含有不可见字符 {sign}。请重新输入，或以纯文本粘贴。",
    ),
    "config.unknown_section": (
        "There is no section '{section}'. Did you mean '{near}'?",
        "没有“{section}”部分。是否应为“{near}”？",
    ),
    "config.no_header": (
        "The document must begin with the line 'orderloom: {format}'.",
        "文档须以“orderloom: {format}”一行开头。",
    ),
    "config.yaml": (
        "Line {line}, column {column} of the document cannot be read: {reason}.",
        "文档第 {line} 行第 {column} 列无法读取：{reason}。",
    ),
    "config.yaml_too_deep": (
        "Line {line} of the document is nested more than {most} levels deep.",
        "文档第 {line} 行的嵌套超过 {most} 层。",
    ),
    "config.yaml_tag": (
        "Line {line} of the document has the tag {tag}; tags are not taken, put quotes around a text that begins with '!'.",
        "文档第 {line} 行含有标签 {tag}；不支持标签，以“!”开头的文本请加引号。",
    ),
    "config.yaml_merge": (
        "Line {line} of the document merges by '<<', which is not taken: write out what is meant.",
        "文档第 {line} 行使用了“<<”合并，不支持此写法：请完整写出内容。",
    ),
    "config.yaml_key": (
        "Line {line} of the document has a list or a mapping as a key; a key is a word.",
        "文档第 {line} 行以列表或映射作为键；键必须是单词。",
    ),
    "config.yaml_double_key": (
        "Line {line} of the document has the key '{key}' a second time in the same place.",
        "文档第 {line} 行的键“{key}”在同一处重复出现。",
    ),
    "config.yaml_alias": (
        "Line {line} of the document names *{name}, which is not written before.",
        "文档第 {line} 行引用了 *{name}，但前文未定义。",
    ),
    "config.yaml_documents": (
        "Line {line} begins a second document; there can be one.",
        "第 {line} 行开始了第二个文档；只能有一个文档。",
    ),
    "config.field_in_part": (
        "'{field}' cannot be read of some records alone: it always has a value, is a file, or leads to many records. Give the grant the action write alone, take its scope away, or name fields that can be empty: {fields}.",
        "“{field}”不能只对部分记录可读：它总有值、是文件或指向多条记录。请只授予 write 操作、去掉范围，或改用可为空的字段：{fields}。",
    ),
    "config.no_scope": (
        "Rights to '{object}' are of all records or of none. Scopes are there for: {objects}.",
        "“{object}”的权限只能针对全部记录或不授予。可设范围的对象：{objects}。",
    ),
    "config.unknown_scope": (
        "There is no scope '{scope}' of '{object}', which belongs to nobody. Its scopes: {scopes}, or a condition.",
        "“{object}”不属于任何人，没有范围“{scope}”。可用的范围：{scopes}，或给出条件。",
    ),
    "config.action_without_scope": (
        "'{right}' has no scope of its own: an import creates and changes records by the rights to do that. Scope those.",
        "“{right}”没有自己的范围：导入按新建和更改记录的权限进行，请对那些权限设置范围。",
    ),
    "config.reserved_key": ("The key '{key}' is reserved. Choose another.", "键“{key}”为保留字，请换一个。"),
    "config.unknown_type": (
        "There is no field type '{type}'. Types: {types}.",
        "没有字段类型“{type}”。现有类型：{types}。",
    ),
    "config.unknown_type_near": (
        "There is no field type '{type}'. Did you mean '{near}'?",
        "没有字段类型“{type}”。是否应为“{near}”？",
    ),
    "config.unknown_object": (
        "'{object}' takes no custom fields. Use one of: {objects}.",
        "“{object}”不支持自定义字段，请使用：{objects}。",
    ),
    "config.type_change": (
        "The type of '{key}' cannot change from {old} to {new}; its values would be lost. Use convertField, or add a new field.",
        "“{key}”的类型不能从 {old} 改为 {new}，否则数据会丢失。请使用 convertField 转换，或新建字段。",
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
        "{count:status is|statuses are} marked as initial; exactly one must be.",
        "有 {count} 个状态标记为初始，必须恰好一个。",
    ),
    "config.void_statuses": (
        "{count:status has|statuses have} the category 'void'; exactly one must.",
        "有 {count} 个状态属于“作废”类，必须恰好一个。",
    ),
    "config.unknown_status": ("There is no status '{status}'.", "没有状态“{status}”。"),
    "config.void_step": (
        "A transition cannot lead to or from a void status; voiding is an act of its own.",
        "流转不能进入或离开作废状态；作废是单独的操作。",
    ),
    "config.unknown_role": ("There is no role '{role}'.", "没有角色“{role}”。"),
    "config.role_cycle": (
        "The role '{role}' inherits from itself: {path}.",
        "角色“{role}”继承了自身：{path}。",
    ),
    "config.built_in_role": ("'{role}' is a built-in role and cannot be changed.", "“{role}”是内置角色，不能更改。"),
    "config.unknown_right": (
        "There is no right '{right}'. There are: {rights}.",
        "没有权限“{right}”。可用的权限：{rights}。",
    ),
    "config.unknown_right_near": (
        "There is no right '{right}'. Did you mean '{near}'?",
        "没有权限“{right}”。是否应为“{near}”？",
    ),
    "config.no_grant_fields": (
        "The list of fields is empty. Name the fields, or leave 'fields' out to grant the whole object.",
        "字段列表为空。请列出字段；若要授予整个对象，请去掉 fields。",
    ),
    "config.bad_scope": (
        "{scope} is no scope. Give {scopes}, or where: with a condition.",
        "{scope} 不是有效的范围。请使用 {scopes}，或用 where: 给出条件。",
    ),
    "config.field_action": (
        "'{right}' is not about fields: a grant with fields has the actions read and write. Leave its fields out, or split it in two.",
        "“{right}”与字段无关：带字段的授权只能使用 read 和 write。请去掉字段，或拆成两条授权。",
    ),
    "config.unknown_grant_field": (
        "'{object}' has no field '{field}' to which there could be a right.",
        "“{object}”没有可以授权的字段“{field}”。",
    ),
    "config.no_field_rights": (
        "There are no rights to the fields of '{object}'. Use one of: {objects}.",
        "“{object}”的字段不能单独授权，请使用：{objects}。",
    ),
    "config.inherits_open": (
        "The fields of '{object}' cannot be closed, because this role inherits '{role}', to which they are open. Grant what it needs instead.",
        "不能关闭“{object}”的字段，因为此角色继承了“{role}”，而该角色可使用这些字段。请改为逐项授权。",
    ),
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
    "config.automation_reads": (
        "The automation acts under the role '{role}', which lacks '{right}': what it would tell or compare here. Grant it, or leave that out.",
        "自动化以角色“{role}”运行，该角色没有此处所显示或比较内容的权限“{right}”。请授予该权限，或去掉该内容。",
    ),
    "config.bad_template": ("The text is no valid template: {reason}.", "文本不是有效的模板：{reason}。"),
    "config.missing_definition_near": (
        "There is no {kind} '{key}'. Did you mean '{near}'?",
        "没有{kind}“{key}”。是否应为“{near}”？",
    ),
    "config.missing_definition": ("There is no {kind} '{key}'.", "没有{kind}“{key}”。"),
    "config.bad_document": ("The document cannot be read: {reason}.", "无法读取文档：{reason}。"),
    "config.in_use": (
        "The status '{key}' still has {count:order|orders}, to be moved first.",
        "状态“{key}”仍有 {count} 个订单，请先处理。",
    ),
}
