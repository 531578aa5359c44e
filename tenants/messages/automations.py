"""What automations say of their runs."""

SENTENCES: dict[str, tuple[str, str]] = {
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
}
