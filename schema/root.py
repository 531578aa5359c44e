"""The one static schema of the product, built once per process."""

from typing import Any, cast

import strawberry
from graphql import (
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    is_introspection_type,
    is_specified_scalar_type,
)
from strawberry.schema.config import StrawberryConfig

from schema.access import AccessQueries
from schema.access_plans import AccessPlanQueries
from schema.accounts import AccountMutations
from schema.audit import AuditQueries
from schema.automations import AutomationMutations
from schema.backfills import BackfillMutations, BackfillQueries
from schema.change_sets import ChangeSetMutations, ChangeSetQueries
from schema.configuration import ConfigurationMutations, ConfigurationQueries
from schema.conversions import ConversionMutations, ConversionQueries
from schema.customers import CustomerMutations
from schema.descriptions import describe
from schema.drafts import DraftMutations, DraftQueries
from schema.exports import ExportMutations, ExportQueries
from schema.field_definitions import FieldQueries
from schema.generated import GeneratedTypes
from schema.hand_overs import HandOverMutations, HandOverQueries
from schema.imports import ImportMutations
from schema.invitations import InvitationMutations, InvitationQueries
from schema.isolation import IsolationQueries
from schema.keys import KeyMutations
from schema.lens import LensedSchema, put_under_lens
from schema.life_cycles import LifeCycleMigrations, LifeCycleQueries
from schema.live import Subscription
from schema.mutations import serve
from schema.numbers import NumberQueries
from schema.orders import OrderMutations
from schema.overlays import INPUTS
from schema.people import PeopleMutations, Viewer
from schema.previews import PreviewQueries
from schema.problems import Problem
from schema.products import ProductMutations
from schema.scalars import SCALARS, DateText, DurationText, TimeText
from schema.second_factor import SecondFactorMutations
from schema.sign_in import SessionQueries, SignInMutations
from schema.single_sign_on import SingleSignOnMutations, SingleSignOnQueries
from schema.step_previews import StepPreviewQueries
from schema.teams import TeamMutations
from schema.templates import TemplateMutations, TemplateQueries
from schema.usage import UsageQueries
from schema.views import ViewMutations, ViewQueries, type_lists


@strawberry.type(description="All that can be read.")
class Query(
    ConfigurationQueries,
    ChangeSetQueries,
    TemplateQueries,
    DraftQueries,
    LifeCycleQueries,
    ConversionQueries,
    BackfillQueries,
    ExportQueries,
    PreviewQueries,
    StepPreviewQueries,
    ViewQueries,
    UsageQueries,
    NumberQueries,
    FieldQueries,
    SessionQueries,
    AuditQueries,
    SingleSignOnQueries,
    InvitationQueries,
    HandOverQueries,
    AccessQueries,
    AccessPlanQueries,
    IsolationQueries,
):
    @strawberry.field(description="You, your company, and what you may do there.")
    def viewer(self) -> Viewer:
        return Viewer()


@strawberry.type(description="All that can be done; each mutation stands or falls alone.")
class Mutation(
    OrderMutations,
    CustomerMutations,
    ProductMutations,
    PeopleMutations,
    TeamMutations,
    InvitationMutations,
    HandOverMutations,
    AccountMutations,
    SignInMutations,
    SecondFactorMutations,
    KeyMutations,
    SingleSignOnMutations,
    ConfigurationMutations,
    ChangeSetMutations,
    TemplateMutations,
    DraftMutations,
    AutomationMutations,
    ImportMutations,
    LifeCycleMigrations,
    ConversionMutations,
    BackfillMutations,
    ExportMutations,
    ViewMutations,
):
    pass


def build() -> LensedSchema:
    """The schema: commands and payloads from Strawberry, all that can be read from the record types, under the lens."""
    made = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        # No built-in column is a Date or a Time, but a tenant's own field may be; only filters take a Duration.
        types=[Problem, cast(Any, DateText), cast(Any, DurationText), cast(Any, TimeText)],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    # Strawberry has no public name for the graphql-core schema it made.
    base: Any = made._schema  # noqa: SLF001
    serve(Mutation, cast(GraphQLObjectType, base.mutation_type))
    generated = GeneratedTypes(base.type_map)
    query = cast(GraphQLObjectType, base.query_type)
    query.fields.update(generated.query_fields())
    _type_conditions(base.type_map, generated)
    type_lists(base.type_map, generated.types)
    for name in INPUTS:
        if name in base.type_map:
            put_under_lens(base.type_map[name], without="custom")
    static = [
        named
        for named in generated.types.values()
        if not is_introspection_type(named) and not is_specified_scalar_type(named)
    ]
    schema = LensedSchema(
        query=query,
        mutation=base.mutation_type,
        subscription=base.subscription_type,
        types=static,
        directives=base.directives,
        extensions=base.extensions,
    )
    describe(schema.type_map)
    return schema


def _type_conditions(types: dict[str, Any], generated: GeneratedTypes) -> None:
    """Give conditions over orders the type of the orders' filter, and enums the choices they stand for."""
    for name, field in (
        ("DefineAutomationInput", "condition"),
        ("DefineTransitionInput", "condition"),
        ("GateInput", "enter"),
        ("GateInput", "leave"),
        ("LifeCycleStatusInput", "enter"),
        ("LifeCycleStatusInput", "leave"),
    ):
        given = cast(GraphQLInputObjectType, types[name])
        given.fields[field] = GraphQLInputField(
            cast(GraphQLInputObjectType, generated.types["OrderFilter"]), description=given.fields[field].description
        )
    for name, field, enum in (
        ("CreateOrderInput", "priority", "OrderPriority"),
        ("UpdateOrderInput", "priority", "OrderPriority"),
        ("StepValuesInput", "priority", "OrderPriority"),
        ("NewCustomerInput", "kind", "CustomerKind"),
        ("CreateCustomerInput", "kind", "CustomerKind"),
        ("UpdateCustomerInput", "kind", "CustomerKind"),
        ("AddressInput", "kind", "AddressKind"),
    ):
        owner = cast(GraphQLInputObjectType, types[name])
        known = owner.fields[field]
        owner.fields[field] = GraphQLInputField(
            cast(Any, generated.types[enum]), description=known.description, out_name=known.out_name
        )
