"""What entries of the audit log say, in words.

They are put together in the statement that reads the log, not by ``render``. What is in square brackets is left out where what it names
is not told. ``{times:time|times}`` is followed by the one or the other, as the number wants it.
"""

# By kind of entry. Where several kinds of deed have the same kind of entry, the others are told by ``<kind>/<variant>``.
AUDIT_SENTENCES: dict[str, tuple[str, str]] = {
    "signed_in": (
        "{about} signed in[ {method}][ and {secondFactor}][ from {address}]",
        "{about} 已登录[，{method}][和{secondFactor}][，来自 {address}]",
    ),
    "sign_in_failed": (
        "Somebody tried[ {times} times] to sign in as {about}[ from {address}][: {reason}]",
        "有人[ {times} 次]尝试以 {about} 的身份登录[，来自 {address}][：{reason}]",
    ),
    "signed_out": ("{about} signed out", "{about} 已退出登录"),
    "signed_out/by_provider": (
        "The identity provider of {about} ended {sessions:session|sessions} of theirs",
        "{about} 的身份提供方结束了其 {sessions} 个会话",
    ),
    "session_revoked": ("{actor} ended a session of {about}", "{actor} 结束了 {about} 的一个会话"),
    "sessions_revoked": ("{about} ended all their other sessions", "{about} 结束了自己的其他所有会话"),
    "password_changed": ("{about} changed their password", "{about} 更改了密码"),
    "password_reset": (
        "The password of {about} was set anew by a message to their address",
        "{about} 的密码已通过发送到其地址的邮件重设",
    ),
    "password_reset_requested": (
        "Somebody asked[ {times} times] for a message to set the password of {about} anew[, from {address}]",
        "有人[ {times} 次]申请重设 {about} 的密码[，来自 {address}]",
    ),
    "second_factor_set": ("{about} set up a second factor", "{about} 启用了双重验证"),
    "second_factor_dropped": ("{about} took away their second factor", "{about} 取消了双重验证"),
    "second_factor_reset": ("{actor} took away the second factor of {about}", "{actor} 取消了 {about} 的双重验证"),
    "recovery_codes_renewed": ("{about} made new recovery codes", "{about} 生成了新的恢复码"),
    "email_change_requested": (
        "Somebody with the password of {about} asked for another address to sign in with[, from {address}]",
        "有人使用 {about} 的密码申请更改登录地址[，来自 {address}]",
    ),
    "member_added": (
        "{actor} made {name}[ ({email})] a member[ with the roles {roles}][, as a person at the customer {customer}]",
        "{actor} 将 {name}[（{email}）]设为成员[，角色：{roles}][，所属客户：{customer}]",
    ),
    "member_added/invited": (
        "{name}[ ({email})] accepted an invitation and is a member[ with the roles {roles}][, as a person at the customer {customer}]",
        "{name}[（{email}）]接受邀请成为成员[，角色：{roles}][，所属客户：{customer}]",
    ),
    "member_changed": ("{actor} changed {about}[: {changes}]", "{actor} 修改了 {about}[：{changes}]"),
    "member_invited": (
        "{actor} invited {email}[ with the roles {roles}][, as a person at the customer {customer}]",
        "{actor} 邀请了 {email}[，角色：{roles}][，所属客户：{customer}]",
    ),
    "member_invited/withdrawn": ("{actor} withdrew the invitation of {email}", "{actor} 撤回了对 {email} 的邀请"),
    "member_left": (
        "{actor} ended the membership of {about}[, {keeps}]",
        "{actor} 结束了 {about} 的成员资格[，{keeps}]",
    ),
    "member_left/themselves": ("{about} left the company[, {keeps}]", "{about} 离开了公司[，{keeps}]"),
    "team_changed": ("{actor} changed the team {about}[: {changes}]", "{actor} 修改了团队 {about}[：{changes}]"),
    "team_changed/made": ("{actor} made the team {about}[: {changes}]", "{actor} 新建了团队 {about}[：{changes}]"),
    "record_shared": (
        "{actor} shared {record} with {receiver}[, {mayChange}][, until {endsAt}]",
        "{actor} 将{record} 共享给 {receiver}[，{mayChange}][，至 {endsAt}]",
    ),
    "record_shared/changed": (
        "{actor} changed how {record} is shared with {receiver}[, {mayChange}][, until {endsAt}]",
        "{actor} 更改了{record} 对 {receiver} 的共享[，{mayChange}][，至 {endsAt}]",
    ),
    "record_shared/ended": (
        "{actor} shares {record} with {receiver} no more",
        "{actor} 不再将{record} 共享给 {receiver}",
    ),
    "provider_changed": (
        "{actor} changed the identity provider {about}[: {changes}]",
        "{actor} 修改了身份提供方 {about}[：{changes}]",
    ),
    "provider_changed/made": (
        "{actor} set up the identity provider {name}[ ({issuer})]",
        "{actor} 设置了身份提供方 {name}[（{issuer}）]",
    ),
    "provider_changed/removed": (
        "{actor} removed the identity provider {oldName}",
        "{actor} 删除了身份提供方 {oldName}",
    ),
    "provider_refused": (
        "A sign-in at {about} came to nothing[ {times} times][, from {address}]: {reason}[ ({detail})]",
        "通过 {about} 的登录未成功[ {times} 次][，来自 {address}]：{reason}[（{detail}）]",
    ),
    "handed_over": (
        "{actor} handed over to {to} what {about} had[: {counts}]",
        "{actor} 将 {about} 名下的内容移交给 {to}[：{counts}]",
    ),
    "company_founded": (
        "{actor} founded the company {about} for {name}[ ({email})][, from the template {template}]",
        "{actor} 为 {name}[（{email}）]创建了公司 {about}[，模板：{template}]",
    ),
    "company_founded/signed_up": (
        "{name}[ ({email})] founded the company {about}[, from the template {template}]",
        "{name}[（{email}）]创建了公司 {about}[，模板：{template}]",
    ),
    "quotas_set": (
        "{actor} set how much the company may use[: {changes}]",
        "{actor} 设置了公司的用量上限[：{changes}]",
    ),
    "key_created": (
        "{actor} made the key {name}[ with the roles {roles}][, {readOnly}][, only for {rights}][, only for {recordTypes}][, only from {networks}][, valid until {expiresAt}]",
        "{actor} 新建了密钥 {name}[，角色：{roles}][，{readOnly}][，仅限 {rights}][，仅限{recordTypes}][，仅限来自 {networks}][，有效至 {expiresAt}]",
    ),
    "key_used": (
        "The key {about} was used for the first time[ from {network}][, at {address}]",
        "密钥 {about} 首次使用[，网络：{network}][，来自 {address}]",
    ),
    "key_rotated": (
        "{actor} gave the key {about} a new secret[, the one before holds for {overlapHours:hour|hours} more][, valid until {expiresAt}]",
        "{actor} 轮换了密钥 {about}[，原密钥再保留 {overlapHours} 小时][，有效至 {expiresAt}]",
    ),
    "key_revoked": ("{actor} ended the key {name}", "{actor} 停用了密钥 {name}"),
    "configuration_changed": (
        "{actor} changed the configuration[ (version {version})][: {definitions}]",
        "{actor} 修改了配置[（版本 {version}）][：{definitions}]",
    ),
    "draft_judged": (
        "{actor} approved version {version} of the draft {name}[: {comment}]",
        "{actor} 批准了草稿 {name} 的版本 {version}[：{comment}]",
    ),
    "draft_judged/rejected": (
        "{actor} rejected version {version} of the draft {name}[: {comment}]",
        "{actor} 退回了草稿 {name} 的版本 {version}[：{comment}]",
    ),
    "exported": (
        "{actor} exported {rows:record|records} ({type})[ as {format}]",
        "{actor} 导出了 {rows} 条记录（{type}）[，格式：{format}]",
    ),
    "imported": ("{actor} imported records[: {files}]", "{actor} 导入了记录[：{files}]"),
    "file_downloaded": (
        "{actor} fetched the file {name}[ from {address}]",
        "{actor} 下载了文件 {name}[，来自 {address}]",
    ),
    "refused": (
        "{actor} wanted[ {times} times] to do what takes the right {right}, which they lacked",
        "{actor}[ {times} 次] 要执行需要权限 {right} 的操作，但没有此权限",
    ),
    "refused/reached": (
        "{actor} reached[ {times} times] for rights that they lack: {reason}[ ({right})]",
        "{actor}[ {times} 次] 试图取得自己没有的权限：{reason}[（{right}）]",
    ),
    "audit_removed": (
        "{actor} removed {entries:entry|entries} about {about} from before {before} out of the audit log",
        "{actor} 从审计日志中删除了 {entries} 条 {before} 之前关于 {about} 的条目",
    ),
}

# Who acts and has no name of their own. The operator is the system by the name of the command line.
ACTORS: dict[str, tuple[str, str]] = {
    "stranger": ("Somebody", "有人"),
    "operator": ("The operator", "运营方"),
    "system": ("The system", "系统"),
}
# What an entry is about whose name is not told.
UNNAMED: dict[str, tuple[str, str]] = {
    "member": ("the member", "成员"),
    "key": ("the key", "密钥"),
    "team": ("the team", "团队"),
    "invitation": ("the invitation", "邀请"),
    "identity_provider": ("the identity provider", "身份提供方"),
    "draft": ("the draft", "草稿"),
    "company": ("the company", "公司"),
}
# What codes among the details say; others are told as they are.
VALUE_WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "method": {
        "password": ("with a password", "使用密码"),
        "identity provider": ("by the identity provider", "通过身份提供方"),
        "openid_connect": ("by the identity provider", "通过身份提供方"),
        "saml": ("by the identity provider", "通过身份提供方"),
        "switch": ("coming from another company of theirs", "从所属的其他公司切换"),
        "operator": ("with a token that the operator made", "使用运营方生成的令牌"),
    },
    "reason": {
        "sign_in_failed": ("wrong password", "密码错误"),
        "limit.sign_in": ("too many tries", "尝试次数过多"),
        "second_factor.wrong_code": ("wrong code", "验证码错误"),
        "single_sign_on.wanted": (
            "with a password, which the company does not let count",
            "使用了公司不接受的密码登录",
        ),
        "limit.owner_grant": ("only an owner makes owners", "只有所有者可以设置所有者"),
        "limit.role_grant": ("by roles", "通过角色"),
        "limit.team_grant": ("by a team", "通过团队"),
        "single_sign_on.owners": ("by letting owners sign in at a provider", "通过允许所有者使用身份提供方登录"),
        "people.above": ("to change somebody above them", "更改权限高于自己的成员"),
        "second_factor.owner": ("to reset the second factor of an owner", "重置所有者的双重验证"),
        "single_sign_on.refused": ("the provider did not confirm it", "身份提供方未确认"),
        "single_sign_on.token_refused": ("the ID token cannot be believed", "ID 令牌不可信"),
        "single_sign_on.nobody": ("nobody signs in here by that address", "没有成员使用该地址登录"),
        "single_sign_on.not_verified": ("the address is not verified", "邮箱地址未经验证"),
        "single_sign_on.other_domain": ("the address is of a domain that is not let in", "邮箱域名不被接受"),
        "single_sign_on.no_role": ("the provider gives no role", "身份提供方未授予角色"),
        "single_sign_on.inactive": ("the member may not sign in any more", "成员已停用"),
        "single_sign_on.owner": ("owners sign in with their password", "所有者须使用密码登录"),
        "visit.expired": ("it took too long", "已超时"),
        "visit.other_browser": ("it came back in another browser", "在其他浏览器中返回"),
        "visit.unknown": ("it was not begun here", "并非在此发起"),
    },
    "secondFactor": {"true": ("a second factor", "双重验证")},
    "readOnly": {"true": ("only to read and export", "仅可读取和导出")},
    "keeps": {"true": ("and keeps what they had", "名下内容保留")},
    "mayChange": {"true": ("to change it too", "可修改")},
}
# What sentences call what was changed or counted; what is not here is told by the name that it has among the details.
DETAIL_NAMES: dict[str, tuple[str, str]] = {
    "name": ("name", "名称"),
    "names": ("names in other languages", "其他语言的名称"),
    "email": ("e-mail address", "电子邮箱"),
    "roles": ("roles", "角色"),
    "language": ("language", "语言"),
    "active": ("leave to sign in", "启用"),
    "customer": ("customer", "客户"),
    "parent_id": ("team above", "上级团队"),
    "archived_at": ("archived", "归档时间"),
    "members": ("members", "成员"),
    "issuer": ("issuer", "签发者"),
    "clientId": ("client id", "客户端 ID"),
    "clientSecret": ("client secret", "客户端密钥"),
    "scopes": ("scopes", "范围"),
    "domains": ("domains", "域名"),
    "defaultRoles": ("default roles", "默认角色"),
    "roleClaim": ("claim of roles", "角色声明"),
    "roleMapping": ("roles by claim", "声明对应的角色"),
    "createsMembers": ("making of members", "自动创建成员"),
    "linksByEmail": ("linking by e-mail address", "按邮箱关联"),
    "owners": ("owners sign in by it", "所有者通过其登录"),
    "countsAsSecondFactor": ("counting as a second factor", "视为双重验证"),
    "enforced": ("enforcement", "强制使用"),
    "signInUrl": ("sign-in address", "登录网址"),
    "certificates": ("certificates", "证书"),
    "metadataUrl": ("address of the metadata", "元数据网址"),
    "emailClaim": ("claim of the e-mail address", "邮箱声明"),
    "nameClaim": ("claim of the name", "姓名声明"),
    "records": ("records", "记录数"),
    "storage_bytes": ("bytes of storage", "存储字节数"),
    "points_per_second": ("points per second", "每秒点数"),
    "points": ("points at once", "一次可用点数"),
    "orders": ("orders", "订单"),
    "customers": ("customers", "客户"),
    "drafts": ("scheduled drafts", "定时草稿"),
    "teams": ("teams to lead", "负责的团队"),
    "views": ("views", "视图"),
    "shares": ("shares", "共享"),
    "fields": ("fields that name them", "指向其的字段"),
    "automations": ("automations", "自动化"),
    "api_keys": ("keys", "密钥"),
}
# One of several files that were imported.
IMPORTED = (
    "{record}: {created} created, {updated} updated, {rejected} rejected",
    "{record}：新建 {created}，更新 {updated}，拒绝 {rejected}",
)
