"""Signing in, second factors, passwords, and the messages with secrets."""

SENTENCES: dict[str, tuple[str, str]] = {
    "sign_in.wrong_password": ("The password is wrong.", "密码不正确。"),
    "sign_in.challenge_over": (
        "This sign-in is over or was finished already. Sign in again with your password.",
        "本次登录已过期或已完成，请重新用密码登录。",
    ),
    "sign_in.unknown_secret": (
        "This secret is unknown, was used already, or is too old. Ask for a new message.",
        "该验证码不存在、已使用或已过期，请重新获取。",
    ),
    "second_factor.due": (
        "Your company wants a second factor when you sign in. Set one up (startSecondFactor), or sign in again with the one you have.",
        "您的公司要求登录时使用双重验证。请先设置（startSecondFactor），已设置的请重新登录。",
    ),
    "second_factor.wrong_code": (
        "The code is wrong, was used already, or is too old. Wait for the next one.",
        "验证码不正确、已使用或已过期，请等待下一个。",
    ),
    "second_factor.is_on": ("You have a second factor already.", "您已启用双重验证。"),
    "second_factor.is_off": ("You have no second factor.", "您尚未启用双重验证。"),
    "second_factor.not_begun": (
        "There is no second factor to prove. Begin with startSecondFactor.",
        "没有待验证的双重验证，请先调用 startSecondFactor。",
    ),
    "second_factor.own": (
        "Nobody can reset their own second factor. Use dropSecondFactor, with your password and a code or a recovery code.",
        "不能重置自己的双重验证。请使用 dropSecondFactor，并提供密码和验证码或恢复码。",
    ),
    "second_factor.owner": (
        "Only an owner can reset the second factor of an owner.",
        "只有所有者可以重置所有者的双重验证。",
    ),
    "second_factor.elsewhere": (
        "This person belongs to other companies too, so that no one of them can reset their second factor. They can use a recovery code.",
        "该成员还属于其他公司，任何一家都不能重置其双重验证。请本人使用恢复码。",
    ),
    "secrets.no_key": (
        "Secrets cannot be kept on this instance, or not be read any more: its operator has to set SECRET_KEYS.",
        "本实例无法保存或读取机密信息：请运营方设置 SECRET_KEYS。",
    ),
    "limit.sign_in_once": ("Sign in once in an operation.", "每次操作只能登录一次。"),
    "limit.common_password": (
        "Many people use this password, or it is made of a name, a row of keys or a piece that repeats. Choose several words that have nothing to do with each other.",
        "该密码过于常见，或由姓名、连续按键或重复片段组成。请使用几个互不相关的词。",
    ),
    "mail.password_reset_subject": ("Set your password anew", "重设密码"),
    "mail.password_reset_text": (
        "Somebody, probably you, has asked to set the password of this address anew.\n\n{way}\n\nThis holds for an hour and can be used once. If it was not you, do nothing: your password stays as it is.",
        "有人（可能是您本人）申请重设该地址的密码。\n\n{way}\n\n一小时内有效，仅可使用一次。如非本人操作，请忽略本邮件，密码不会改变。",
    ),
    "mail.notice_subject": ("Your sign-in has changed", "您的登录方式有变动"),
    "mail.notice_text": (
        "{what}\n\nIf it was you, there is nothing to do. If it was not, set your password anew at once (requestPasswordReset), and tell an administrator of your company.",
        "{what}\n\n如为本人操作，无需处理。否则请立即重设密码（requestPasswordReset），并告知公司管理员。",
    ),
    "notice.password_changed": (
        "The password of your account was changed. Your other sessions have ended.",
        "您账号的密码已更改，其他会话已结束。",
    ),
    "notice.password_reset": (
        "The password of your account was set anew by a message to this address. Your sessions have ended.",
        "您账号的密码已通过发送到该地址的邮件重设，所有会话已结束。",
    ),
    "notice.second_factor_set": ("A second factor was set up for your account.", "您的账号已启用双重验证。"),
    "notice.second_factor_dropped": ("The second factor of your account was taken away.", "您账号的双重验证已取消。"),
    "notice.second_factor_reset": (
        "{by} of {company} has taken away the second factor of your account. Your sessions have ended.",
        "{company} 的 {by} 已取消您账号的双重验证，所有会话已结束。",
    ),
    "notice.recovery_codes_renewed": (
        "Your account has new recovery codes. Those before are worthless.",
        "您的账号已生成新的恢复码，旧的恢复码已失效。",
    ),
    "notice.address_changed": (
        "Your account is signed in to with {email} from now on, no more with this address.",
        "您的账号今后使用 {email} 登录，不再使用该地址。",
    ),
    "notice.guessed_at": (
        "Somebody has tried too many wrong passwords or codes for your account. Nobody got in, and you are let in on devices that you have signed in on before.",
        "有人多次用错误的密码或验证码尝试登录您的账号，均未成功。您仍可在曾登录过的设备上登录。",
    ),
    "mail.by_link": ("Follow this link:\n{link}", "请打开以下链接：\n{link}"),
    "mail.by_secret": ("Your secret:\n{secret}", "您的验证码：\n{secret}"),
}
