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
    "access.is_partly": (
        "{name} may, of some records: '{right}' is of {rows}.",
        "{name}可以，但仅限部分记录：“{right}”适用于{rows}。",
    ),
    "access.out_of_scope": (
        "{name} may not: the record is none of those of '{right}', which is of {rows}.",
        "{name}不可以：该记录不在“{right}”的范围内，该权限适用于{rows}。",
    ),
    "access.rows_own": ("their own", "本人负责的记录"),
    "access.rows_team": ("those of their teams", "所在团队的记录"),
    "access.rows_team_tree": ("those of their teams and the teams below", "所在团队及下级团队的记录"),
    "access.rows_shared": ("those shared with them", "共享给本人的记录"),
    "access.rows_customer": ("those of the customer they belong to", "所属客户的记录"),
    "access.rows_where": ("those where {condition}", "满足“{condition}”的记录"),
    "access.rows_all": ("all", "全部记录"),
    "access.rows_or": (" or ", "或"),
    "access.rows_and": (", of these ", "，且为"),
    "access.rows_but": ("{rows}, but not {without}", "{rows}，但不含{without}"),
    "access.one_plan": (
        "Give a document or a draft, not both.",
        "请提供文档或草稿其中之一，不要同时提供。",
    ),
    "access.unknown_right": (
        "There is no right '{right}'. Rights are named as in order.void, order.transition.confirm or order.read.total.",
        "没有“{right}”这项权限。权限的写法如 order.void、order.transition.confirm 或 order.read.total。",
    ),
}
