"""Every field and every way to learn it, for every built-in role and one to which a field is closed (T7 of the reliability goals);
and what is compiled of rights is what Casbin says of the whole policy.

``FIELDS`` is a written table of the fields: one that is added without a word here fails the test.
"""

import casbin  # noqa: TID251  (asked here past the module that is tested)
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.config.definitions import Grant, Role
from tenants.field_rights import OBJECTS, READ, WRITE, field_policies
from tenants.permissions import BUILT_IN_ROLES, Policy
from tenants.records import REGISTRY, Column, Lookup, Money, Permissions, Relation, Structure
from tenants.records.rights import GUARDED, built_in_fields, fields_needed
from tests.documents import DEFINE_ROLE, an_order, done
from tests.harness import Client, Company, Row

pytestmark = pytest.mark.anyio

# Fields that each need a right of their own, by object. What is not here is open to whoever may read the record.
FIELDS: dict[str, str] = {
    "order": "number externalId status statusSince statusDueAt statusReason type lifeCycle nextSteps voiding customer currency channel"
    " priority owner tags notes shippingAddress orderedAt promisedAt subtotal discountTotal taxTotal total isVoided voidedAt voidedBy"
    " voidReason voidNote lines automationRuns files shares createdAt updatedAt"
    " lines.product lines.externalId lines.sku lines.name lines.specification lines.unit lines.quantity lines.unitPrice"
    " lines.discountRate lines.discountAmount lines.taxRate lines.netAmount lines.taxAmount lines.total",
    "customer": "kind name language externalId company people owner notes tags phones emails addresses orders orderSummary files shares createdAt"
    " updatedAt",
    "product": "sku name externalId specification unit price taxRate active orderLines files shares createdAt updatedAt",
    "member": "name email roles language active customer teams createdAt",
}
# Open with the record: its address, and what consists of fields with rights of their own.
OPEN: dict[str, str] = {
    "order": "id version permissions history custom",
    "order_line": "id position order",
    "customer": "id version isMine permissions history custom",
    "product": "id version permissions history custom",
    "member": "id version isMe",
}
# Record types without fields of their own rights: parts of a field, or what another right opens whole.
WHOLE = {
    *("contact_point", "address", "history_entry", "file", "notification"),
    *("automation_run", "delivery", "change_set", "configuration_draft", "api_key", "audit_entry"),
    *("team", "team_membership", "record_share"),
}


def test_the_table_is_complete() -> None:
    assert set(GUARDED) | WHOLE == set(REGISTRY)
    assert set(GUARDED) & WHOLE == set()
    for name, paths in FIELDS.items():
        assert {path for path, _, _ in built_in_fields(name)} == set(paths.split()), name
    for name, paths in OPEN.items():
        record, guarded = REGISTRY[name], {path for _, path in _needed(name)}
        assert {attribute.name for attribute in record.attributes} - guarded == set(paths.split()), name


def _needed(name: str) -> set[tuple[str, str]]:
    record, (owner, beginning) = REGISTRY[name], GUARDED[name]
    found = {needed for attribute in record.attributes for needed in fields_needed(record, attribute.name, attribute)}
    return {(owner, path.removeprefix(beginning)) for about, path in found if about == owner}


def _selection(record: str, name: str) -> str:
    """The attribute with the smallest selection of its own."""
    attribute = REGISTRY[record].by_name[name]
    match attribute:
        case Column() | Permissions():
            return name
        case Relation(many=True, paged=True):
            return f"{name} {{ totalCount }}"
        case Relation():
            return f"{name} {{ id }}"
        case Structure():
            return f"{name} {{ {_member(attribute.members[0])} }}"
    return f"{name} {{ __typename }}"


def _member(member: object) -> str:
    assert isinstance(member, Column)
    return member.name


def _filter(record: str, name: str) -> str | None:
    attribute = REGISTRY[record].by_name[name]
    match attribute:
        case Column(filterable=True) | Money() | Lookup(key=Column()):
            return f"{name}: {{}}"
        case Structure() if any(isinstance(member, Column) and member.filterable for member in attribute.members):
            return f"{name}: {{}}"
        case Relation(many=True):
            return f"{name}: {{some: {{}}}}"
        case Relation():
            return f"{name}: {{}}"
    return None


def _order(record: str, name: str) -> str | None:
    attribute = REGISTRY[record].by_name[name]
    match attribute:
        case Column(sortable=True) if attribute.type.sortable:
            return f"{name}: ASC"
        case Money():
            return f"{name}: ASC"
        case Lookup() if attribute.position is not None:
            return f"{name}: ASC"
        case Relation(many=False):
            return f"{name}: {{createdAt: ASC}}"
    return None


def documents(record: str, name: str) -> list[str]:
    """The ways to learn a field: as selected, filtered by, ordered by."""
    plural, where, order = REGISTRY[record].plural, _filter(record, name), _order(record, name)
    selected, kind = _selection(record, name), "lines" if record == "order_line" else plural
    inside = f"{{ nodes {{ {selected} }} }}"
    found = [f"orders {{ nodes {{ lines {inside} }} }}" if kind == "lines" else f"{plural} {inside}"]
    if kind == "lines":
        found += [f"orders(where: {{lines: {{some: {{{where}}}}}}}) {{ totalCount }}"] if where else []
        found += [f"orders {{ nodes {{ lines(orderBy: [{{{order}}}]) {{ totalCount }} }} }}"] if order else []
    else:
        found += [f"{plural}(where: {{{where}}}) {{ totalCount }}"] if where else []
        found += [f"{plural}(orderBy: [{{{order}}}]) {{ totalCount }}"] if order else []
    return [f"{{ {document} }}" for document in found]


async def refused_for(company: Company, document: str, **more: object) -> set[str]:
    """The rights for want of which a document was refused; other errors fail the test."""
    answer = await company.graphql(document, **more)  # type: ignore[arg-type]
    errors: list[Row] = answer.get("errors", [])
    assert all(error["extensions"]["code"] == "NOT_ALLOWED" for error in errors), (document, errors)
    for error in errors:
        # One form of refusal, whatever is refused.
        assert set(error["extensions"]) == {"code", "reason", "right", "grantedTo", "canGrant"}, document
        assert error["extensions"]["canGrant"] == ["Olga Owner"], document
        assert "owner" in error["extensions"]["grantedTo"], document
    return {error["extensions"]["right"] for error in errors}


@pytest.mark.parametrize("record", GUARDED)
async def test_each_field_is_refused_where_the_table_says(company: Company, client: Client, record: str) -> None:
    """Selected, filtered and ordered by, each field is refused to whom it is denied, and to nobody else."""
    await an_order(company)
    owner, beginning = GUARDED[record]
    reading: list[Row] = [{"object": name, "actions": ["read"]} for name in (*OBJECTS, "automation")]
    everybody = (company.owner, company.member, company.read_only)
    for path in FIELDS[owner].split():
        if not path.startswith(beginning) or (not beginning and "." in path):
            continue
        name = path.removeprefix(beginning)
        denied = {"object": owner, "actions": ["read"], "fields": [path], "effect": "deny"}
        await done(company, DEFINE_ROLE, key="denied", label={"en": "D"}, grants=[*reading, denied])
        person = await company.add_person("denied")
        for document in documents(record, name):
            for allowed in everybody:
                assert await refused_for(company, document, person=allowed) == set(), document
            assert await refused_for(company, document, person=person) == {f"{owner}.read.{path}"}, document


@pytest.mark.parametrize("record", GUARDED)
async def test_each_field_is_closed_to_a_closed_role(company: Company, client: Client, record: str) -> None:
    """Whoever reads records whose fields are closed sees none of them, and what is open is open."""
    await an_order(company)
    owner, beginning = GUARDED[record]
    grants: list[Row] = [{"object": name, "actions": ["read"]} for name in OBJECTS]
    grants.append({"object": "order", "actions": ["read"], "fields": ["lines"]})
    await done(company, DEFINE_ROLE, key="closed", label={"en": "C"}, grants=grants, closedFields=["*"])
    person = await company.add_person("closed")
    for path in FIELDS[owner].split():
        if path.startswith(beginning) and (beginning or "." not in path) and path != "lines":
            for document in documents(record, path.removeprefix(beginning)):
                found = await refused_for(company, document, person=person)
                assert found == {f"{owner}.read.{path}"}, document
    for name in OPEN[record].split():
        if name not in ("custom", "order"):
            assert await refused_for(company, documents(record, name)[0], person=person) == set(), name


PATHS = ("total", "notes", "lines", "lines.name", "lines.total", "custom.a", "custom.b")
PATTERNS = ("*", "lines.*", "custom.*")
OBJECT = st.sampled_from(("order", "customer"))
EFFECT = st.sampled_from(("allow", "allow", "deny"))
ACTION = st.sampled_from(("read", "update", "create", "export", "*"))
GRANT = st.one_of(
    st.builds(Grant, object=st.sampled_from(("order", "customer", "*")), actions=st.tuples(ACTION), effect=EFFECT),
    st.builds(
        Grant,
        object=OBJECT,
        actions=st.tuples(st.sampled_from(("read", "write", "*"))),
        fields=st.lists(st.sampled_from((*PATHS, *PATTERNS)), min_size=1, max_size=3).map(tuple),
        effect=EFFECT,
    ),
)
CLOSED = st.sampled_from(((), (), ("order",), ("*",)))
KEYS = ("a", "b", "c")
# Each inherits from those before it.
ROLES = st.tuples(
    *(
        st.builds(
            Role,
            label=st.just({"en": key}),
            grants=st.lists(GRANT, max_size=5).map(tuple),
            inherits=st.sets(st.sampled_from((*KEYS[:place], "read_only"))).map(tuple),
            closed_fields=CLOSED,
        )
        for place, key in enumerate(KEYS)
    )
).map(lambda roles: dict(zip(KEYS, roles, strict=True)))
WHOLE_MODEL = """
[request_definition]
r = sub, obj, act, field
[policy_definition]
p = sub, obj, act, field, eft
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = g(r.sub, p.sub) && (p.obj == "*" || p.obj == r.obj) && keyMatch(r.act, p.act) && keyMatch(r.field, p.field)
"""


def whole(roles: dict[str, Role], held: tuple[str, ...], *, of_fields: bool) -> casbin.Enforcer:
    """One enforcer with all that all roles say of rights, or of fields; inheritance is left to Casbin. ``me`` holds some of them."""
    enforcer = casbin.Enforcer(casbin.Enforcer.new_model(text=WHOLE_MODEL))
    for key, role in {**BUILT_IN_ROLES, **roles}.items():
        granted = [
            (grant.object, action, "-", grant.effect)
            for grant in role.grants
            if not grant.fields
            for action in grant.actions
        ]
        of_all = [(each.object, each.action, each.field, each.effect) for each in field_policies(role)]
        for policy in of_all if of_fields else granted:
            enforcer.add_policy(key, *policy)
        for parent in role.inherits:
            enforcer.add_grouping_policy(key, parent)
    for key in held:
        enforcer.add_grouping_policy("me", key)
    return enforcer


SLOWLY = settings(deadline=None, max_examples=50)


@SLOWLY
@given(roles=ROLES, held=st.sets(st.sampled_from((*KEYS, "member")), max_size=3).map(tuple))
def test_what_is_compiled_is_what_casbin_says(roles: dict[str, Role], held: tuple[str, ...]) -> None:
    """Right by right and field by field, named or not; and what cannot be read cannot be written."""
    access = Policy(roles, ()).access(held)
    of_rights, of_fields = whole(roles, held, of_fields=False), whole(roles, held, of_fields=True)
    for right in access.policy.rights:
        assert access.allows(right) == of_rights.enforce("me", *right.split(".", 1), "-"), right
    for name, beginnings in OBJECTS.items():
        for path in (*PATHS, "other", *(f"{beginning}other" for beginning in beginnings)):
            head, dot, _ = path.partition(".")
            if (head + dot if dot else "") not in beginnings:
                continue
            reads, writes = (of_fields.enforce("me", name, action, path) for action in (READ, WRITE))
            assert access.has_field(name, READ, path) == reads, (name, path)
            assert access.has_field(name, WRITE, path) == (reads and writes), (name, path)


@SLOWLY
@given(roles=ROLES, path=st.sampled_from((*PATHS, "custom.other")), action=st.sampled_from((READ, WRITE)))
def test_who_holds_a_right_is_told_by_each_role(roles: dict[str, Role], path: str, action: str) -> None:
    """Of those who may read orders, and write them where it is about writing: to others the right is of no use."""
    policy = Policy(roles, ())
    needed = (("order.read",), ("order.create", "order.update", "order.import") if action == WRITE else ("order.read",))
    access = {key: policy.access((key,)) for key in policy.roles}
    holders = {
        key
        for key, held in access.items()
        if all(any(held.allows(right) for right in some) for some in needed) and held.has_field("order", action, path)
    }
    assert set(policy.field_holders("order", action, path)) == holders


def test_whoever_may_read_all_has_nothing_to_compare() -> None:
    """A hot read or write asks whether there is anything closed, and no more."""
    policy = Policy({}, ())
    assert policy.access(("owner",)).closed == {}
    assert {key for key in policy.access(("member",)).closed if key[1] == READ} == set()
    assert ("order", WRITE) not in policy.access(("member",)).closed
