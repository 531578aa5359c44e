"""What the explorer and the console say about each field, where its own file does not.

An input's field says what the record's attribute of the same name says; what has no attribute is said here, once for every
place where it means the same. A test finds whatever is left without a word.
"""

from collections.abc import Mapping

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
)

from tenants.records import REGISTRY

# Whose attributes an input sets.
INPUTS_OF = {
    "CreateOrderInput": "order",
    "UpdateOrderInput": "order",
    "StepValuesInput": "order",
    "OrderLineInput": "order_line",
    "ShippingAddressInput": "address",
    "NewCustomerInput": "customer",
    "CreateCustomerInput": "customer",
    "UpdateCustomerInput": "customer",
    "ContactPointInput": "contact_point",
    "AddressInput": "address",
    "CreateProductInput": "product",
    "UpdateProductInput": "product",
    "UpdateMemberInput": "member",
}
# By "Type.field", then by "field" alone, for fields, arguments and enum values.
SAID: Mapping[str, str] = {
    "input": "What to do, in one object.",
    "id": "The record's id.",
    "key": "Its key: short, lasting, and unique among its kind.",
    "label": "Its name for people, per language.",
    "position": "Its place in lists; smaller comes first.",
    "note": "What is to be said about it in the history.",
    "SignInInput.email": "Your e-mail address; capitals do not matter.",
    "RequestPasswordResetInput.email": "The e-mail address of the account.",
    "password": "Your password.",
    "currentPassword": "Your password as it is.",
    "newPassword": "Your new password: 10 to 200 characters, and none that many people use.",
    "challenge": "What signIn told.",
    "code": "Six digits that the application shows.",
    "memberId": "The id of the member.",
    "RevokeSessionInput.id": "The session's id.",
    "document": "The YAML document.",
    "kind": "Only definitions of this kind, such as field or status.",
    "en": "In English.",
    "zh": "In Chinese.",
    "colour": "Its colour on screens, such as #1677ff.",
    "customerId": "The id of the customer.",
    "companyId": "The id of the company that the person belongs to.",
    "ownerId": "The id of the member in charge.",
    "productId": "The id of the product; without one, give name and unitPrice.",
    "shippingAddressId": "The id of an entry of the customer's address book, to be copied into the order.",
    "AccessReason.GRANTED": "A role of theirs grants it, and none denies it.",
    "AccessReason.DENIED": "A role of theirs denies it.",
    "AccessReason.CLOSED": "Fields of the object are closed to a role of theirs, and none of them grants this one.",
    "AccessReason.NOT_GRANTED": "No role of theirs grants it.",
    "AccessReason.OUT_OF_SCOPE": "They have the right, but not of this record.",
    "AccessReason.PARTLY": "They have the right of some records; name one to be told of it.",
    "AccessReason.INACTIVE": "They are not active, and cannot sign in.",
    "AccessReason.NO_RECORD": "They have the right, but there is no such record.",
    "DraftState.OPEN": "Being written.",
    "DraftState.SUBMITTED": "Waiting for somebody else's approval.",
    "DraftState.APPROVED": "Approved by somebody else, as it stands.",
    "DraftState.REJECTED": "Rejected; its writers know why.",
    "RuleEffect.CHECK": "An expression that must not be false.",
    "RuleEffect.REQUIRE": "The fields have a value.",
    "RuleEffect.READ_ONLY": "The fields keep the value they have.",
    "RuleEffect.HIDE": "The fields are not for such a record: neither given nor required.",
    "RuleEffect.UNIQUE": "No other record has the same values in the fields together.",
    "MarkNotificationReadInput.id": "The notification's id.",
    "Subscription.orderChanged.id": "Only this order; all orders of the company if not given.",
    "CreateProductInput.price": "List price of one unit, before tax, as a decimal string.",
    "UpdateProductInput.price": "List price of one unit, before tax, as a decimal string.",
    "OrderLineInput.unitPrice": "Price of one unit, before discount and tax, as a decimal string.",
    "currency": "By ISO 4217; the company's own if not given.",
    "DefineFieldInput.help": "What it is for, per language.",
    "DefineFieldInput.required": "Whether a record must have a value.",
    "DefineFieldInput.indexed": "Whether long lists are filtered and sorted by it fast.",
    "DefineFieldInput.unique": "Whether no two records may have the same value. Over very many records it is taken back if some do.",
    "DefineFieldInput.options": "The choices of a select or multi_select field; archive what is no longer to be chosen.",
    "OptionInput.archived": "Whether it can no longer be chosen; records that have it keep it.",
    "DefineStatusInput.description": "What the status means, per language.",
    "DefineVoidReasonInput.noteRequired": "Whether a note must be given with it.",
    "DefineRoleInput.inherits": "Keys of roles whose rights it has as well.",
    "DefineRoleInput.grants": "The rights that it gives or denies.",
    "GrantInput.object": "Such as order, customer, product, member, configuration, automation, or *.",
    "DefineAutomationInput.events": "What sets it off.",
    "DefineAutomationInput.actions": "What it does, one after another.",
    "DefineAutomationInput.enabled": "Whether it runs; true if not given.",
    "AutomationActionInput.setField": "Set a field of the order.",
    "AutomationActionInput.changeStatus": "Take a step of the life cycle.",
    "AutomationActionInput.notify": "Notify people inside the application.",
    "AutomationActionInput.sendEmail": "Send an e-mail.",
    "Status.key": "Its key, as filters and changeOrderStatus take it.",
    "Status.label": "Its name, in your language.",
    "Status.colour": "Its colour on screens.",
    "Status.category": "What kind of status it is.",
    "Status.description": "What it means, in your language.",
    "NextStep.key": "Key of the step; taking it needs the right order.transition.<key>.",
    "NextStep.label": "Name of the step, in your language.",
    "NextStep.status": "Key of the status it leads to.",
    "NextStep.statusLabel": "Name of that status, in your language.",
    "NextStep.allowed": "Whether you may take it.",
    "NextStep.refusal": "Why you may not take it; null if you may.",
    "NextStep.requires": "The fields that changeOrderStatus must be given as values, unless the order has them already.",
    "NextStep.reasons": "The reasons of which one must be given; none if empty.",
    "NextStep.noteRequired": "Whether a note must be given.",
    "NextStep.attachmentRequired": "Whether a file must be given.",
    "NextStep.confirm": "What to ask the person before the step, in your language.",
    "StepField.path": "The field by its path, such as promisedAt or custom.score.",
    "StepField.label": "Its name, in your language.",
    "StepReason.key": "Its key, as changeOrderStatus takes it.",
    "StepReason.label": "Its name, in your language.",
    "OrderType.key": "Its key, as createOrder takes it.",
    "OrderType.label": "Its name, in your language.",
    "Voiding.allowed": "Whether you may void the order now.",
    "Voiding.refusal": "Why you may not, and what must be done first; null if you may.",
    "VoidReason.key": "Its key, as voidOrder takes it.",
    "VoidReason.label": "Its name, in your language.",
    "VoidReason.noteRequired": "Whether a note must be given with it.",
    "ASC": "Smallest first.",
    "DESC": "Largest first.",
    "OPEN": "Still being taken in.",
    "IN_PROGRESS": "Being worked on.",
    "DONE": "Finished.",
    "StatusCategory.VOID": "Void: out of work lists and totals.",
    "CREATED": "It was entered.",
    "UPDATED": "Its values were changed.",
    "STATUS_CHANGED": "It took a step of its life cycle.",
    "VOIDED": "It was voided.",
    "OPENID_CONNECT": "OpenID Connect 1.0, by the authorization code flow.",
    "SAML": "SAML 2.0, by Web Browser SSO.",
    "ViewedRecord.ORDER": "Orders.",
    "ViewedRecord.CUSTOMER": "Customers.",
    "ViewedRecord.PRODUCT": "Products.",
    "PRIVATE": "The member who saved it.",
    "ROLES": "The members who have one of its roles, and those who may share views.",
    "EVERYBODY": "All members.",
    "LOW": "Can wait.",
    "NORMAL": "As usual.",
    "HIGH": "Before the usual ones.",
    "URGENT": "At once.",
    "PERSON": "A person.",
    "COMPANY": "A company.",
    "DELIVERY": "For deliveries.",
    "BILLING": "For invoices.",
    "OTHER": "For anything else.",
    "MEMBER": "A member of the company.",
    "AUTOMATION": "An automation of the company.",
    "ActorKind.KEY": "A program with a key.",
    "STRANGER": "Somebody who has not signed in.",
    "SIGNED_IN": "A member signed in.",
    "SIGN_IN_FAILED": "Somebody tried to sign in as the member and failed; what they tried is not told.",
    "SIGNED_OUT": "A member signed out.",
    "SESSION_REVOKED": "A session was ended.",
    "SESSIONS_REVOKED": "A member ended all other sessions of theirs.",
    "PASSWORD_CHANGED": "A member changed their password.",
    "PASSWORD_RESET": "A password was set anew by the secret of a message.",
    "SECOND_FACTOR_SET": "A member has a second factor since.",
    "SECOND_FACTOR_DROPPED": "A member does without a second factor since.",
    "SECOND_FACTOR_RESET": "A second factor was taken from a member who had lost it.",
    "RECOVERY_CODES_RENEWED": "A member has new recovery codes.",
    "PASSWORD_RESET_REQUESTED": "Somebody asked for a message to set a member's password anew.",
    "EMAIL_CHANGE_REQUESTED": "A member asked for another address to sign in with.",
    "MEMBER_ADDED": "Somebody became a member.",
    "MEMBER_CHANGED": "A member's name, roles or state changed.",
    "MEMBER_INVITED": "Somebody was invited, or an invitation changed.",
    "MEMBER_LEFT": "A member left.",
    "TEAM_CHANGED": "A team or who is in it changed.",
    "RECORD_SHARED": "A record was shared, or is shared no longer.",
    "PROVIDER_CHANGED": "An identity provider changed.",
    "PROVIDER_REFUSED": "What came in the name of an identity provider led to no session, or ended none.",
    "HANDED_OVER": "What a member owned went to another.",
    "COMPANY_FOUNDED": "The company was founded.",
    "QUOTAS_SET": "The operator set what the company may use at most.",
    "KEY_CREATED": "A key was made.",
    "KEY_USED": "A key was used for the first time, or for the first time from a network.",
    "KEY_ROTATED": "A key got a new secret.",
    "KEY_REVOKED": "A key was ended.",
    "CONFIGURATION_CHANGED": "The configuration changed; its change set tells how.",
    "DRAFT_JUDGED": "A draft of the configuration was approved or rejected.",
    "EXPORTED": "Records were exported.",
    "IMPORTED": "Records were imported.",
    "FILE_DOWNLOADED": "A file was fetched: an attachment, or what was exported.",
    "REFUSED": "Somebody lacked a right, as often as the details tell.",
    "AUDIT_REMOVED": "The operator removed old entries about the same member, key or company; the details tell how many and which.",
    "SYSTEM": "The product itself, or its operator.",
    "PENDING": "Not done yet.",
    "SUCCEEDED": "All actions were done.",
    "FAILED": "It failed; the reason is told beside it.",
    "STOPPED": "Not begun, because automations had set off each other too often.",
    "PARKED": "Given up after several workers died of it.",
    "SENT": "It was sent.",
}


def describe(types: Mapping[str, GraphQLNamedType]) -> None:
    """Give every field, argument and enum value without a description the one that is known for it."""
    for name, made in types.items():
        if name.startswith("__"):
            continue
        if isinstance(made, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in made.fields.items():
                field.description = field.description or _said(name, field_name)
                for argument_name, argument in field.args.items():
                    place = f"{name}.{field_name}"
                    argument.description = argument.description or _said(place, argument_name)
        elif isinstance(made, GraphQLInputObjectType):
            for field_name, input_field in made.fields.items():
                input_field.description = input_field.description or _said(name, field_name)
        elif isinstance(made, GraphQLEnumType):
            for value_name, value in made.values.items():
                value.description = value.description or _said(name, value_name)


def _said(place: str, name: str) -> str | None:
    exact = SAID.get(f"{place}.{name}")
    if exact is not None or place not in INPUTS_OF:
        return exact or SAID.get(name)
    attribute = REGISTRY[INPUTS_OF[place]].by_name.get(name)
    return attribute.description if attribute and name != "id" else SAID.get(name)
