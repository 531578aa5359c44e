"""People who join, leave and hand over, their accounts, and companies that somebody founds."""

SENTENCES: dict[str, tuple[str, str]] = {
    "people.is_member": ("{email} is a member already.", "{email} 已是成员。"),
    "people.is_invited": (
        "{email} is invited already. Send the invitation again (resendInvitation), or withdraw it first.",
        "已邀请过 {email}。请重新发送邀请（resendInvitation），或先撤回。",
    ),
    "people.invitation_over": (
        "The invitation was accepted, withdrawn or replaced by another.",
        "该邀请已被接受、撤回或被新的邀请取代。",
    ),
    "people.inviter_lacks": (
        "Whoever invited you may not give you these roles any more. Ask for a new invitation.",
        "邀请人已无权授予这些角色，请重新申请邀请。",
    ),
    "people.other_address": (
        "You are signed in with another address than the one of this message. Sign out, or show the password of the account of that address.",
        "您登录的账号与收到该邮件的地址不符。请退出登录，或提供该地址账号的密码。",
    ),
    "people.above": (
        "{name} has rights that you do not have: {rights}. Somebody who has them must do this.",
        "{name} 拥有您没有的权限：{rights}。请由拥有这些权限的人操作。",
    ),
    "people.is_owner": ("{name} is an owner already.", "{name} 已是所有者。"),
    "people.joined": ("{name} has accepted your invitation.", "{name} 已接受您的邀请。"),
    "people.no_member_field": (
        "'{field}' is no field of your own that leads to members. Name one of: {fields}.",
        "“{field}”不是指向成员的自定义字段。可用的字段：{fields}。",
    ),
    "people.has_things": (
        "{name} still has {orders} orders, {customers} customers, {drafts} scheduled drafts and {teams} teams to lead. Say what becomes of them with deactivateMember, or leaveCompany for yourself: handOverTo, toTeamLead or keep.",
        "{name} 名下还有 {orders} 个订单、{customers} 个客户、{drafts} 个定时草稿，并负责 {teams} 个团队。请用 deactivateMember（本人离开用 leaveCompany）说明如何处理：handOverTo、toTeamLead 或 keep。",
    ),
    "people.left": ("{name} has left the company.", "{name} 已离开公司。"),
    "people.knows_keys": (
        "{name} may not sign in any more, but knows the secrets of {keys:key of a program|keys of programs}. Rotate each (rotateApiKey) or end it (revokeApiKey).",
        "{name} 已不能登录，但仍知道 {keys} 个 API 密钥的内容。请轮换（rotateApiKey）或停用（revokeApiKey）这些密钥。",
    ),
    "people.same_member": ("{name} has these things already.", "这些已属于 {name}。"),
    "people.receiver_inactive": (
        "{name} may not sign in any more. Choose an active member.",
        "{name} 已停用，请选择有效的成员。",
    ),
    "people.no_lead": (
        "No team of {name} has a lead who may sign in, nor has one above it. Name somebody.",
        "{name} 所在团队及其上级团队均没有有效的负责人，请指定成员。",
    ),
    "people.hand_over_runs": (
        "What {name} has is being handed over already. Wait until that is done.",
        "{name} 名下的内容正在移交，请等待完成。",
    ),
    "people.nothing_to_hand_over": ("{name} has nothing of that.", "{name} 名下没有此类内容。"),
    "people.handed_over": ("Handed over from {name} by {by}.", "由 {by} 从 {name} 移交。"),
    "people.hand_over_stopped": (
        "A hand-over to {name} has stopped, because they may not sign in any more. Hand the rest over to somebody else.",
        "向 {name} 的移交已停止，因为该成员已停用。请将其余内容移交给其他人。",
    ),
    "people.hand_over_parked": (
        "A hand-over was given up after {attempts} attempts. Ask the operator why.",
        "移交在 {attempts} 次尝试后被放弃，请咨询运营方。",
    ),
    "people.address_taken": (
        "There is an account of {email} already. Use that one, or choose another address.",
        "{email} 已有账号。请使用该账号或换一个地址。",
    ),
    "people.sign_up_closed": (
        "On this instance only its operator founds companies.",
        "本实例的公司只能由运营方创建。",
    ),
    "people.slug_taken": (
        "'{slug}' is taken; '{suggestion}' is free.",
        "“{slug}”已被使用，“{suggestion}”可用。",
    ),
    "people.slug_reserved": (
        "'{slug}' cannot be chosen; '{suggestion}' is free.",
        "“{slug}”不可选用，“{suggestion}”可用。",
    ),
    "people.name_is_address": (
        "'{name}' reads like an address of mail or of a web page. Write the name without it.",
        "“{name}”含有邮箱地址或网址，请填写不含地址的名称。",
    ),
    "people.name_to_strangers": (
        "'{name}' reads like an address of mail or of a web page, which no message to strangers may hold. Change the name before you invite anybody.",
        "“{name}”含有邮箱地址或网址，不能出现在发给陌生人的邮件中。请先更改名称再邀请。",
    ),
    "limit.sign_ups": (
        "Too many want to found a company just now. Try again in {minutes} minutes.",
        "当前申请创建公司的人过多，请在 {minutes} 分钟后再试。",
    ),
    "limit.invitations": (
        "Too many invitations were sent within an hour; at most {most} can be. Try again later.",
        "一小时内发送的邀请过多，最多 {most} 封，请稍后再试。",
    ),
    "mail.invitation_subject": ("You are invited to join a company", "邀请您加入一家公司"),
    "mail.invitation_text": (
        'Somebody who is called "{by}" here invites you to work with the company "{company}".\n\n{way}\n\nThis holds for 14 days and can be used once. If you do not know them, do nothing.',
        "“{by}”邀请您加入公司“{company}”。\n\n{way}\n\n14 天内有效，仅可使用一次。如不认识对方，请忽略本邮件。",
    ),
    "mail.sign_up_subject": ("Found your company", "创建您的公司"),
    "mail.sign_up_text": (
        'Somebody, probably you, wants to found the company "{name}" with this address.\n\n{way}\n\nThis holds for 24 hours and can be used once. If it was not you, do nothing: no company is founded.',
        "有人（可能是您本人）想用该地址创建公司“{name}”。\n\n{way}\n\n24 小时内有效，仅可使用一次。如非本人操作，请忽略本邮件，不会创建公司。",
    ),
    "mail.email_change_subject": ("Confirm your new address", "确认您的新地址"),
    "mail.email_change_text": (
        "The account of {old} is to be signed in to with this address from now on.\n\n{way}\n\nThis holds for an hour and can be used once. If it was not you, do nothing: the address stays as it is.",
        "账号 {old} 申请改用该地址登录。\n\n{way}\n\n一小时内有效，仅可使用一次。如非本人操作，请忽略本邮件，地址不会改变。",
    ),
    "mail.address_warning_subject": ("Another address was asked for", "有人申请更改登录地址"),
    "mail.address_warning": (
        "Somebody who has the password of your account has asked for another address to sign in with. If it was not you, set your password anew at once.",
        "有人使用您账号的密码申请更改登录地址。如非本人操作，请立即重设密码。",
    ),
    "mail.new_owner_subject": ("Your company has a new owner", "您的公司有了新的所有者"),
    "mail.new_owner": (
        'The operator of this instance has made "{name}" ({email}) an owner of the company "{company}", because somebody asked for it. If you know nothing of it, ask the operator at once.',
        "本实例的运营方应他人请求，已将“{name}”（{email}）设为公司“{company}”的所有者。如您不知情，请立即联系运营方。",
    ),
}
