"""Identity providers: what is wrong with them, whom they let in, and calls to the outside."""

SENTENCES: dict[str, tuple[str, str]] = {
    "single_sign_on.wanted": (
        "Your company signs in by its identity provider; here, only owners have a password.",
        "贵公司通过身份提供方登录；仅所有者可使用密码登录。",
    ),
    "single_sign_on.one_company": (
        "A sign-in by an identity provider holds for one company alone. Sign in to the other one by itself.",
        "通过身份提供方的登录仅对一家公司有效，请单独登录另一家公司。",
    ),
    "single_sign_on.unknown": (
        "There is no such way to sign in. Look at the address again.",
        "该登录方式不存在，请检查网址。",
    ),
    "single_sign_on.over": (
        "This sign-in is over, was finished already, or was begun in another browser. Begin again.",
        "本次登录已过期、已完成，或并非在此浏览器中发起，请重新开始。",
    ),
    "single_sign_on.bad_return": (
        "Nobody is sent back to '{address}': the operator names the pages (SIGN_IN_PAGES).",
        "不能返回到“{address}”：允许的页面由运营方设置（SIGN_IN_PAGES）。",
    ),
    "single_sign_on.bad_challenge": (
        "'challenge' must be the SHA-256 of a secret of yours, as URL-safe base64 without padding (43 characters).",
        "challenge 必须是您的密钥的 SHA-256 值，采用不带填充的 URL 安全 base64 编码（43 个字符）。",
    ),
    "single_sign_on.refused": (
        "{provider} has not confirmed the sign-in ({error}). Try again, or ask your administrator.",
        "{provider} 未确认本次登录（{error}）。请重试，或联系管理员。",
    ),
    "single_sign_on.mixed_up": (
        "The answer does not come from {provider}. Begin again.",
        "该应答并非来自 {provider}，请重新开始。",
    ),
    "single_sign_on.token_refused": (
        "What the identity provider says of you cannot be believed ({reason}). Begin again; if it happens again, tell your administrator.",
        "无法信任身份提供方的应答（{reason}）。请重新开始；如再次出现，请告知管理员。",
    ),
    "single_sign_on.nobody": (
        "Nobody signs in here as {email} by {provider}. Ask an administrator of your company to add you.",
        "没有成员以 {email} 通过 {provider} 登录。请联系贵公司的管理员添加您。",
    ),
    "single_sign_on.not_verified": (
        "{provider} has not verified your e-mail address, or does not tell it. Ask whoever runs it to do so.",
        "{provider} 尚未验证或未提供您的电子邮箱地址，请联系其管理员。",
    ),
    "single_sign_on.other_domain": (
        "Addresses at '{domain}' are not let in; your company lets in {domains}.",
        "不接受“{domain}”的邮箱地址；贵公司接受的域名为：{domains}。",
    ),
    "single_sign_on.no_role": (
        "{provider} gives you no role here. Ask an administrator of your company.",
        "{provider} 未授予您任何角色，请联系贵公司的管理员。",
    ),
    "single_sign_on.inactive": (
        "You may not sign in here any more. Ask an administrator of your company.",
        "您已不能在此登录，请联系贵公司的管理员。",
    ),
    "single_sign_on.owner": (
        "Owners sign in with their password: an owner has to allow that they do so by {provider}.",
        "所有者须使用密码登录；只有所有者可以允许其通过 {provider} 登录。",
    ),
    "single_sign_on.owners": (
        "Only an owner can let owners sign in by a provider, or change one that does.",
        "只有所有者可以允许所有者通过身份提供方登录，或更改此类提供方。",
    ),
    "single_sign_on.bad_key": (
        "A key is made of small letters, digits, '-' and '_', 40 at most.",
        "键只能由小写字母、数字、“-”和“_”组成，最多 40 个字符。",
    ),
    "single_sign_on.too_many": (
        "A company has {most} identity providers at most.",
        "每家公司最多有 {most} 个身份提供方。",
    ),
    "single_sign_on.bad_issuer": (
        "'{issuer}' is no issuer: it is an address such as https://login.example.com, without user, '?' or '#'.",
        "“{issuer}”不是有效的签发者：应为类似 https://login.example.com 的地址，不含用户名、“?”或“#”。",
    ),
    "single_sign_on.bad_entry": ("'{value}' cannot be used here.", "此处不能使用“{value}”。"),
    "single_sign_on.roles_wanted": (
        "Who is made a member needs a role: give default roles, or a claim and which of its values give which role.",
        "新成员需要角色：请设置默认角色，或设置声明及其取值对应的角色。",
    ),
    "single_sign_on.other_issuer": (
        "The provider calls itself '{said}', and not '{issuer}': write the issuer exactly as it does.",
        "提供方自称“{said}”，而非“{issuer}”：请按其原样填写签发者。",
    ),
    "single_sign_on.no_endpoint": (
        "'{address}' does not say where its '{name}' is.",
        "“{address}”未说明其“{name}”的地址。",
    ),
    "single_sign_on.no_algorithm": (
        "The provider signs with none of the algorithms that are believed here: {algorithms}.",
        "提供方的签名算法均不被接受，可接受的算法为：{algorithms}。",
    ),
    "single_sign_on.unreachable": (
        "{provider} cannot be reached just now. Try again, or ask an administrator of your company.",
        "目前无法连接 {provider}，请重试或联系公司管理员。",
    ),
    "single_sign_on.enforce_later": (
        "From then on nobody but owners could sign in if it did not work. Set the provider up first and try it, then enforce it.",
        "若提供方不可用，除所有者外无人能登录。请先设置并测试，再强制使用。",
    ),
    "single_sign_on.not_usable": (
        "People cannot sign in at this provider: {problems} Mend that before you enforce it.",
        "目前无法通过该提供方登录：{problems}请先解决，再强制使用。",
    ),
    "single_sign_on.no_keys": (
        "'{address}' has no public key that can be used.",
        "“{address}”没有可用的公钥。",
    ),
    "single_sign_on.bad_status": (
        "'{address}' answers with status {status}; 200 is wanted. Is the issuer right?",
        "“{address}”返回状态 {status}，应为 200。签发者是否正确？",
    ),
    "single_sign_on.no_json": (
        "'{address}' answers with something that is no JSON object.",
        "“{address}”返回的不是 JSON 对象。",
    ),
    "single_sign_on.not_believed": (
        "The answer of your identity provider was not accepted. Begin again; if it happens again, tell your administrator: the audit log has the reason.",
        "身份提供方的应答未被接受。请重新开始；如再次出现，请告知管理员：审计日志中有原因。",
    ),
    "single_sign_on.bad_form": (
        "What was sent is no form that can be read here, or is too large.",
        "所提交的内容不是可读取的表单，或过大。",
    ),
    "single_sign_on.not_of_kind": (
        "'{name}' is no setting of a provider of this kind: leave it out.",
        "“{name}”不是此类身份提供方的设置，请勿填写。",
    ),
    "single_sign_on.saml_wanted": (
        "Give the provider's metadata, its address (metadataUrl), or issuer, signInUrl and certificates.",
        "请提供身份提供方的元数据、元数据地址（metadataUrl），或同时提供 issuer、signInUrl 和 certificates。",
    ),
    "single_sign_on.bad_address": (
        "'{address}' is no address: write one that begins with https:// and names no user.",
        "“{address}”不是有效地址：请填写以 https:// 开头且不含用户名的地址。",
    ),
    "single_sign_on.bad_certificate": (
        "'{value}' cannot be used: a certificate is X.509 as PEM or base64, valid today, with an RSA key of 2048 bits or more, or a key of P-256, P-384 or P-521.",
        "无法使用“{value}”：证书须为 PEM 或 base64 格式的 X.509 证书，当前有效，密钥为 2048 位以上的 RSA 或 P-256、P-384、P-521。",
    ),
    "single_sign_on.too_many_certificates": (
        "A provider has {most} certificates at most.",
        "每个身份提供方最多有 {most} 个证书。",
    ),
    "single_sign_on.metadata_xml": (
        "This cannot be read as metadata: XML of at most 256 KiB, without a document type.",
        "无法作为元数据读取：应为不超过 256 KiB、不含文档类型声明的 XML。",
    ),
    "single_sign_on.metadata_entity": (
        "Metadata of one identity provider of SAML 2.0 is wanted: an EntityDescriptor with one IDPSSODescriptor.",
        "需要单个 SAML 2.0 身份提供方的元数据：含一个 IDPSSODescriptor 的 EntityDescriptor。",
    ),
    "single_sign_on.metadata_binding": (
        "The provider names no address that takes requests by HTTP-Redirect.",
        "该身份提供方未提供 HTTP-Redirect 方式的登录地址。",
    ),
    "single_sign_on.metadata_certificate": (
        "The provider names no certificate that can be used: valid today, with an RSA key of 2048 bits or more, or a key of P-256, P-384 or P-521.",
        "该身份提供方没有可用的证书：证书须当前有效，密钥为 2048 位以上的 RSA 或 P-256、P-384、P-521。",
    ),
    "single_sign_on.metadata_signed_requests": (
        "The provider wants signed requests; ours are not signed. Switch that off there.",
        "该身份提供方要求对请求签名，而我们的请求不签名，请在其中关闭此要求。",
    ),
    "outgoing.closed": ("This process calls nobody: '{address}'.", "本进程不向外发起请求：“{address}”。"),
    "outgoing.no_address": (
        "'{address}' cannot be called: write an address that begins with https:// and names no user.",
        "无法访问“{address}”：请填写以 https:// 开头且不含用户名的地址。",
    ),
    "outgoing.unknown_host": ("The name '{host}' is not known.", "无法解析主机名“{host}”。"),
    "outgoing.not_public": (
        "'{host}' is not on the public internet, and is not called. The operator can allow its network (OUTGOING_PRIVATE_NETWORKS).",
        "“{host}”不在公共互联网上，不予访问。运营方可允许其网络（OUTGOING_PRIVATE_NETWORKS）。",
    ),
    "outgoing.not_https": (
        "'{host}' is called by https:// on port 443 only.",
        "只能通过 https:// 和 443 端口访问“{host}”。",
    ),
    "outgoing.too_slow": ("'{host}' has not answered within {seconds} seconds.", "“{host}”未在 {seconds} 秒内应答。"),
    "outgoing.too_large": ("'{host}' answers with more than {most} KiB.", "“{host}”的应答超过 {most} KiB。"),
    "outgoing.failed": ("'{host}' could not be called: {reason}.", "无法访问“{host}”：{reason}。"),
}
