"""Who may call what (PER-2): every mutation and every root field, against a written table.

A field of the schema that is not in the table fails the test, so that nobody adds one without saying who may use it.
"""

from collections import Counter
from typing import Any

import pytest
from graphql import GraphQLObjectType

from schema.execution import SCHEMA
from tenants.config import change_sets
from tenants.config.draft_reviews import submit_draft
from tenants.config.drafts import create_draft
from tenants.config.shipped_templates import TEMPLATES
from tenants.keys.managing import create_key
from tenants.permissions import BUILT_IN_ROLES, RIGHTS
from tests.documents import CREATE_CUSTOMER, CREATE_PRODUCT, INVITE_MEMBER, an_order, done, unchanged
from tests.harness import Client, Company, Row
from tests.rights import ANYBODY, BARE, HELD, MUTATIONS, QUERIES, ROLES, SIGNED_IN, SUBSCRIPTIONS, TAKING, may
from tests.test_conversions import a_field, convert
from tests.test_teams import CREATE_TEAM, SHARE_CUSTOMER, SHARE_ORDER, SHARE_PRODUCT
from tests.traces import TRACES, traces


def root_fields(kind: GraphQLObjectType | None) -> set[str]:
    assert kind is not None
    return set(kind.fields)


def test_the_table_is_complete() -> None:
    assert root_fields(SCHEMA.mutation_type) == set(MUTATIONS)
    assert root_fields(SCHEMA.query_type) == set(QUERIES)
    assert root_fields(SCHEMA.subscription_type) == set(SUBSCRIPTIONS)
    known = {f"{name}.{action}" for name, actions in RIGHTS.items() for action in actions}
    assert ({*MUTATIONS.values(), *QUERIES.values()} - {ANYBODY, SIGNED_IN}) <= known
    assert set(BUILT_IN_ROLES) == set(ROLES)
    assert set(TRACES) == {name for name, right in MUTATIONS.items() if right not in (ANYBODY, SIGNED_IN)}


PRODUCT_MAPPING = """
orderloom-import: 1
files: [{file: p.csv, record: product, external_id: sku, fields: {sku: sku, name: name}}]
"""


# Who may change roles in the company at hand.
CAN_GRANT = ["Olga Owner"]
# Roles of people at a customer, to whom no names of staff are told.
OUTSIDE = ("portal",)
MIGRATION_ID = "01a2012d-0000-7000-8000-000000000001"
PROVIDER_ID = "01a2012d-0000-7000-8000-000000000002"
PROVIDER = {"name": "P", "issuer": "http://127.0.0.1:1", "clientId": "us"}
MIGRATION = {"source": "", "target": "", "statuses": {}, "author_name": "Olga", "state": "done"}


# Root fields that are neither lists nor finders.
WRITTEN_OUT = {
    "viewer": "viewer { rights }",
    "configuration": "configuration { version }",
    "planConfiguration": 'planConfiguration(document: "orderloom: 1") { version }',
    "planTemplate": 'planTemplate(template: "minimal") { version }',
    "planTemplateRemoval": 'planTemplateRemoval(template: "minimal") { kept { key } }',
    "missingTranslations": "missingTranslations { key }",
    "planRemoval": 'planRemoval(kind: "status", key: "draft") { version }',
    "configurationTemplates": "configurationTemplates { name }",
    "fieldDefinitions": 'fieldDefinitions(object: "order") { key }',
    "numberPreview": "numberPreview",
    "lifeCycles": "lifeCycles { key }",
    "backfills": "backfills { key }",
    "exports": "exports { id }",
    "lifeCycleMigrations": "lifeCycleMigrations { id }",
    "planLifeCycleMigration": 'planLifeCycleMigration(moves: {fromLifeCycle: ""}) { status }',
    "usage": "usage { quotas { name } }",
    "views": "views { id }",
    "sessions": "sessions { current }",
    "identityProviders": "identityProviders { key }",
    "ownSignIns": "ownSignIns { kind }",
    "isolation": "isolation { proofs { id } }",
    "invitations": "invitations { id }",
    "leftBehind": "leftBehind { name }",
    "handOvers": "handOvers { id }",
    "simulateRoles": "simulateRoles { affected }",
    "permissionReview": "permissionReview { hasMore }",
    "explainAccess": 'explainAccess(action: "order.void") { allowed }',
    "planFieldConversion": 'planFieldConversion(conversion: {object: "order", key: "size", type: "text"}) { records }',
    "fieldConversions": "fieldConversions { field }",
}


class Scene:
    """A company with one record of each kind, and a call for every mutation and root field that would do something."""

    def __init__(
        self, company: Company, order: Row, customer: Row, product: Row, draft: str, asked: str, conversion: str
    ) -> None:
        self.company = company
        label = {"en": "New"}
        line = {"name": "x", "unitPrice": "1"}
        document = (TEMPLATES / "minimal.yaml").read_text(encoding="utf-8") + "\nroles: {clerk: {label: {en: Clerk}}}\n"
        self.inputs: dict[str, Row] = {
            "createOrder": {"lines": [line]},
            "updateOrder": {"id": order["id"], "notes": "n"},
            "changeOrderStatus": {"id": order["id"], "status": "confirmed"},
            "voidOrder": {"id": order["id"], "reason": "out_of_stock"},
            "createCustomer": {"name": "Bob"},
            "updateCustomer": {"id": customer["id"], "name": "Eve"},
            "createProduct": {"sku": "B", "name": "Bean"},
            "updateProduct": {"id": product["id"], "name": "Ape"},
            "signIn": {"email": company.owner.email, "password": "not this one"},
            "updateMember": {"id": str(company.read_only.id), "name": "Renamed"},
            "inviteMember": {"email": f"invited-{company.slug}@example.com"},
            "handOver": {"fromId": str(company.owner.id), "toId": str(company.member.id), "what": ["ORDERS"]},
            "deactivateMember": {"id": str(company.read_only.id)},
            "createTeam": {"name": "Sales"},
            "shareOrder": {"id": order["id"], "memberId": str(company.owner.id)},
            "shareCustomer": {"id": customer["id"], "memberId": str(company.owner.id)},
            "shareProduct": {"id": product["id"], "memberId": str(company.owner.id)},
            "markNotificationRead": {"id": order["id"]},
            "resetSecondFactor": {"memberId": str(company.read_only.id)},
            "createApiKey": {"name": "ERP", "roles": ["read_only"]},
            "createIdentityProvider": {"key": "login", **PROVIDER},
            "updateIdentityProvider": {"id": PROVIDER_ID, "name": "Q"},
            **{key: {"id": PROVIDER_ID} for key in ("removeIdentityProvider", "testIdentityProvider")},
            "setSignIn": {"secondFactor": ["read_only"]},
            "defineField": {"object": "order", "key": "score", "type": "integer", "label": label},
            "defineStatus": {"key": "held", "label": label, "category": "open"},
            "defineTransition": {"key": "hold", "label": label, "sources": ["draft"], "target": "confirmed"},
            "defineLifeCycle": {
                "key": "repairs",
                "label": label,
                "initial": "draft",
                "statuses": [{"status": "draft"}],
            },
            "defineOrderType": {"key": "repair", "label": label, "lifeCycle": "sales"},
            "migrateLifeCycle": {"fromLifeCycle": "", "statuses": [{"from": "draft", "to": "confirmed"}]},
            "revertLifeCycleMigration": {"id": MIGRATION_ID},
            "holdLifeCycle": {"lifeCycle": ""},
            "convertField": {"object": "order", "key": "size", "type": "text"},
            "revertFieldConversion": {"id": conversion},
            "numberExisting": {"object": "order", "key": "no"},
            "rebuildSearch": {"object": "order"},
            "exportRecords": {"object": "order", "format": "CSV"},
            "defineVoidReason": {"key": "flood", "label": label},
            "defineRole": {"key": "clerk", "label": label},
            "defineRule": {"object": "order", "key": "noted", "effect": "REQUIRE", "fields": ["notes"]},
            "setNumbering": {"pattern": "X-{seq}"},
            "removeDefinition": {"kind": "void_reason", "key": "other"},
            "applyConfiguration": {"document": document},
            "applyTemplate": {"template": "minimal"},
            "removeTemplate": {"template": "minimal"},
            "setCompany": {"name": "Other"},
            "revertChangeSet": {"version": 2},
            "createDraft": {"name": "Later", "document": "orderloom: 1"},
            "updateDraft": {"id": draft, "name": "Much later"},
            "deleteDraft": {"id": draft},
            "applyDraft": {"id": draft},
            "draftRevert": {"version": 2, "name": "Back"},
            "draftRestore": {"kind": "status", "key": "draft", "version": 1, "name": "Again"},
            "submitDraft": {"id": draft},
            "approveDraft": {"id": asked, "expectedVersion": 1},
            "rejectDraft": {"id": asked, "expectedVersion": 1, "comment": "No"},
            "scheduleDraft": {"id": draft, "applyAt": None},
            "setConfigurationReview": {"fourEyes": False},
            "restoreDefinition": {"kind": "status", "key": "draft", "version": 1},
            "defineAutomation": {
                "key": "tidy",
                "label": label,
                "events": ["CREATED"],
                "actions": [{"setField": {"field": "channel", "value": "web"}}],
            },
            "createView": {"label": label, "orders": {}},
            "updateView": {"id": "all", "position": 2},
            "deleteView": {"id": "all"},
            "shareView": {"id": "all", "audience": "ROLES", "roles": ["member"]},
            "importRecords": {"mapping": PRODUCT_MAPPING, "files": [{"name": "p.csv", "text": "sku,name\nC,Cherry\n"}]},
        }
        self.finders: dict[str, str] = {
            "order": f'(id: "{order["id"]}")',
            "customer": f'(id: "{customer["id"]}")',
            "product": f'(id: "{product["id"]}")',
            "member": f'(id: "{company.owner.id}")',
            "memberBelongings": f'(memberId: "{company.owner.id}")',
            "notification": f'(id: "{order["id"]}")',
            "automationRun": f'(id: "{order["id"]}")',
            "apiKey": f'(id: "{order["id"]}")',
            "auditEntry": f'(id: "{order["id"]}")',
            "delivery": f'(id: "{order["id"]}")',
            "changeSet": f'(id: "{order["id"]}")',
            "configurationDraft": f'(id: "{draft}")',
            "node": f'(id: "{order["id"]}")',
            "planFieldConversionRevert": f'(id: "{conversion}")',
            "fieldConversionFailures": f'(id: "{conversion}")',
            "view": '(id: "all")',
            "previewStatusChange": f'(input: {{id: "{order["id"]}", status: "confirmed"}})',
            "previewCreateOrder": '(input: {lines: [{name: "Work", unitPrice: "1"}]})',
            "previewUpdateOrder": f'(input: {{id: "{order["id"]}"}})',
            "previewCreateCustomer": '(input: {name: "Bob"})',
            "previewUpdateCustomer": f'(input: {{id: "{customer["id"]}"}})',
            "previewCreateProduct": '(input: {sku: "B", name: "Bolt"})',
            "previewUpdateProduct": f'(input: {{id: "{product["id"]}"}})',
        }

    def mutation(self, name: str) -> tuple[str, Row]:
        if name == "signOut":
            return "mutation { result: signOut { signedOut } }", {}
        kind = name[0].upper() + name[1:]
        document = (
            f"mutation($input: {kind}Input!) {{ result: {name}(input: $input)"
            " { __typename ... on Problem { code message ... on NotAllowed { right grantedTo canGrant } } } }"
        )
        return document, {"input": self.inputs[name]}

    def query(self, name: str) -> str:
        if name in WRITTEN_OUT:
            return f"{{ result: {WRITTEN_OUT[name]} }}"
        if name == "planDraft":
            return f"{{ result: planDraft{self.finders['configurationDraft']} {{ version }} }}"
        if name.endswith("Groups"):
            return f'{{ result: {name}(groupBy: "createdAt") {{ count }} }}'
        if name == "memberBelongings":
            return f"{{ result: {name}{self.finders[name]} {{ orders }} }}"
        if name == "planFieldConversionRevert":
            return f"{{ result: {name}{self.finders[name]} {{ records }} }}"
        if name == "fieldConversionFailures":
            return f"{{ result: {name}{self.finders[name]} {{ record }} }}"
        if name.startswith("preview"):
            return f"{{ result: {name}{self.finders[name]} {{ __typename }} }}"
        if name in self.finders:
            return f"{{ result: {name}{self.finders[name]} {{ id }} }}"
        return f"{{ result: {name} {{ totalCount nodes {{ id }} }} }}"


@pytest.fixture
async def scene(company: Company, client: Client) -> Scene:
    customer = await done(company, CREATE_CUSTOMER, name="Ada")
    product = await done(company, CREATE_PRODUCT, sku="A", name="Apple")
    async with company.begin() as tx:
        view = change_sets.define(tx.config, "view", "all", {"label": {"en": "All"}, "roles": list(ROLES)})
        sales = {"label": {"en": "Sales"}, "initial": "draft", "statuses": {"draft": {}}}
        number = {"type": "auto_number", "label": {"en": "No"}, "numbering": "N{seq}"}
        field = change_sets.define(tx.config, "field", "order.no", number)
        await change_sets.apply(tx, [view, change_sets.define(tx.config, "life_cycle", "sales", sales), field])
        await tx.insert("life_cycle_migrations", {**MIGRATION, "id": MIGRATION_ID, "created_at": tx.now})
        known = {"key": "known", "name": "P", "issuer": PROVIDER["issuer"], "client_id": "us"}
        times = {"created_at": tx.now, "updated_at": tx.now}
        await tx.insert("identity_providers", {**known, **times, "id": PROVIDER_ID})
    async with company.begin() as tx:
        draft = await create_draft(tx, "Later", "orderloom: 1", merge=True)
        asked = await create_draft(tx, "Asked", "orderloom: 1", merge=True)
        await submit_draft(tx, asked)
        key = await create_key(tx, {"name": "Old", "roles": ["read_only"]})
    await a_field(company, "size")
    conversion = (await convert(company, "size", "long_text"))["id"]
    order = await an_order(company, customerId=customer["id"])
    found = Scene(company, order, customer, product, str(draft), str(asked), conversion)
    invited = await done(company, INVITE_MEMBER, email=f"asked-{company.slug}@example.com")
    found.inputs |= {key_0: {"id": invited["id"]} for key_0 in ("resendInvitation", "withdrawInvitation")}
    found.inputs |= {key_0: {"id": str(key.id)} for key_0 in ("rotateApiKey", "revokeApiKey")}
    team = await done(company, CREATE_TEAM, name="Team")
    found.inputs["updateTeam"] = {"id": team["id"], "name": "Sellers"}
    found.finders["team"] = f'(id: "{team["id"]}")'
    shares = {
        "Order": (SHARE_ORDER, order),
        "Customer": (SHARE_CUSTOMER, customer),
        "Product": (SHARE_PRODUCT, product),
    }
    for kind, (share, shared) in shares.items():
        made = await done(company, share, id=shared["id"], memberId=str(company.member.id))
        share_id = made["shares"]["nodes"][0]["id"]
        found.inputs[f"unshare{kind}"] = {"id": shared["id"], "shareId": share_id}
    return found


async def person_of(company: Company, role: str) -> Any:
    known = {"owner": company.owner, "member": company.member, "read_only": company.read_only}
    return known[role] if role in known else await company.add_person(role)


@pytest.mark.parametrize("role", ROLES)
async def test_the_viewer_is_told_the_same(scene: Scene, role: str) -> None:
    """PER-7: the rights that a frontend sees are those of the table."""
    data = await scene.company.data("{ viewer { rights } }", person=await person_of(scene.company, role))
    if role in HELD:
        assert set(data["viewer"]["rights"]) == HELD[role]
    else:
        steps = {right for right in TAKING if right.startswith("order.transition.")}
        known = {f"{name}.{action}" for name, actions in RIGHTS.items() for action in actions}
        assert set(data["viewer"]["rights"]) == known | steps


@pytest.mark.parametrize("name", [name for name, right in MUTATIONS.items() if right not in (ANYBODY, SIGNED_IN)])
async def test_who_may_call_a_mutation(scene: Scene, name: str) -> None:
    """Whoever lacks the right is told which one and who holds it, and has changed nothing; whoever has it succeeds, which is
    written down."""
    company, right = scene.company, MUTATIONS[name]
    document, variables = scene.mutation(name)
    holders = [role for role in ROLES if may(role, right)]
    for role in ROLES:
        if may(role, right):
            continue
        person = await person_of(company, role)
        async with unchanged(company):
            result = (await company.data(document, variables, person=person))["result"]
        can_grant = [] if role in OUTSIDE else CAN_GRANT
        asked = f"Who can give it to you: {', '.join(can_grant)}." if can_grant else "Ask an administrator."
        assert result == {
            "__typename": "NotAllowed",
            "code": "NOT_ALLOWED",
            "right": right,
            "grantedTo": holders,
            "canGrant": can_grant,
            "message": f"You lack the right '{right}'. Roles that have it: {', '.join(holders)}. {asked}",
        }
    async with unchanged(company):
        answer = await company.client.graphql(document, variables) if company.client else {}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_SIGNED_IN"]
    # The least of the holders, so that no right beyond the one in the table is needed.
    person = await person_of(company, holders[-1])
    before = await traces(company)
    result = (await company.data(document, variables, person=person))["result"]
    assert result["__typename"].endswith("Payload"), result
    assert (await traces(company)) - before == Counter(TRACES[name])


@pytest.mark.parametrize("role", ROLES)
async def test_what_every_member_may_call(scene: Scene, role: str) -> None:
    company = scene.company
    person = await person_of(company, role)
    # That they sign out is told in the audit log.
    async with unchanged(company, without=("events", "audit_chains")):
        document, variables = scene.mutation("markNotificationRead")
        assert (await company.data(document, variables, person=person))["result"]["code"] == "NOT_FOUND"
        document, variables = scene.mutation("signIn")
        assert (await company.data(document, variables, person=person))["result"]["code"] == "SIGN_IN_FAILED"
        document, variables = scene.mutation("signOut")
        assert (await company.data(document, variables, person=person))["result"] == {"signedOut": True}


@pytest.mark.parametrize("name", QUERIES)
async def test_who_may_read_a_root_field(scene: Scene, name: str) -> None:
    """Each built-in role, a member without any role, and nobody at all."""
    company, right = scene.company, QUERIES[name]
    document = scene.query(name)
    for role in ROLES:
        answer = await company.graphql(document, person=await person_of(company, role))
        if may(role, right):
            assert "errors" not in answer, answer
        else:
            assert_refused(answer, right, [holder for holder in ROLES if may(holder, right)], role)
    bare = await company.graphql(document, person=await company.add_person(name="Bare"))
    if right == SIGNED_IN:
        assert bare == {"data": {"result": BARE[name]}}
    else:
        assert_refused(bare, right, [holder for holder in ROLES if may(holder, right)])
    assert company.client is not None
    for token in (None, "ol_wrong"):
        answer = await company.client.graphql(document, token=token)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_SIGNED_IN"]
        assert "data" not in answer


def assert_refused(answer: Row, right: str, holders: list[str], role: str = "") -> None:
    (error,) = answer["errors"]
    extensions = error["extensions"]
    assert (extensions["code"], extensions["right"], extensions["grantedTo"]) == ("NOT_ALLOWED", right, holders)
    assert extensions["reason"] == "NOT_ALLOWED"
    # The administrator is in the company from when they are asked for.
    assert extensions["canGrant"] in ([[]] if role in OUTSIDE else [CAN_GRANT, [*CAN_GRANT, "admin"]])
    assert f"'{right}'" in error["message"]
    assert answer.get("data") in (None, {"result": None})
