"""Expressions that cannot be read."""

SENTENCES: dict[str, tuple[str, str]] = {
    "expression.too_long": (
        "The expression has {length} characters; at most {longest} are allowed.",
        "表达式有 {length} 个字符，最多允许 {longest} 个。",
    ),
    "expression.too_large": (
        "The expression has more than {most} parts. Divide it among several formulas.",
        "表达式超过 {most} 个部分，请拆分为多个公式。",
    ),
    "expression.too_deep": (
        "Line {line}, column {column}: parts are nested more than {most} deep.",
        "第 {line} 行第 {column} 列：嵌套超过 {most} 层。",
    ),
    "expression.bad_character": (
        "Line {line}, column {column}: '{found}' has no meaning in an expression.",
        "第 {line} 行第 {column} 列：表达式中不能使用“{found}”。",
    ),
    "expression.open_text": (
        "Line {line}, column {column}: the text that begins with {found} here has no end.",
        "第 {line} 行第 {column} 列：以 {found} 开始的文本没有结束。",
    ),
    "expression.no_value": (
        "Line {line}, column {column}: a field, a value or a function is expected here, not '{found}'.",
        "第 {line} 行第 {column} 列：此处应为字段、值或函数，而不是“{found}”。",
    ),
    "expression.no_value_end": (
        "Line {line}, column {column}: the expression ends where a field, a value or a function is expected.",
        "第 {line} 行第 {column} 列：表达式在此结束，但此处应为字段、值或函数。",
    ),
    "expression.no_symbol_end": (
        "Line {line}, column {column}: the expression ends where '{wanted}' is expected.",
        "第 {line} 行第 {column} 列：表达式在此结束，但此处应为“{wanted}”。",
    ),
    "expression.unknown_field_near": (
        "Line {line}, column {column}: there is no field '{found}' that an expression can use. Did you mean '{near}'?",
        "第 {line} 行第 {column} 列：没有可在表达式中使用的字段“{found}”。是否应为“{near}”？",
    ),
    "expression.unknown_function_near": (
        "Line {line}, column {column}: there is no function '{found}'. Did you mean '{near}'?",
        "第 {line} 行第 {column} 列：没有函数“{found}”。是否应为“{near}”？",
    ),
    "expression.no_symbol": (
        "Line {line}, column {column}: '{wanted}' is expected here, not '{found}'.",
        "第 {line} 行第 {column} 列：此处应为“{wanted}”，而不是“{found}”。",
    ),
    "expression.not_over": (
        "Line {line}, column {column}: an operator or the end of the expression is expected here, not '{found}'.",
        "第 {line} 行第 {column} 列：此处应为运算符或表达式结尾，而不是“{found}”。",
    ),
    "expression.unknown_field": (
        "Line {line}, column {column}: there is no field '{found}' that an expression can use.",
        "第 {line} 行第 {column} 列：没有可在表达式中使用的字段“{found}”。",
    ),
    "expression.unknown_function": (
        "Line {line}, column {column}: there is no function '{found}'. Functions: {known}.",
        "第 {line} 行第 {column} 列：没有函数“{found}”。可用函数：{known}。",
    ),
    "expression.arguments": (
        "Line {line}, column {column}: '{found}' takes {least} to {most} arguments, not {count}.",
        "第 {line} 行第 {column} 列：“{found}”需要 {least} 至 {most} 个参数，而不是 {count} 个。",
    ),
    "expression.not_number": (
        "Line {line}, column {column}: a number is needed here, and '{found}' is none.",
        "第 {line} 行第 {column} 列：此处需要数字，而“{found}”不是。",
    ),
    "expression.not_format": (
        "Line {line}, column {column}: a form of dates such as \"DD.MM.YYYY\" must be written out here, not '{found}'.",
        '第 {line} 行第 {column} 列：此处须写明日期格式，例如 "YYYY年M月D日"，而不是“{found}”。',
    ),
    "expression.not_text": (
        "Line {line}, column {column}: a text is needed here, and '{found}' is none.",
        "第 {line} 行第 {column} 列：此处需要文本，而“{found}”不是。",
    ),
    "expression.not_flag": (
        "Line {line}, column {column}: something that is true or false is needed here, and '{found}' is not.",
        "第 {line} 行第 {column} 列：此处需要真假值，而“{found}”不是。",
    ),
    "expression.not_day": (
        "Line {line}, column {column}: a date is needed here, and '{found}' is none.",
        "第 {line} 行第 {column} 列：此处需要日期，而“{found}”不是。",
    ),
    "expression.not_moment": (
        "Line {line}, column {column}: a date with a time is needed here, and '{found}' is none.",
        "第 {line} 行第 {column} 列：此处需要日期时间，而“{found}”不是。",
    ),
    "expression.not_comparable": (
        "Line {line}, column {column}: '{found}' cannot be used here; it is no number, text or date.",
        "第 {line} 行第 {column} 列：此处不能使用“{found}”，它不是数字、文本或日期。",
    ),
    "expression.not_same_kind": (
        "Line {line}, column {column}: '{found}' and '{other}' are of different kinds.",
        "第 {line} 行第 {column} 列：“{found}”与“{other}”的类型不同。",
    ),
    "expression.not_option": (
        "Line {line}, column {column}: '{found}' is not one of the options of '{other}': {options}.",
        "第 {line} 行第 {column} 列：“{found}”不是“{other}”的选项：{options}。",
    ),
    "expression.not_written_out": (
        "Line {line}, column {column}: a value must be written out here, not '{found}'.",
        "第 {line} 行第 {column} 列：此处必须直接写出值，而不是“{found}”。",
    ),
    "expression.whole_number": (
        "Line {line}, column {column}: a whole number from 0 to {most} must be written out here, not '{found}'.",
        "第 {line} 行第 {column} 列：此处必须直接写出 0 至 {most} 的整数，而不是“{found}”。",
    ),
    "expression.many_records": (
        "Line {line}, column {column}: '{found}' is there for many records. Use it in count, sum, avg, min or max.",
        "第 {line} 行第 {column} 列：“{found}”对应多条记录，请在 count、sum、avg、min 或 max 中使用。",
    ),
    "expression.no_records": (
        "Line {line}, column {column}: '{found}' needs fields of related records, such as lines.total.",
        "第 {line} 行第 {column} 列：“{found}”需要关联记录的字段，例如 lines.total。",
    ),
    "expression.one_list": (
        "Line {line}, column {column}: within '{found}', all fields must be of the same related records.",
        "第 {line} 行第 {column} 列：“{found}”中的所有字段必须属于同一组关联记录。",
    ),
}
