"""What is more than is allowed."""

SENTENCES: dict[str, tuple[str, str]] = {
    "limit.cost": (
        "The operation may cost {requested} points; at most {limit} are allowed. Ask for smaller pages, or for less at once.",
        "该操作最多可能消耗 {requested} 点，上限为 {limit} 点，请减小分页或分批查询。",
    ),
    "limit.statements": (
        "The query needs {statements} statements of the database; at most {most} are allowed. Ask for less at once.",
        "该查询需要 {statements} 条数据库语句，上限为 {most} 条，请分批查询。",
    ),
    "limit.rate": (
        "You or your company asked for too much lately. Try again in {retryAfter} seconds.",
        "您或您的公司近期请求过多，请 {retryAfter} 秒后再试。",
    ),
    "limit.password": ("A password needs 10 to 200 characters.", "密码须为 10 至 200 个字符。"),
    "limit.slug": (
        "'{slug}' is no short name: 2 to 40 small letters, digits and hyphens, beginning with a letter.",
        "“{slug}”不是有效的简称：2 至 40 个小写字母、数字和连字符，以字母开头。",
    ),
    "limit.no_live": ("Live updates are not available right now. Ask again instead.", "实时更新暂不可用，请改用查询。"),
    "limit.owner": ("The company needs at least one active owner.", "公司至少需要一名有效的所有者。"),
    "limit.owner_grant": (
        "Only an owner can make somebody an owner, or take that from an owner.",
        "只有所有者可以授予或取消所有者身份。",
    ),
    "limit.role_grant": (
        "You cannot give rights that you do not have yourself: {rights}.",
        "您不能授予自己没有的权限：{rights}。",
    ),
    "limit.team_grant": (
        "By their teams, members get rights to each other's records that you do not have of all records: {rights}. Ask somebody who has them.",
        "成员可通过团队获得对彼此记录的权限，而您并不拥有对全部记录的这些权限：{rights}。请联系拥有这些权限的人。",
    ),
    "limit.sign_in": (
        "Too many failed sign-ins. Try again in {minutes} minutes.",
        "登录失败次数过多，请 {minutes} 分钟后再试。",
    ),
    "limit.quota_records": (
        "The company has all the records that it may have ({most}). Ask the operator for more.",
        "公司记录数已达上限（{most}），请联系运营方扩容。",
    ),
    "limit.quota_storage_bytes": (
        "The company has used all the room that it may use ({most}). Ask the operator for more.",
        "公司存储空间已达上限（{most}），请联系运营方扩容。",
    ),
}
