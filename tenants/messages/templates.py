"""The templates that ship with the product: what they are called, and why parts of one stay when it is removed."""

# By template: its name and what it is for.
TITLES: dict[str, tuple[str, str]] = {
    "minimal": ("Minimal", "最简"),
    "retail": ("Online retail", "电商零售"),
    "wholesale": ("Wholesale", "批发分销"),
    "manufacturing": ("Manufacturing to order", "按单生产"),
    "field_service": ("Field service", "上门服务"),
    "workshop": ("Repair workshop", "维修店"),
}
DESCRIPTIONS: dict[str, tuple[str, str]] = {
    "minimal": (
        "A short life cycle to begin with: draft, confirmed, shipped, completed.",
        "简短的生命周期：草稿、已确认、已发货、已完成，可在此基础上扩展。",
    ),
    "retail": (
        "A shop on the web: payment, packing, parcels and tracking; returns and refunds.",
        "网上商店：收款、打包、快递发货与查询，退货与退款。",
    ),
    "wholesale": (
        "A distributor: review against the credit of dealers, picking, shipping, signed delivery notes; goods returned and credited.",
        "批发商：按客户信用审核、备货、发货、签收，退货与折让。",
    ),
    "manufacturing": (
        "A workshop that makes to order: inquiry, offer, deposit, production, inspection, delivery; complaints.",
        "按单生产的工厂：询价、报价、预付款、排产、检验、交付，客户投诉。",
    ),
    "field_service": (
        "Technicians who come to the customer: calls, visits, reports and invoices; maintenance under contract.",
        "上门服务：报修、派工、服务单与结算，合同保养。",
    ),
    "workshop": (
        "A repair shop: things are brought in, estimated, repaired and collected.",
        "维修店：送修、报价、维修、取件。",
    ),
}

SENTENCES: dict[str, tuple[str, str]] = {
    "template.not_installed": (
        "The template '{template}' is not installed here. Installed: {installed}.",
        "此处未安装模板“{template}”。已安装：{installed}。",
    ),
    "template.kept_changed": (
        "It stays, because the company has changed it since.",
        "保留：公司已修改此项。",
    ),
    "template.kept_needed": ("It stays, because it is needed by {title}.", "保留：{title}需要它。"),
    "template.kept_orders": (
        "It stays, because {count:order stands|orders stand} in it.",
        "保留：有 {count} 个订单处于此状态。",
    ),
    "template.kept_type": (
        "It stays, because {count:order of this type is|orders of this type are} under way.",
        "保留：有 {count} 个此类型的订单正在进行。",
    ),
    "template.kept_members": (
        "It stays, because {count:member holds|members hold} it.",
        "保留：有 {count} 名成员拥有此角色。",
    ),
    "template.kept_step": (
        "It stays, because orders in the statuses that stay take it.",
        "保留：处于保留状态的订单需要此流转。",
    ),
    "template.kept_end": (
        "It stays, because orders need a status to begin in and one to be void in.",
        "保留：订单须有初始状态和作废状态。",
    ),
}
