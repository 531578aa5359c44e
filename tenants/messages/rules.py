"""Rules on records."""

SENTENCES: dict[str, tuple[str, str]] = {
    "rule.message": ("{message}", "{message}"),
    "rule.broken": (
        "The rule '{rule}' does not hold for these values. Change them so that it does.",
        "这些值不符合规则“{rule}”，请修改。",
    ),
    "rule.required": ("The rule '{rule}' needs a value here.", "规则“{rule}”要求此处必须填写。"),
    "rule.read_only": (
        "The rule '{rule}' keeps this value as it is. Leave it out.",
        "规则“{rule}”不允许修改此值，请不要提供。",
    ),
    "rule.hidden": (
        "By the rule '{rule}' this field is not for such a record. Leave it out.",
        "按规则“{rule}”，此记录没有该字段，请不要提供。",
    ),
    "rule.taken": (
        "Another record has the same values, which the rule '{rule}' keeps apart. Change them, or use that record.",
        "另一条记录已有相同的值，规则“{rule}”不允许重复，请修改或使用那条记录。",
    ),
    "rule.option": (
        "The option '{option}' cannot be chosen for such a record. These depend on it and can: {options}.",
        "此记录不能选择选项“{option}”。当前可选的有条件选项：{options}。",
    ),
    "config.rule_object": (
        "There are no rules on '{object}'. They can be on: {objects}.",
        "不能为“{object}”设置规则，可以是：{objects}。",
    ),
    "config.rule_field": (
        "A rule cannot stand at '{field}'. It can stand at: {fields}, or at custom.<field>.",
        "规则不能用于“{field}”，可用于：{fields}，或 custom.<字段>。",
    ),
    "config.rule_check": (
        "A rule with the effect 'check' needs an expression in 'check', and no other rule has one.",
        "作用为 check 的规则必须在 check 中填写表达式，其他规则不能填写。",
    ),
    "config.rule_flag": (
        "The expression is of the kind {kind}. A check must be a comparison or another value that is true or false.",
        "表达式的类型是 {kind}，检查必须是比较或其他真假值。",
    ),
    "config.rule_case": ("Only unique rules ignore case.", "只有唯一性规则可以忽略大小写。"),
    "config.rule_on_void": ("Only orders are voided.", "只有订单可以作废。"),
    "config.rule_list": (
        "'{field}' is a list. A list is kept apart entry by entry, and stands alone in its rule.",
        "“{field}”是列表。列表按条目判断唯一，必须单独成一条规则。",
    ),
    "config.rule_far": (
        "The condition of a unique rule may look at the record itself only, not at related ones.",
        "唯一性规则的条件只能涉及记录本身，不能涉及关联记录。",
    ),
    "config.rule_duplicates": (
        "{count:record has|records have} values that others have too, such as {example}. Make them differ before the rule can hold.",
        "有 {count} 条记录的值与其他记录重复，例如 {example}，请先消除重复。",
    ),
    "config.rule_not_kept": (
        "The rule '{key}' was switched off, because several records have the same values: {values}. Change these first.",
        "规则“{key}”已停用，有多条记录的值相同：{values}。请先修改这些记录。",
    ),
    "config.backfill_parked": (
        "The work for '{key}' on existing records was not completed in {attempts} attempts. Ask for it anew.",
        "为“{key}”处理已有记录的工作在 {attempts} 次尝试后仍未完成，请重新发起。",
    ),
    "config.too_many_rules": (
        "There would be {count} rules on '{type}'; at most {most} are judged with each record.",
        "“{type}”将有 {count} 条规则，每条记录最多判断 {most} 条。",
    ),
}
