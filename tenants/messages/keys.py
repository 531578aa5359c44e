"""Keys of programs."""

SENTENCES: dict[str, tuple[str, str]] = {
    "key.person_only": (
        "Only a person who is signed in can do this; a key cannot.",
        "此操作只能由已登录的人员执行，密钥无法执行。",
    ),
    "key.address": (
        "This key may not be used from your network address. Who manages keys can allow it.",
        "该密钥不允许从您的网络地址使用，请联系管理密钥的人员。",
    ),
    "key.over": (
        "This key was revoked or has expired. Make a new one.",
        "该密钥已被撤销或已过期，请新建密钥。",
    ),
    "key.too_many": (
        "A company has {most} keys at most. Revoke those that nobody uses.",
        "每家公司最多 {most} 个密钥，请撤销不再使用的密钥。",
    ),
    "key.not_within": ("Give a number from {least} to {most}.", "请输入 {least} 到 {most} 之间的数字。"),
    "key.right_beyond": (
        "The roles of this key do not give '{right}', or no key may have it. Leave it out.",
        "该密钥的角色不包含“{right}”，或密钥不能拥有该权限，请去掉。",
    ),
    "key.of_members": (
        "A key is no member: these rights of its roles, which are of a member's own records, of their teams' or of what is shared with them, would give it nothing: {rights}. Choose a role of all records or with conditions, or leave these rights out with 'rights' or 'recordTypes'.",
        "密钥不是成员：其角色中仅针对本人、所在团队或共享记录的权限对它无效：{rights}。请选择适用于全部记录或带条件的角色，或用 rights、recordTypes 排除这些权限。",
    ),
    "key.not_network": (
        "'{value}' is no network address. Write it like 203.0.113.0/24 or 2001:db8::/32.",
        "“{value}”不是网络地址，请使用 203.0.113.0/24 或 2001:db8::/32 的格式。",
    ),
}
