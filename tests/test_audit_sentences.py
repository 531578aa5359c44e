"""What the audit log says in words: each kind of entry in English and Chinese, under the reader's rights, in one statement for a page."""

import re
from string import Formatter
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from tenants.actors import KEY, MEMBER, SOMEBODY, Actor, system
from tenants.audit_log import About, record_within
from tenants.audit_tallies import ESCALATIONS
from tenants.hand_overs import Thing
from tenants.messages.audit import AUDIT_SENTENCES, DETAIL_NAMES, VALUE_WORDS
from tenants.models.single_sign_on import identity_providers
from tenants.names import camel
from tenants.quotas import Quotas
from tenants.reading.audit_words import VARIANTS
from tenants.records.audit import AUDIT_KINDS
from tests.documents import CREATE_CUSTOMER, DEFINE_ROLE, INVITE_MEMBER, an_order, done
from tests.harness import Client, Company, Person, Row, Statements
from tests.test_drafts import CREATE as CREATE_DRAFT
from tests.test_drafts import DOCUMENT
from tests.test_identity_providers import made as a_provider
from tests.test_keys import a_key
from tests.test_teams import CREATE_TEAM

pytestmark = pytest.mark.anyio

WORDS = "{ auditEntries(first: 100, orderBy: [{at: ASC}]) { nodes { kind aboutType aboutId aboutName sentence } } }"
# Columns of a provider that nobody changes.
KEPT = {"id", "tenantId", "key", "kind", "version", "createdAt", "updatedAt"}
HAN = re.compile(r"[\u4e00-\u9fff]")
PLACE = {"times": 4, "address": "203.0.113.7"}
ANN = {"name": "Ann", "email": "ann@example.com", "roles": ["clerk", "member", "gone"]}
SHARE = {"id": "x", "memberId": "@member", "mayChange": True, "endsAt": "2026-12-24T18:00:00+00:00"}
SHARED = {"recordType": "order", "record": "@order"}


class Case(NamedTuple):
    """An entry as the product writes it, and what it says. ``@name`` stands for the id of what the test has made, ``actor`` ``=`` for
    what the entry is about."""

    about: str
    actor: str
    details: Row
    english: str
    chinese: str


CASES: dict[str, Case] = {
    "signed_in": Case(
        "member", "=", {"method": "password", "secondFactor": True, "address": "203.0.113.7", "userAgent": "x"},
        "Ann signed in with a password and a second factor from 203.0.113.7",
        "Ann 已登录，使用密码和双重验证，来自 203.0.113.7",
    ),
    "sign_in_failed": Case(
        "member", "somebody", {"reason": "sign_in_failed", **PLACE},
        "Somebody tried 4 times to sign in as Ann from 203.0.113.7: wrong password",
        "有人 4 次尝试以 Ann 的身份登录，来自 203.0.113.7：密码错误",
    ),
    "signed_out": Case("member", "=", {}, "Ann signed out", "Ann 已退出登录"),
    "signed_out/by_provider": Case(
        "member", "operator", {"method": "back-channel logout", "sessions": 1},
        "The identity provider of Ann ended 1 session of theirs",
        "Ann 的身份提供方结束了其 1 个会话",
    ),
    "session_revoked": Case(
        "member", "owner", {"session": "x"}, "Olga Owner ended a session of Ann", "Olga Owner 结束了 Ann 的一个会话"
    ),
    "sessions_revoked": Case("member", "=", {}, "Ann ended all their other sessions", "Ann 结束了自己的其他所有会话"),
    "password_changed": Case("member", "=", {}, "Ann changed their password", "Ann 更改了密码"),
    "password_reset": Case(
        "member", "=", {},
        "The password of Ann was set anew by a message to their address",
        "Ann 的密码已通过发送到其地址的邮件重设",
    ),
    "password_reset_requested": Case(
        "member", "somebody", {"times": 1},
        "Somebody asked for a message to set the password of Ann anew",
        "有人申请重设 Ann 的密码",
    ),
    "second_factor_set": Case("member", "=", {}, "Ann set up a second factor", "Ann 启用了双重验证"),
    "second_factor_dropped": Case("member", "=", {}, "Ann took away their second factor", "Ann 取消了双重验证"),
    "second_factor_reset": Case(
        "member", "owner", {}, "Olga Owner took away the second factor of Ann", "Olga Owner 取消了 Ann 的双重验证"
    ),
    "recovery_codes_renewed": Case("member", "=", {}, "Ann made new recovery codes", "Ann 生成了新的恢复码"),
    "email_change_requested": Case(
        "member", "=", {"address": "203.0.113.7"},
        "Somebody with the password of Ann asked for another address to sign in with, from 203.0.113.7",
        "有人使用 Ann 的密码申请更改登录地址，来自 203.0.113.7",
    ),
    "member_added": Case(
        "member", "owner", {**ANN, "customer": "@customer"},
        "Olga Owner made Ann (ann@example.com) a member with the roles Clerk's, Member, gone, as a person at the customer Acme",
        "Olga Owner 将 Ann（ann@example.com）设为成员，角色：职员、成员、gone，所属客户：Acme",
    ),
    "member_added/invited": Case(
        "member", "=", ANN,
        "Ann (ann@example.com) accepted an invitation and is a member with the roles Clerk's, Member, gone",
        "Ann（ann@example.com）接受邀请成为成员，角色：职员、成员、gone",
    ),
    "member_changed": Case(
        "member", "owner",
        {"roles": (["clerk"], ["member"]), "active": (True, False), "customer": (None, "@customer"), "name": ("A", "Ann")},
        "Olga Owner changed Ann: roles from 'Clerk's' to 'Member', leave to sign in switched off, customer set to 'Acme',"
        " name from 'A' to 'Ann'",
        "Olga Owner 修改了 Ann：角色由“职员”改为“成员”，关闭“启用”，客户设为“Acme”，名称由“A”改为“Ann”",
    ),
    "member_invited": Case(
        "invitation", "owner", {"email": "bo@example.com", "roles": ["clerk"], "state": "open"},
        "Olga Owner invited bo@example.com with the roles Clerk's",
        "Olga Owner 邀请了 bo@example.com，角色：职员",
    ),
    "member_invited/withdrawn": Case(
        "invitation", "owner", {"email": "bo@example.com", "roles": ["clerk"], "state": "withdrawn"},
        "Olga Owner withdrew the invitation of bo@example.com",
        "Olga Owner 撤回了对 bo@example.com 的邀请",
    ),
    "member_left": Case(
        "member", "owner", {"keeps": True},
        "Olga Owner ended the membership of Ann, and keeps what they had",
        "Olga Owner 结束了 Ann 的成员资格，名下内容保留",
    ),
    "member_left/themselves": Case("member", "=", {}, "Ann left the company", "Ann 离开了公司"),
    "team_changed": Case(
        "team", "owner",
        {"members": ([], [{"id": "@member", "lead": True}]), "parent_id": ("@team", None), "names": (None, {"zh": "北"})},
        "Olga Owner changed the team North: members set to 'Ann', team above 'North' taken away,"
        " names in other languages set to 'zh = 北'",
        "Olga Owner 修改了团队 North：成员设为“Ann”，去掉上级团队“North”，其他语言的名称设为“zh = 北”",
    ),
    "team_changed/made": Case(
        "team", "owner", {"name": "North", "members": [{"id": "@member", "lead": False}]},
        "Olga Owner made the team North: name set to 'North', members set to 'Ann'",
        "Olga Owner 新建了团队 North：名称设为“North”，成员设为“Ann”",
    ),
    "record_shared": Case(
        "owner", "owner", {**SHARED, "share": (None, SHARE)},
        "Olga Owner shared order @number with Ann, to change it too, until 2026-12-24",
        "Olga Owner 将订单 @number 共享给 Ann，可修改，至 2026-12-24",
    ),
    "record_shared/changed": Case(
        "owner", "owner", {**SHARED, "share": (SHARE, {"id": "x", "teamId": "@team", "mayChange": False})},
        "Olga Owner changed how order @number is shared with North",
        "Olga Owner 更改了订单 @number 对 North 的共享",
    ),
    "record_shared/ended": Case(
        "owner", "owner", {**SHARED, "share": (SHARE, None)},
        "Olga Owner shares order @number with Ann no more",
        "Olga Owner 不再将订单 @number 共享给 Ann",
    ),
    "provider_changed": Case(
        "identity_provider", "owner",
        {
            "enforced": (False, True),
            "defaultRoles": ([], ["clerk"]),
            "clientSecret": ("***", "***"),
            "roleMapping": ({}, {"staff": "member"}),
            "certificates": (["x" * 300], None),
        },
        "Olga Owner changed the identity provider Login: enforcement switched on, default roles set to 'Clerk's',"
        " client secret changed, roles by claim set to 'staff = member', certificates changed",
        "Olga Owner 修改了身份提供方 Login：开启“强制使用”，默认角色设为“职员”，客户端密钥已修改，声明对应的角色设为“staff = member”，"
        "证书已修改",
    ),
    "provider_changed/made": Case(
        "identity_provider", "owner", {"key": "login", "name": "Login", "issuer": "https://login.example.com"},
        "Olga Owner set up the identity provider Login (https://login.example.com)",
        "Olga Owner 设置了身份提供方 Login（https://login.example.com）",
    ),
    "provider_changed/removed": Case(
        "identity_provider", "owner", {"key": ("login", None), "name": ("Login", None)},
        "Olga Owner removed the identity provider Login",
        "Olga Owner 删除了身份提供方 Login",
    ),
    "provider_refused": Case(
        "identity_provider", "somebody", {"reason": "saml.audience", "detail": "x", **PLACE},
        "A sign-in at Login came to nothing 4 times, from 203.0.113.7: saml.audience (x)",
        "通过 Login 的登录未成功 4 次，来自 203.0.113.7：saml.audience（x）",
    ),
    "handed_over": Case(
        "member", "owner", {"to": "Bo", "orders": 3, "teams": 0, "views": 1},
        "Olga Owner handed over to Bo what Ann had: orders 3, views 1",
        "Olga Owner 将 Ann 名下的内容移交给 Bo：订单 3、视图 1",
    ),
    "company_founded": Case(
        "company", "operator", {"slug": "x", "name": "Ann", "email": "ann@example.com", "template": "minimal"},
        "The operator founded the company Test Company for Ann (ann@example.com), from the template minimal",
        "运营方 为 Ann（ann@example.com）创建了公司 Test Company，模板：minimal",
    ),
    "company_founded/signed_up": Case(
        "company", "somebody", {"slug": "x", "name": "Ann", "email": "ann@example.com"},
        "Ann (ann@example.com) founded the company Test Company",
        "Ann（ann@example.com）创建了公司 Test Company",
    ),
    "quotas_set": Case(
        "company", "operator", {"records": (5, None), "points": (None, 900000)},
        "The operator set how much the company may use: records '5' taken away, points at once set to '900000'",
        "运营方 设置了公司的用量上限：去掉记录数“5”，一次可用点数设为“900000”",
    ),
    "key_created": Case(
        "key", "owner",
        {
            "name": "Shop",
            "roles": ["clerk"],
            "rights": ["order.read", "order.create"],
            "recordTypes": ["order"],
            "networks": ["203.0.113.0/24"],
            "readOnly": True,
            "expiresAt": "2027-11-22T08:00:00+00:00",
        },
        "Olga Owner made the key Shop with the roles Clerk's, only to read and export, only for order.read, order.create,"
        " only for order, only from 203.0.113.0/24, valid until 2027-11-22",
        "Olga Owner 新建了密钥 Shop，角色：职员，仅可读取和导出，仅限 order.read、order.create，仅限订单，仅限来自 203.0.113.0/24，"
        "有效至 2027-11-22",
    ),
    "key_used": Case(
        "key", "=", {"network": "203.0.113.0/24", "address": "203.0.113.7"},
        "The key Shop was used for the first time from 203.0.113.0/24, at 203.0.113.7",
        "密钥 Shop 首次使用，网络：203.0.113.0/24，来自 203.0.113.7",
    ),
    "key_rotated": Case(
        "key", "owner", {"hint": ("a", "b"), "overlapHours": 24, "expiresAt": "2027-11-22T08:00:00+00:00"},
        "Olga Owner gave the key Shop a new secret, the one before holds for 24 hours more, valid until 2027-11-22",
        "Olga Owner 轮换了密钥 Shop，原密钥再保留 24 小时，有效至 2027-11-22",
    ),
    "key_revoked": Case("key", "owner", {"name": "Shop"}, "Olga Owner ended the key Shop", "Olga Owner 停用了密钥 Shop"),
    "configuration_changed": Case(
        "company", "owner", {"version": 2, "definitions": ["role clerk"]},
        "Olga Owner changed the configuration (version 2): Add role 'clerk' (Clerk's): may audit.read",
        "Olga Owner 修改了配置（版本 2）：新增角色“clerk”（职员）：可执行 audit.read",
    ),
    "draft_judged": Case(
        "draft", "owner", {"name": "Plan", "version": 3, "state": "approved"},
        "Olga Owner approved version 3 of the draft Plan",
        "Olga Owner 批准了草稿 Plan 的版本 3",
    ),
    "draft_judged/rejected": Case(
        "draft", "owner", {"name": "Plan", "version": 3, "state": "rejected", "comment": "50% too {much}"},
        "Olga Owner rejected version 3 of the draft Plan: 50% too {much}",
        "Olga Owner 退回了草稿 Plan 的版本 3：50% too {much}",
    ),
    "exported": Case(
        "company", "owner", {"type": "order", "rows": 1, "format": "csv"},
        "Olga Owner exported 1 record (order) as csv",
        "Olga Owner 导出了 1 条记录（订单），格式：csv",
    ),
    "imported": Case(
        "company", "owner",
        {"files": [{"record": "order", "created": 3, "updated": 0, "rejected": 1}, {"record": "x", "created": 1}]},
        "Olga Owner imported records: order: 3 created, 0 updated, 1 rejected; x: 1 created, - updated, - rejected",
        "Olga Owner 导入了记录：订单：新建 3，更新 0，拒绝 1；x：新建 1，更新 -，拒绝 -",
    ),
    "file_downloaded": Case(
        "owner", "owner", {"file": "x", "name": "a.pdf", "size": 3, "address": "203.0.113.7"},
        "Olga Owner fetched the file a.pdf from 203.0.113.7",
        "Olga Owner 下载了文件 a.pdf，来自 203.0.113.7",
    ),
    "refused": Case(
        "member", "=", {"right": "order.void", "times": 5},
        "Ann wanted 5 times to do what takes the right order.void, which they lacked",
        "Ann 5 次 要执行需要权限 order.void 的操作，但没有此权限",
    ),
    "refused/reached": Case(
        "member", "=", {"right": "audit.read", "reason": "limit.role_grant", "times": 1},
        "Ann reached for rights that they lack: by roles (audit.read)",
        "Ann 试图取得自己没有的权限：通过角色（audit.read）",
    ),
    "audit_removed": Case(
        "member", "operator", {"entries": 2, "before": "2026-01-02T00:00:00+00:00", "kinds": [], "gaps": []},
        "The operator removed 2 entries about Ann from before 2026-01-02 out of the audit log",
        "运营方 从审计日志中删除了 2 条 2026-01-02 之前关于 Ann 的条目",
    ),
}  # fmt: skip


def test_every_kind_has_its_sentence() -> None:
    """In both languages, with the same placeholders; each is shown below as the product makes it."""
    assert {key for key in AUDIT_SENTENCES if "/" not in key} == set(AUDIT_KINDS)
    assert {key for key in AUDIT_SENTENCES if "/" in key} == set(VARIANTS)
    assert set(CASES) == set(AUDIT_SENTENCES)
    for english, chinese in AUDIT_SENTENCES.values():
        found = [sorted(name for _, name, _, _ in Formatter().parse(text) if name) for text in (english, chinese)]
        assert found[0] == found[1]
        assert HAN.search(chinese)
        assert not HAN.search(english)
    pairs = [*DETAIL_NAMES.values(), *(words for said in VALUE_WORDS.values() for words in said.values())]
    assert [pair for pair in pairs if HAN.search(pair[0]) or not HAN.search(pair[1])] == []
    assert set(VALUE_WORDS["reason"]) >= ESCALATIONS
    columns = {camel(column.name) for column in identity_providers.columns} - KEPT
    assert set(DETAIL_NAMES) >= {*Quotas.model_fields, *Thing, *columns}


async def things(company: Company) -> dict[str, str]:
    """One of each thing that an entry can be about or name, by what the cases call it: its id; and the order's number."""
    label = {"en": "Clerk's", "zh": "职员"}
    await done(company, DEFINE_ROLE, key="clerk", label=label, grants=[{"object": "audit", "actions": ["read"]}])
    order = await an_order(company)
    return {
        "company": str(company.id),
        "owner": str(company.owner.id),
        "member": str((await company.add_person("member", name="Ann")).id),
        "team": (await done(company, CREATE_TEAM, name="North"))["id"],
        "key": (await a_key(company, name="Shop"))["id"],
        "customer": (await done(company, CREATE_CUSTOMER, name="Acme"))["id"],
        "order": order["id"],
        "invitation": (await done(company, INVITE_MEMBER, email="bo@example.com", roles=["member"]))["id"],
        "draft": (await done(company, CREATE_DRAFT, name="Plan", document=DOCUMENT, merge=True))["id"],
        "identity_provider": await a_provider(company, name="Login"),
        "number": order["number"],
    }


def filled(value: Any, known: dict[str, str]) -> Any:
    match value:
        case str():
            return re.sub("@(member|customer|team|order|number)", lambda found: known[found[1]], value)
        case list():
            return [filled(each, known) for each in value]
        case tuple():
            return tuple(filled(each, known) for each in value)
        case dict():
            return {name: filled(each, known) for name, each in value.items()}
    return value


async def write(company: Company, kind: str, case: Case, known: dict[str, str]) -> None:
    """The entry of a case."""
    owner = Actor(MEMBER, company.owner.id, "Olga Owner", ())
    about = About(MEMBER if case.about == "owner" else case.about, UUID(known[case.about]))
    themselves = Actor(KEY if about.type == "key" else MEMBER, about.id, "Ann", ())
    actor = {"owner": owner, "somebody": SOMEBODY, "operator": system("orderloom"), "=": themselves}[case.actor]
    async with company.database.connection() as connection, connection.transaction():
        await record_within(connection, company.id, actor, kind, filled(case.details, known), about=about)


async def read(company: Company, person: Person | None = None) -> list[Row]:
    nodes: list[Row] = (await company.data(WORDS, person=person))["auditEntries"]["nodes"]
    return nodes


async def test_what_entries_say(company: Company, client: Client, statements: Statements) -> None:
    """Each kind and variant, to whoever may read all of it; to an auditor who may read nothing else; in one statement."""
    known = await things(company)
    before = len(await read(company))
    for key, case in CASES.items():
        await write(company, key.partition("/")[0], case, known)
    statements.clear()
    english = await read(company)
    assert len(statements.work) == 1
    told = dict(zip(CASES, english[before:], strict=True))
    assert {key: entry["sentence"] for key, entry in told.items()} == {
        key: filled(case.english, known) for key, case in CASES.items()
    }
    reader = await company.add_person("owner", name="Mei", language="zh")
    chinese = (await read(company, reader))[before:]
    assert [entry["sentence"] for entry in chinese] == [filled(case.chinese, known) for case in CASES.values()]
    names = {
        "company": "Test Company",
        "member": "Ann",
        "team": "North",
        "key": "Shop",
        "invitation": "bo@example.com",
        "draft": "Plan",
        "identity_provider": "Login",
        "owner": "Olga Owner",
    }
    assert [entry["aboutName"] for entry in told.values()] == [names[case.about] for case in CASES.values()]
    # What was written before by the calls themselves.
    assert [re.sub(r"\d{4}-\d\d-\d\d", "DATE", entry["sentence"]) for entry in english[:before]] == [
        "Olga Owner changed the configuration (version 2): Add role 'clerk' (Clerk's): may audit.read",
        "Olga Owner made the team North: name set to 'North'",
        "Olga Owner made the key Shop with the roles Member, valid until DATE",
        "Olga Owner invited bo@example.com with the roles Member",
        "Olga Owner set up the identity provider Login (https://login.example.com)",
    ]
    auditor = await company.add_person("clerk", name="Audrey")
    narrow = (await read(company, auditor))[before:]
    assert {entry["aboutName"] for entry in narrow} == {None, "Test Company"}
    assert {entry["aboutType"] for entry in narrow if entry["aboutName"]} == {"company"}
    seen = dict(zip(CASES, (entry["sentence"] for entry in narrow), strict=True))
    member = f"the member {known['member']}"
    assert seen["signed_in"] == f"{member} signed in with a password and a second factor from 203.0.113.7"
    assert seen["record_shared/ended"] == f"Olga Owner shares order {known['order']} with {known['member']} no more"
    assert seen["configuration_changed"] == "Olga Owner changed the configuration (version 2): role clerk"
    assert f"customer set to '{known['customer']}'" in seen["member_changed"]
    assert f"members set to '{known['member']}'" in seen["team_changed"]
    # Members may be read, but not their names.
    hidden = {"object": "member", "actions": ["read"], "fields": ["name"], "effect": "deny"}
    reading = [{"object": "audit", "actions": ["read"]}, {"object": "member", "actions": ["read"]}, hidden]
    await done(company, DEFINE_ROLE, key="blind", label={"en": "Blind"}, grants=reading)
    blind = (await read(company, await company.add_person("blind", name="Bea")))[before:-1]
    assert {entry["aboutName"] for entry in blind} == {None, "Test Company", "North"}
    assert blind[0]["sentence"] == seen["signed_in"]
    outside = (await read(company, await company.add_person("blind", "portal", name="Pia")))[before:-1]
    assert {entry["aboutName"] for entry in outside} == {None, "Test Company"}
