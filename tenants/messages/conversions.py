"""Conversions of fields to other types."""

SENTENCES: dict[str, tuple[str, str]] = {
    "conversion.under_way": (
        "'{key}' is being converted to another type. Wait until that is done, or take it back.",
        "“{key}”正在转换类型，请等待完成，或撤回转换。",
    ),
    "conversion.impossible": (
        "Values of the type {old} cannot be converted to {new}. They can become: {types}.",
        "{old} 类型的值不能转换为 {new}，可以转换为：{types}。",
    ),
    "conversion.bad_date_format": (
        "'{value}' is no form of dates. Write it like %d.%m.%Y or %Y-%m-%d %H:%M.",
        "“{value}”不是日期格式，请写成 %d.%m.%Y 或 %Y-%m-%d %H:%M。",
    ),
    "conversion.too_many_options": (
        "More than {most} different texts occur; so many options cannot be made. Give the options yourself.",
        "出现的不同文本超过 {most} 个，无法全部作为选项，请自行给出选项。",
    ),
    "conversion.hidden_options": (
        "Options are made of all values, and you may not read all of them. Give the options yourself.",
        "选项由全部值生成，而您无权读取全部值，请自行给出选项。",
    ),
    "conversion.refused": (
        "{count:value|values} cannot be converted, such as '{example}'. See planFieldConversion, or let them be left empty.",
        "有 {count} 个值无法转换，例如“{example}”。请查看 planFieldConversion，或选择将其留空。",
    ),
    "conversion.not_the_last": (
        "Only the last conversion of '{key}' can be taken back, once it is done. Convert the field again instead.",
        "只能撤回“{key}”已完成的最后一次转换。请改为再次转换该字段。",
    ),
    "conversion.no_way_back": (
        "What was written since the conversion cannot become a value of the type {type}.",
        "转换之后写入的值无法变回 {type} 类型。",
    ),
    "conversion.no_member": (
        "There is no active member with the name or e-mail address '{value}', or there are several.",
        "没有姓名或邮箱为“{value}”的在职成员，或者有多个。",
    ),
    "conversion.no_option": ("There is no option '{value}'.", "没有选项“{value}”。"),
    "conversion.several": (
        "There are {count} values, of which the field can hold one.",
        "有 {count} 个值，而该字段只能保存一个。",
    ),
    "conversion.other_currency": (
        "The amount is in {value}, and the field would hold amounts in {currency} alone.",
        "该金额的币种为 {value}，而字段只能保存 {currency} 的金额。",
    ),
    "conversion.given_up": (
        "The conversion of '{key}' was given up: {reason}",
        "“{key}”的转换已放弃：{reason}",
    ),
    "conversion.parked": (
        "A conversion of a field was given up after {attempts} attempts. Take it back with revertFieldConversion.",
        "一次字段转换在 {attempts} 次尝试后中止，请用 revertFieldConversion 撤回。",
    ),
}
