"""Formulas and rollups."""

SENTENCES: dict[str, tuple[str, str]] = {
    "computed.cycle": (
        "The field depends on itself: {way}. Take it out of one of these expressions.",
        "该字段依赖于自身：{way}。请从其中一个表达式中移除。",
    ),
    "computed.too_heavy": (
        "With the formulas that it uses, this one has {weight} parts; at most {most} are allowed.",
        "连同所用的公式，共有 {weight} 个部分，最多允许 {most} 个。",
    ),
    "computed.too_many_levels": (
        "The field goes from records to related ones more than {most} times in a row, with the formulas that it uses.",
        "连同所用的公式，该字段连续经过关联记录超过 {most} 次。",
    ),
    "computed.no_result": (
        "The result must be a number, a text, a date, a time, or true or false.",
        "结果必须是数字、文本、日期、时间或真假值。",
    ),
    "computed.nothing": (
        "A field of the type {type} needs what it is worked out from: an expression, or a rollup.",
        "{type} 类型的字段需要计算方式：表达式或汇总。",
    ),
    "computed.no_records": (
        "'{found}' does not lead to many records. Use a list such as lines, orders or people.",
        "“{found}”不对应多条记录，请使用 lines、orders 或 people 之类的列表。",
    ),
    "computed.no_part": (
        "The function {function} needs '{part}': an expression over the related records.",
        "函数 {function} 需要“{part}”：关联记录的表达式。",
    ),
    "computed.only_last": (
        "Only the function last takes 'by'.",
        "只有函数 last 可以使用“by”。",
    ),
    "computed.no_setting": (
        "The field is worked out from others; '{name}' has no meaning for it.",
        "该字段由其他字段计算得出，“{name}”对其没有意义。",
    ),
    "computed.not_indexable": (
        "The field cannot be indexed: it depends on the moment, or on records whose changes do not lead to it ({reach}).",
        "该字段不能建立索引：它取决于当前时间，或取决于其变更无法追踪到它的记录（{reach}）。",
    ),
    "computed.result_change": (
        "The result of an indexed field cannot change from {old} to {new}. Take the index away first.",
        "已索引字段的结果类型不能从 {old} 改为 {new}，请先取消索引。",
    ),
}
