"""How conditions and actions read in sentences: what operators and actions are called, in English and Chinese."""

OPERATOR_WORDS: dict[str, tuple[str, str]] = {
    "eq": ("is {value}", "为 {value}"),
    "ne": ("is not {value}", "不为 {value}"),
    "in": ("is one of {value}", "属于 {value}"),
    "notIn": ("is none of {value}", "不属于 {value}"),
    "gt": ("is greater than {value}", "大于 {value}"),
    "gte": ("is at least {value}", "不小于 {value}"),
    "lt": ("is less than {value}", "小于 {value}"),
    "lte": ("is at most {value}", "不大于 {value}"),
    "contains": ("contains {value}", "包含 {value}"),
    "startsWith": ("starts with {value}", "开头为 {value}"),
    "endsWith": ("ends with {value}", "结尾为 {value}"),
    "containsAny": ("holds one of {value}", "含有其一 {value}"),
    "containsAll": ("holds all of {value}", "含有全部 {value}"),
    "inLast": ("is within the last {value}", "在过去 {value} 内"),
    "inNext": ("is within the next {value}", "在未来 {value} 内"),
    "olderThan": ("is more than {value} ago", "在 {value} 之前"),
    "laterThan": ("is more than {value} ahead", "在 {value} 之后"),
    "during": ("is during {value}", "处于 {value}"),
}
# What stands for a flag: where it is set, and where it is not.
FLAG_WORDS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "isNull": (("is empty", "为空"), ("is filled in", "不为空")),
    "isEmpty": (("is empty", "为空"), ("is filled in", "不为空")),
}
QUANTIFIER_WORDS: dict[str, tuple[str, str]] = {
    "some": ("some of", "至少一个"),
    "none": ("none of", "没有一个"),
    "every": ("every one of", "每一个"),
    "where": ("those of", "其中的"),
}
JOINING_WORDS: dict[str, tuple[str, str]] = {
    "and": (" and ", " 且 "),
    "or": (" or ", " 或 "),
    "not": ("not ", "非"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "with": ("with", "满足"),
    "ASC": ("ascending", "升序"),
    "DESC": ("descending", "降序"),
}
ACTION_WORDS: dict[str, tuple[str, str]] = {
    "set_field": ("set a field", "设置字段"),
    "change_status": ("take a step", "变更状态"),
    "notify": ("notify", "通知"),
    "send_email": ("send an e-mail", "发送邮件"),
}
