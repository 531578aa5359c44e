"""What can be wrong with any call: who makes it, what it is about, and when."""

SENTENCES: dict[str, tuple[str, str]] = {
    "invalid_input": ("{count} values are not valid.", "有 {count} 处输入无效。"),
    "not_allowed": (
        "You lack the right '{right}'. Roles that have it: {roles}. {ask}",
        "您没有“{right}”权限。拥有该权限的角色：{roles}。{ask}",
    ),
    "not_allowed_here": (
        "Your right '{right}' is not of this record, or not of what it would become. Roles that have it of all: {roles}. {ask}",
        "您的“{right}”权限不适用于此记录，或不适用于其更改后的状态。对所有记录拥有该权限的角色：{roles}。{ask}",
    ),
    "ask.administrator": ("Ask an administrator.", "请联系管理员。"),
    "ask.members": ("Who can give it to you: {names}.", "可向您授予该权限的成员：{names}。"),
    "not_signed_in": ("Sign in first: this needs a valid token.", "请先登录：此操作需要有效的令牌。"),
    "sign_in_failed": ("E-mail address, password or company is wrong.", "电子邮件、密码或公司不正确。"),
    "sign_in_choose": (
        "You belong to several companies. Sign in again with one of: {tenants}.",
        "您属于多个公司，请指定其中一个重新登录：{tenants}。",
    ),
    "not_found": ("There is no {type} with the id {id}.", "没有 ID 为 {id} 的{type}。"),
    "not_found_by_that": ("There is no {type} with that id.", "没有该 ID 对应的{type}。"),
    "stale_version": (
        "The {type} has been changed meanwhile: you had version {expected}, it is now version {actual}. Look at it again and repeat your change.",
        "该{type}已被更改：您的版本是 {expected}，现在是版本 {actual}。请查看最新内容后重新修改。",
    ),
    "idempotency_key_reused": (
        "The idempotency key {key} was used before with other input. Use a new key.",
        "幂等键 {key} 已用于其他输入，请使用新的键。",
    ),
    "stale_configuration": (
        "The configuration has been changed meanwhile. Load it again and repeat your change.",
        "配置已被更改，请重新加载后再修改。",
    ),
    "busy": ("Too many calls change the same data at once. Try again.", "同时修改相同数据的请求过多，请重试。"),
}
