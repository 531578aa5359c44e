"""What can be wrong with customers."""

SENTENCES: dict[str, tuple[str, str]] = {
    "customer.own_company": ("A customer cannot be its own company.", "客户不能以自己为所属公司。"),
    "customer.contact_twice": (
        "{value} is there twice. Leave one out, or give each a label of its own, such as office and fax.",
        "{value} 重复出现。请去掉一个，或为每个填写不同的标签，例如“办公”和“传真”。",
    ),
    "customer.not_company": ("{name} is a person, not a company.", "{name} 是个人，不是公司。"),
}
