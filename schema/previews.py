"""Trying a change out: what would be refused, and how the record's fields would stand. Nothing is kept of it."""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import strawberry
from strawberry import UNSET

from schema.context import Info, parse_id, run
from schema.customers import CreateCustomerInput, UpdateCustomerInput
from schema.mutations import Values
from schema.orders import CreateOrderInput, UpdateOrderInput
from schema.problems import FieldProblem, field_problem, told
from schema.products import CreateProductInput, UpdateProductInput
from tenants import customers, orders, products
from tenants.names import camel
from tenants.problems import InvalidInput
from tenants.rules import field_state
from tenants.transaction import Transaction

Command = Callable[[Transaction, Values], Awaitable[Any]]
Update = Callable[[Transaction, Any, Values, int | None], Awaitable[Any]]


@strawberry.type(description="How a field of a record stands, by the company's rules.")
class FieldState:
    path: list[str] = strawberry.field(description="Where it is in the input.")
    required: bool = strawberry.field(description="Whether it needs a value.")
    read_only: bool = strawberry.field(description="Whether it keeps the value that it has.")
    hidden: bool = strawberry.field(description="Whether it is not for this record at all.")
    options: list[str] | None = strawberry.field(
        description="The keys of the options that can be chosen, where they depend on other fields."
    )
    reasons: list[str] = strawberry.field(description="Why, in your language: one sentence for each rule.")


@strawberry.type(description="What a change would meet with.")
class Preview:
    accepted: bool = strawberry.field(description="Whether it would be done.")
    errors: list[FieldProblem] = strawberry.field(description="The bad values, all of them.")
    field_states: list[FieldState] = strawberry.field(
        description="The fields of which a rule says something, as they would stand after the change."
    )


def as_values(given: Any) -> Any:
    """An input as commands take it: by GraphQL names, without what was not given."""
    if isinstance(given, list):
        return [as_values(item) for item in given]
    if not dataclasses.is_dataclass(given):
        return given
    named = ((field.name, getattr(given, field.name)) for field in dataclasses.fields(given))
    return {camel(name): as_values(value) for name, value in named if value is not UNSET}


async def _create(info: Info, given: Any, command: Command) -> Preview:
    values = as_values(given)
    values.pop("idempotencyKey", None)
    return await _tried(info, lambda tx: command(tx, values))


async def _update(info: Info, given: Any, command: Update) -> Preview:
    values = as_values(given)
    wanted, expected = parse_id(values.pop("id")), values.pop("expectedVersion", None)
    values.pop("idempotencyKey", None)
    return await _tried(info, lambda tx: command(tx, wanted, values, expected))


async def _tried(info: Info, command: Callable[[Transaction], Awaitable[Any]]) -> Preview:
    states: list[field_state.FieldState] = []

    async def watched(tx: Transaction) -> None:
        states.clear()
        tx.states = states
        await command(tx)

    errors: list[FieldProblem] = []
    try:
        await run(info, watched, rehearsal=True)
    except InvalidInput as problem:
        can_grant, language = await told(info, problem), info.context.caller.language
        errors = [field_problem(error, language, can_grant) for error in problem.errors]
    return Preview(accepted=not errors, errors=errors, field_states=[_shown(state) for state in states])


def _shown(state: field_state.FieldState) -> FieldState:
    return FieldState(
        path=[str(part) for part in state.path],
        required=state.is_required,
        read_only=state.is_read_only,
        hidden=state.is_hidden,
        options=None if state.options is None else list(state.options),
        reasons=list(state.reasons),
    )


@strawberry.type
class PreviewQueries:
    @strawberry.field(description="What createOrder would meet with; nothing is done.")
    async def preview_create_order(self, info: Info, input: CreateOrderInput) -> Preview:
        return await _create(info, input, orders.create_order)

    @strawberry.field(
        description="What updateOrder would meet with, and how the order's fields stand; nothing is done."
    )
    async def preview_update_order(self, info: Info, input: UpdateOrderInput) -> Preview:
        return await _update(info, input, orders.update_order)

    @strawberry.field(description="What createCustomer would meet with; nothing is done.")
    async def preview_create_customer(self, info: Info, input: CreateCustomerInput) -> Preview:
        return await _create(info, input, customers.create_customer)

    @strawberry.field(
        description="What updateCustomer would meet with, and how the customer's fields stand; nothing is done."
    )
    async def preview_update_customer(self, info: Info, input: UpdateCustomerInput) -> Preview:
        return await _update(info, input, customers.update_customer)

    @strawberry.field(description="What createProduct would meet with; nothing is done.")
    async def preview_create_product(self, info: Info, input: CreateProductInput) -> Preview:
        return await _create(info, input, products.create_product)

    @strawberry.field(
        description="What updateProduct would meet with, and how the product's fields stand; nothing is done."
    )
    async def preview_update_product(self, info: Info, input: UpdateProductInput) -> Preview:
        return await _update(info, input, products.update_product)
