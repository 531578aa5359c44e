"""Review and schedule of configuration changes."""

SENTENCES: dict[str, tuple[str, str]] = {
    "review.needs_draft": (
        "In this company somebody else must approve changes of the configuration: make a draft of it, and submit the draft.",
        "本公司的配置变更须由他人审批：请将变更保存为草稿并提交审批。",
    ),
    "review.not_approved": (
        "The draft cannot be applied before somebody else has approved it: submit it, and let it be approved.",
        "草稿须先由他人审批通过才能应用：请提交审批。",
    ),
    "review.nobody_else": (
        "Nobody could approve what the others write: give one more member a role with configuration.update or configuration.approve first.",
        "无人可审批他人编写的变更：请先为另一名成员分配具有 configuration.update 或 configuration.approve 权限的角色。",
    ),
    "review.already_submitted": (
        "The draft '{name}' is submitted or approved already.",
        "草稿“{name}”已提交或已通过审批。",
    ),
    "review.not_submitted": (
        "The draft '{name}' is not submitted for approval.",
        "草稿“{name}”未提交审批。",
    ),
    "review.own_draft": (
        "You have written at the draft '{name}': somebody else must judge it.",
        "您参与编写了草稿“{name}”，须由他人审批。",
    ),
    "review.asked": (
        "{author} asks for approval of the configuration draft '{name}'.",
        "{author} 请求审批配置草稿“{name}”。",
    ),
    "review.approved": (
        "{reviewer} has approved the configuration draft '{name}': {comment}",
        "{reviewer} 已批准配置草稿“{name}”：{comment}",
    ),
    "review.rejected": (
        "{reviewer} has rejected the configuration draft '{name}': {comment}",
        "{reviewer} 已驳回配置草稿“{name}”：{comment}",
    ),
    "review.moment_over": (
        "This moment is over. Give a later one, or apply the draft at once.",
        "该时间已过，请指定更晚的时间，或立即应用草稿。",
    ),
    "review.not_applied": (
        "The configuration draft '{name}' could not be applied at its time, and nothing was changed. {reason}",
        "配置草稿“{name}”未能按计划应用，配置未作任何更改。{reason}",
    ),
    "review.scheduler_lacks": (
        "{name}, in whose name it was to be applied, lacks the right '{right}'. Somebody who has it can schedule it anew.",
        "将以{name}的名义应用，但该成员没有权限“{right}”。可由拥有该权限的人重新安排。",
    ),
    "review.never_ended": (
        "It was begun {attempts} times and never came to an end.",
        "已尝试 {attempts} 次，始终未能完成。",
    ),
}
