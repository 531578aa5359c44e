"""Why somebody may do something, or may not."""

SENTENCES: dict[str, tuple[str, str]] = {
    "access.is_granted": (
        "{name} may: the role {role} grants '{right}' ({path}).",
        "{name}可以：角色 {role} 授予了“{right}”权限（{path}）。",
    ),
    "access.is_denied": (
        "{name} may not: the role {role} denies '{right}' ({path}), and a denial wins.",
        "{name}不可以：角色 {role} 禁止“{right}”权限（{path}），禁止优先。",
    ),
    "access.is_closed": (
        "{name} may not: '{right}' is closed to the role {role} unless it is granted. Roles that have it: {roles}.",
        "{name}不可以：除非另行授予，“{right}”对角色 {role} 关闭。拥有该权限的角色：{roles}。",
    ),
    "access.not_granted": (
        "{name} may not: none of their roles grants '{right}'. Roles that have it: {roles}.",
        "{name}不可以：其角色均未授予“{right}”权限。拥有该权限的角色：{roles}。",
    ),
    "access.is_inactive": (
        "{name} may do nothing: they are not active and cannot sign in.",
        "{name}不能做任何事：该成员已停用，无法登录。",
    ),
    "access.no_record": (
        "{name} has '{right}', but there is no such record.",
        "{name}拥有“{right}”权限，但没有这样的记录。",
    ),
    "access.unknown_right": (
        "There is no right '{right}'. Rights are named as in order.void, order.transition.confirm or order.read.total.",
        "没有“{right}”这项权限。权限的写法如 order.void、order.transition.confirm 或 order.read.total。",
    ),
}
