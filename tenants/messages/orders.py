"""What can be wrong with orders, their lines and their steps."""

SENTENCES: dict[str, tuple[str, str]] = {
    "order.illegal_step": (
        "An order cannot go from '{source}' to '{target}'. Next steps: {steps}.",
        "订单不能从“{source}”变为“{target}”。可选的下一步：{steps}。",
    ),
    "order.no_next_steps": (
        "An order in '{source}' has no next steps.",
        "处于“{source}”的订单没有下一步。",
    ),
    "order.unknown_status": (
        "There is no status '{status}'. Statuses: {statuses}.",
        "没有状态“{status}”。现有状态：{statuses}。",
    ),
    "order.use_void": (
        "'{status}' is reached by voiding the order: use voidOrder.",
        "“{status}”须通过作废订单达到：请使用 voidOrder。",
    ),
    "order.voided": (
        "The order is void since {at}; it can be read, not changed.",
        "订单已于 {at} 作废，只能查看，不能更改。",
    ),
    "order.void_blocked": (
        "An order in '{status}' cannot be voided. {hint}",
        "处于“{status}”的订单不能作废。{hint}",
    ),
    "order.no_void_status": (
        "The company has no status of the category 'void'. Define one first.",
        "公司没有“作废”类状态，请先定义。",
    ),
    "order.no_initial_status": (
        "The company has no initial status. Mark one with 'initial'.",
        "公司没有初始状态，请将一个状态标记为 initial。",
    ),
    "order.no_lines": ("An order needs at least one line.", "订单至少需要一行明细。"),
    "order.line_item": ("A line needs a product or a name.", "明细需要产品或名称。"),
    "order.line_price": (
        "The product {sku} has no price in {currency}; give unitPrice.",
        "产品 {sku} 没有 {currency} 价格，请填写 unitPrice。",
    ),
    "order.bare_line": ("Give unitPrice for a line without a product.", "没有产品的明细请填写 unitPrice。"),
    "order.discount_too_large": (
        "The discount {discount} is larger than the line's amount {amount}.",
        "折扣 {discount} 大于该行金额 {amount}。",
    ),
    "order.unknown_line": ("The order has no line with the id {id}.", "订单没有 ID 为 {id} 的明细。"),
    "order.customer_twice": ("Give customerId or customer, not both.", "customerId 与 customer 只能填一个。"),
    "order.unknown_address": ("The customer has no address with the id {id}.", "客户没有 ID 为 {id} 的地址。"),
    "order.unknown_reason": (
        "There is no void reason '{reason}'. Reasons: {reasons}.",
        "没有作废原因“{reason}”。现有原因：{reasons}。",
    ),
    "order.note_required": ("The reason '{reason}' needs a note.", "原因“{reason}”需要填写说明。"),
}
