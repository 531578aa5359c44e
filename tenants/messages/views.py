"""What is said about views."""

SENTENCES: dict[str, tuple[str, str]] = {
    "view.unknown": (
        "There is no view '{view}' of this list that you can see.",
        "此列表没有您可见的视图“{view}”。",
    ),
    "view.unknown_record_type": (
        "There are no views of '{type}'. Use one of: {types}.",
        "“{type}”没有视图，请使用：{types}。",
    ),
    "view.unknown_field": (
        "'{field}' names no field of the {type}: there is none, or it is archived. Take it out of the view.",
        "“{field}”不是{type}的字段：不存在或已归档，请从视图中移除。",
    ),
    "view.double_column": ("The column '{field}' is there twice.", "列“{field}”重复。"),
    "view.bad_direction": (
        "An order goes ASC or DESC, not '{direction}'.",
        "排序方向只能是 ASC 或 DESC，不能是“{direction}”。",
    ),
    "view.not_groupable": (
        "This list ({type}) cannot be grouped by '{field}'. Use a text, a choice, a status, a day, yes or no, or a related record.",
        "此列表（{type}）不能按“{field}”分组，请使用文本、选项、状态、日期、是否或关联记录。",
    ),
    "view.no_group": (
        "Say what the groups are of: give groupBy, or a view that has one.",
        "请指定分组字段：填写 groupBy，或使用带分组的视图。",
    ),
    "view.too_large": ("The view has {size} bytes; {most} are the most.", "视图有 {size} 字节，最多 {most} 字节。"),
    "view.too_many": (
        "You have {most} views, which is the most. Delete one first.",
        "您已有 {most} 个视图，达到上限，请先删除一个。",
    ),
    "view.other_list": (
        "This view lists the type {type}, and goes on doing so. Create another view.",
        "此视图的列表类型是{type}，不能更改，请新建视图。",
    ),
    "view.roles_of_audience": (
        "Give roles for the audience ROLES, and for no other.",
        "仅当可见范围为 ROLES 时才填写 roles，且必须填写。",
    ),
    "view.default_unseen": (
        "The role '{role}' cannot see this view first: it is not among the roles that see it.",
        "角色“{role}”不在此视图的可见角色中，不能将其设为默认视图。",
    ),
    "view.double_default": (
        "The role '{role}' sees the view '{other}' first already. Take it away there.",
        "角色“{role}”的默认视图已是“{other}”，请先在那里取消。",
    ),
}
