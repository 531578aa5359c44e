"""What can be wrong with life cycles: their definition, the steps of an order, and how running orders follow."""

SENTENCES: dict[str, tuple[str, str]] = {
    "config.unknown_life_cycle": ("There is no life cycle '{key}'.", "没有生命周期“{key}”。"),
    "config.void_in_life_cycle": (
        "Leave out '{status}': the void status belongs to every life cycle.",
        "请去掉“{status}”：作废状态属于所有生命周期。",
    ),
    "config.foreign_initial": (
        "The initial status '{status}' is none of the life cycle's own.",
        "初始状态“{status}”不在该生命周期之内。",
    ),
    "config.kept_cycle": (
        "Orders are still held to version {version} of this life cycle, which needs what would go. Migrate them first.",
        "仍有订单沿用该生命周期的第 {version} 版，而它需要将被去除的内容。请先迁移这些订单。",
    ),
    "config.too_many_versions": (
        "Orders are held to {count} older versions of this life cycle; at most {most} can be kept. Migrate some first.",
        "该生命周期已有 {count} 个旧版本仍被订单沿用，最多保留 {most} 个。请先迁移部分订单。",
    ),
    "config.unknown_step": ("There is no transition '{step}'.", "没有流转“{step}”。"),
    "config.unknown_step_field": (
        "A step cannot ask for '{field}'. Fields: {fields}.",
        "流转不能要求填写“{field}”。可用字段：{fields}。",
    ),
    "effect.orders_follow": (
        "{count:running order|running orders} of the life cycle '{key}' will follow at once.",
        "生命周期“{key}”的 {count} 个进行中的订单立即随之变更。",
    ),
    "effect.orders_stay": (
        "{count:order|orders} in '{status}' will stay with the version before of the life cycle '{key}'; migrate them with migrateLifeCycle.",
        "{count} 个处于“{status}”的订单仍沿用生命周期“{key}”的前一版，请用 migrateLifeCycle 迁移。",
    ),
    "order.unknown_type": (
        "There is no order type '{type}'. Types: {types}.",
        "没有订单类型“{type}”。现有类型：{types}。",
    ),
    "config.default_types": (
        "Several order types are marked as the default: {types}. One can be, or none.",
        "有多个订单类型标记为默认：{types}。最多只能有一个。",
    ),
    "effect.orders_follow_all": (
        "{count:running order|running orders} will follow at once.",
        "{count} 个进行中的订单立即随之变更。",
    ),
    "effect.dead_end": (
        "In the life cycle '{key}' no steps lead from '{status}' to an end: orders stay there.",
        "生命周期“{key}”中没有从“{status}”通往结束的流转：订单会停留在此状态。",
    ),
    "effect.dead_end_all": (
        "No steps lead from '{status}' to an end: orders stay there.",
        "没有从“{status}”通往结束的流转：订单会停留在此状态。",
    ),
    "effect.default_type": (
        "Orders that are taken without a type are then of this type, and begin as '{status}'.",
        "此后未指定类型的订单属于此类型，初始状态为“{status}”。",
    ),
    "effect.no_default_type": (
        "Orders that are taken without a type then have none, and begin as '{status}'.",
        "此后未指定类型的订单没有类型，初始状态为“{status}”。",
    ),
    "order.type_status": (
        "The life cycle of '{type}' has no status '{status}', in which the order is. Take it to another status first.",
        "“{type}”的生命周期没有订单当前所处的状态“{status}”，请先变更状态。",
    ),
    "order.leave_refused": ("An order may not leave '{name}' yet. {hint}", "订单尚不能离开“{name}”。{hint}"),
    "order.step_refused": (
        "The step '{name}' is not possible as the order stands. {hint}",
        "订单目前不能执行“{name}”。{hint}",
    ),
    "order.enter_refused": ("An order may not come into '{name}' yet. {hint}", "订单尚不能进入“{name}”。{hint}"),
    "order.look_at": ("Look at: {fields}.", "请检查：{fields}。"),
    "order.not_asked": (
        "The step does not ask for '{field}'. It asks for: {fields}.",
        "该流转不要求填写“{field}”。要求填写：{fields}。",
    ),
    "order.step_needs": ("Fill in '{field}' to take this step.", "执行该流转需要填写“{field}”。"),
    "order.needs_reason": (
        "The step '{step}' needs a reason. Reasons: {reasons}.",
        "流转“{step}”需要选择原因：{reasons}。",
    ),
    "order.unknown_step_reason": (
        "The step has no reason '{reason}'. Reasons: {reasons}.",
        "该流转没有原因“{reason}”。现有原因：{reasons}。",
    ),
    "order.step_file": ("The step '{step}' needs a file.", "流转“{step}”需要附上文件。"),
    "order.step_note": ("The step '{step}' needs a note.", "流转“{step}”需要填写说明。"),
    "life_cycle.unknown_version": (
        "No order is held to version {version} of the life cycle '{key}'.",
        "没有订单沿用生命周期“{key}”的第 {version} 版。",
    ),
    "life_cycle.nothing_to_migrate": (
        "No order would be moved. Look at the plan of the migration.",
        "没有订单需要迁移，请查看迁移计划。",
    ),
    "life_cycle.under_way": (
        "Another migration of orders is under way. Wait until it has ended.",
        "另一项订单迁移正在进行，请等待其结束。",
    ),
    "life_cycle.not_done": (
        "Only a migration that is done can be taken back.",
        "只有已完成的迁移才能撤回。",
    ),
    "life_cycle.moved": ("Moved with a change of the life cycle.", "随生命周期变更而迁移。"),
    "life_cycle.moved_back": ("Moved back from a change of the life cycle.", "撤回随生命周期变更的迁移。"),
    "life_cycle.migration_parked": (
        "A migration of orders was given up after {attempts} attempts; what was moved stays moved.",
        "订单迁移尝试 {attempts} 次后放弃，已迁移的订单保持不变。",
    ),
}
