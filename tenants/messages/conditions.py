"""How conditions and actions read in sentences: what operators and actions are called, in English and Chinese."""

OPERATOR_WORDS: dict[str, tuple[str, str]] = {
    "eq": ("is", "为"),
    "ne": ("is not", "不为"),
    "in": ("is one of", "属于"),
    "notIn": ("is none of", "不属于"),
    "gt": ("is greater than", "大于"),
    "gte": ("is at least", "不小于"),
    "lt": ("is less than", "小于"),
    "lte": ("is at most", "不大于"),
    "contains": ("contains", "包含"),
    "startsWith": ("starts with", "开头为"),
    "endsWith": ("ends with", "结尾为"),
    "containsAny": ("holds one of", "含有其一"),
    "containsAll": ("holds all of", "含有全部"),
    "inLast": ("is within the last", "在过去此段时间内："),
    "inNext": ("is within the next", "在未来此段时间内："),
    "olderThan": ("is further back than", "早于此段时间之前："),
    "laterThan": ("is further ahead than", "晚于此段时间之后："),
    "during": ("is during", "处于"),
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
    "and": (" and ", "且"),
    "or": (" or ", "或"),
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
