"""The written table of what each mutation leaves behind (E1): entries of the history or of the audit log, with its effect.

`test_rights.py` holds the product against it, with the call that it makes of each mutation. One that is not here fails the test.
"""

from collections import Counter

from tests.harness import Company

CONFIGURED = ("configuration_changed company",)
# Nothing was changed by the call of the test, or nothing of what an auditor asks for: what it is about keeps its own account.
NOTHING: tuple[str, ...] = ()

TRACES: dict[str, tuple[str, ...]] = {
    "createOrder": ("created order",),
    "updateOrder": ("updated order",),
    "changeOrderStatus": ("status_changed order",),
    "voidOrder": ("voided order",),
    "createCustomer": ("created customer",),
    "updateCustomer": ("updated customer",),
    "createProduct": ("created product",),
    "updateProduct": ("updated product",),
    # Each record that came in, and the whole as one.
    "importRecords": ("created product", "imported company"),
    "exportRecords": ("exported company",),
    **dict.fromkeys(("shareOrder", "unshareOrder"), ("record_shared member", "updated order")),
    **dict.fromkeys(("shareCustomer", "unshareCustomer"), ("record_shared member", "updated customer")),
    **dict.fromkeys(("shareProduct", "unshareProduct"), ("record_shared member", "updated product")),
    **dict.fromkeys(("shareProduct", "unshareProduct"), ("record_shared member", "updated product")),
    "resetSecondFactor": ("second_factor_reset member",),
    **dict.fromkeys(("inviteMember", "resendInvitation", "withdrawInvitation"), ("member_invited invitation",)),
    "updateMember": ("member_changed member",),
    "deactivateMember": ("member_changed member", "member_left member"),
    "handOver": ("handed_over member",),
    **dict.fromkeys(("createTeam", "updateTeam"), ("team_changed team",)),
    **dict.fromkeys(
        ("createIdentityProvider", "updateIdentityProvider", "removeIdentityProvider"),
        ("provider_changed identity_provider",),
    ),
    # It only asks the provider.
    "testIdentityProvider": NOTHING,
    "createApiKey": ("key_created key",),
    "rotateApiKey": ("key_rotated key",),
    "revokeApiKey": ("key_revoked key",),
    **dict.fromkeys(("defineField", "convertField", "revertFieldConversion", "defineStatus"), CONFIGURED),
    **dict.fromkeys(("defineTransition", "defineLifeCycle", "defineOrderType", "defineVoidReason"), CONFIGURED),
    **dict.fromkeys(("defineRole", "defineRule", "defineAutomation", "setNumbering", "setCompany"), CONFIGURED),
    **dict.fromkeys(("setSignIn", "setConfigurationReview", "removeDefinition", "applyConfiguration"), CONFIGURED),
    **dict.fromkeys(("removeTemplate", "revertChangeSet", "updateView", "deleteView", "shareView"), CONFIGURED),
    # The configuration is already what they say.
    **dict.fromkeys(("applyTemplate", "applyDraft", "restoreDefinition"), NOTHING),
    # A draft changes nothing before it is applied, and tells who wrote it; what was said of it in a review stays when it is gone.
    **dict.fromkeys(("approveDraft", "rejectDraft"), ("draft_judged draft",)),
    **dict.fromkeys(("createDraft", "updateDraft", "deleteDraft", "draftRevert", "draftRestore"), NOTHING),
    **dict.fromkeys(("submitDraft", "scheduleDraft"), NOTHING),
    # Told with who began them by lifeCycleMigrations and backfills, and of each order that they change by its history.
    **dict.fromkeys(("migrateLifeCycle", "revertLifeCycleMigration", "holdLifeCycle"), NOTHING),
    **dict.fromkeys(("numberExisting", "rebuildSearch"), NOTHING),
    # A view of one's own.
    "createView": NOTHING,
}


async def traces(company: Company) -> Counter[str]:
    """How many entries there are of each kind, with what they are about."""
    rows = await company.rows("SELECT concat(kind, ' ', record_type) AS entry FROM events WHERE tenant_id = %(tenant)s")
    return Counter(row["entry"] for row in rows)
