"""Teams and what is shared: what cannot be so."""

SENTENCES: dict[str, tuple[str, str]] = {
    "team.cycle": (
        "'{name}' lies within this team, so the team cannot be part of it.",
        "“{name}”位于此团队之下，因此此团队不能隶属于它。",
    ),
    "team.too_deep": ("Teams lie at most {most} levels within each other.", "团队最多可嵌套 {most} 层。"),
    "team.archived_parent": (
        "'{name}' is archived. Restore it first, or choose another team.",
        "“{name}”已归档。请先恢复它，或选择其他团队。",
    ),
    "team.open_parts": (
        "There are teams within this one: {names}. Archive them first, or move them elsewhere.",
        "此团队下还有团队：{names}。请先归档或移走它们。",
    ),
    "team.double_member": ("A member can be in a team once.", "同一成员在一个团队中只能出现一次。"),
    "team.unknown_language": (
        "'{language}' is none of the company's languages: {languages}.",
        "“{language}”不是公司使用的语言：{languages}。",
    ),
    "share.with_one": (
        "Share it with a member or with a team: give one of memberId and teamId.",
        "请指定一个成员或一个团队：memberId 与 teamId 二选一。",
    ),
    "share.past": ("This time is over. Give one that is to come.", "该时间已过，请指定将来的时间。"),
}
