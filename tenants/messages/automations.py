"""What automations say of their runs."""

SENTENCES: dict[str, tuple[str, str]] = {
    "automation.too_deep": (
        "Stopped: automations have set off one another {depth} times in a row. Look for a loop.",
        "已停止：自动化已连续相互触发 {depth} 次，请检查是否存在循环。",
    ),
    "template.unknown_field_near": (
        "There is no field '{name}' that a text can show. Did you mean '{near}'?",
        "没有可在文本中显示的字段“{name}”。是否应为“{near}”？",
    ),
    "template.unknown_field": (
        "There is no field '{name}' that a text can show. There are: {known}.",
        "没有可在文本中显示的字段“{name}”。可用的有：{known}。",
    ),
    "template.unknown_filter_near": (
        "There is no filter '{name}'. Did you mean '{near}'?",
        "没有过滤器“{name}”。是否应为“{near}”？",
    ),
    "template.unknown_filter": (
        "There is no filter '{name}'. There are: {known}.",
        "没有过滤器“{name}”。可用的有：{known}。",
    ),
    "template.no_partial": (
        "A text cannot take in another one by '{tag}': write out what it says.",
        "文本不能通过“{tag}”引入其他文本，请完整写出内容。",
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
    "automation.own_changes": (
        "What it changed would have set it off again. It does not, unless it is to react to itself.",
        "它所作的更改本会再次触发它；除非设置为响应自身的更改，否则不会再次触发。",
    ),
    "automation.gone": ("The automation no longer exists or is switched off.", "该自动化已不存在或已停用。"),
}
