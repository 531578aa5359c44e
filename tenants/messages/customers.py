"""What can be wrong with customers."""

SENTENCES: dict[str, tuple[str, str]] = {
    "customer.own_company": ("A customer cannot be its own company.", "客户不能以自己为所属公司。"),
    "customer.not_company": ("{name} is a person, not a company.", "{name} 是个人，不是公司。"),
}
