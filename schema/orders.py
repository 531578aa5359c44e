"""Orders: inputs and mutations."""

import strawberry
from strawberry import UNSET

from schema.context import Info, parse_id
from schema.customers import EXPECTED, KEY, NewCustomerInput
from schema.mutations import Values, change, mutation
from schema.payloads import OrderPayload, OrderResult
from schema.scalars import CustomValues, DateTimeText, DecimalText
from tenants import orders


@strawberry.input(description="The address to ship to, as a snapshot of this order.")
class ShippingAddressInput:
    recipient: str | None = UNSET
    phone: str | None = UNSET
    line1: str | None = UNSET
    line2: str | None = UNSET
    district: str | None = UNSET
    city: str | None = UNSET
    region: str | None = UNSET
    postal_code: str | None = UNSET
    country: str | None = strawberry.field(default=UNSET, description="Country code by ISO 3166, such as DE or CN.")


@strawberry.input(
    description="One line. With productId it takes name, price and tax from the product, unless given here."
)
class OrderLineInput:
    id: strawberry.ID | None = strawberry.field(default=UNSET, description="In an update: the line to keep and change.")
    product_id: strawberry.ID | None = UNSET
    external_id: str | None = UNSET
    sku: str | None = UNSET
    name: str | None = UNSET
    specification: str | None = UNSET
    unit: str | None = UNSET
    quantity: DecimalText | None = strawberry.field(default=UNSET, description="1 if not given.")
    unit_price: DecimalText | None = UNSET
    discount_rate: DecimalText | None = strawberry.field(default=UNSET, description='A share: "0.1" is 10 %.')
    discount_amount: DecimalText | None = strawberry.field(default=UNSET, description="Instead of discountRate.")
    tax_rate: DecimalText | None = strawberry.field(default=UNSET, description='A share: "0.19" is 19 %.')


@strawberry.input(description="A new order.")
class CreateOrderInput:
    lines: list[OrderLineInput]
    type: str | None = strawberry.field(
        default=UNSET,
        description="Key of the order's type, which chooses its life cycle; the default one if not given.",
    )
    customer_id: strawberry.ID | None = UNSET
    customer: NewCustomerInput | None = strawberry.field(
        default=UNSET, description="A new customer, instead of customerId."
    )
    external_id: str | None = UNSET
    currency: str | None = strawberry.field(default=UNSET, description="By ISO 4217; the company's own if not given.")
    channel: str | None = UNSET
    priority: str | None = strawberry.field(default=UNSET, description="LOW, NORMAL, HIGH or URGENT.")
    owner_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The member in charge; you if not given."
    )
    tags: list[str] | None = UNSET
    notes: str | None = UNSET
    shipping_address: ShippingAddressInput | None = UNSET
    shipping_address_id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="An entry of the customer's address book; its first delivery address if nothing is given.",
    )
    ordered_at: DateTimeText | None = UNSET
    promised_at: DateTimeText | None = UNSET
    custom: CustomValues | None = UNSET
    idempotency_key: str | None = strawberry.field(default=UNSET, description=KEY)


@strawberry.input(description="Changes to an order: what is not given stays, null empties.")
class UpdateOrderInput:
    id: strawberry.ID
    expected_version: int | None = strawberry.field(default=UNSET, description=EXPECTED)
    lines: list[OrderLineInput] | None = strawberry.field(
        default=UNSET, description="All lines of the order from now on; entries with id keep their line."
    )
    type: str | None = strawberry.field(
        default=UNSET,
        description="Key of another type, whose life cycle has the status that the order is in; null for none.",
    )
    customer_id: strawberry.ID | None = UNSET
    external_id: str | None = UNSET
    currency: str | None = UNSET
    channel: str | None = UNSET
    priority: str | None = strawberry.field(default=UNSET, description="LOW, NORMAL, HIGH or URGENT.")
    owner_id: strawberry.ID | None = UNSET
    tags: list[str] | None = UNSET
    notes: str | None = UNSET
    shipping_address: ShippingAddressInput | None = UNSET
    shipping_address_id: strawberry.ID | None = UNSET
    ordered_at: DateTimeText | None = UNSET
    promised_at: DateTimeText | None = UNSET
    custom: CustomValues | None = UNSET
    idempotency_key: str | None = strawberry.field(default=UNSET, description=KEY)


@strawberry.input(description="Values of the fields that a step asks for, as in an update of the order.")
class StepValuesInput:
    customer_id: strawberry.ID | None = UNSET
    external_id: str | None = UNSET
    channel: str | None = UNSET
    priority: str | None = strawberry.field(default=UNSET, description="LOW, NORMAL, HIGH or URGENT.")
    owner_id: strawberry.ID | None = UNSET
    tags: list[str] | None = UNSET
    notes: str | None = UNSET
    shipping_address: ShippingAddressInput | None = UNSET
    ordered_at: DateTimeText | None = UNSET
    promised_at: DateTimeText | None = UNSET
    custom: CustomValues | None = UNSET


@strawberry.input
class StepFields:
    """A step that is taken, or looked at before it is."""

    id: strawberry.ID
    status: str = strawberry.field(description="Key of the status to go to; see nextSteps of the order.")
    step: str | None = strawberry.field(
        default=UNSET,
        description="Key of the step, where several lead to that status; the first you may take if not given.",
    )
    reason: str | None = strawberry.field(default=UNSET, description="Key of one of the step's reasons.")
    values: StepValuesInput | None = strawberry.field(default=UNSET, description="What the step asks for.")
    files: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="Files that you have uploaded, to hang on the order with the step."
    )
    note: str | None = None


@strawberry.input(description="One step of the life cycle.")
class ChangeOrderStatusInput(StepFields):
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="Void an order; see voiding of the order for whether it can be.")
class VoidOrderInput:
    id: strawberry.ID
    reason: str = strawberry.field(description="Key of one of the company's void reasons.")
    note: str | None = None
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


def step_form(given: Values) -> orders.StepForm:
    """What is given with a step."""
    return orders.StepForm(
        given.get("step"), given.get("reason"), given.get("values") or {}, tuple(given.get("files") or ())
    )


@strawberry.type
class OrderMutations:
    @mutation(
        CreateOrderInput, description="Take an order, with its lines and, if wanted, its new customer: all or nothing."
    )
    async def create_order(self, info: Info, input: Values) -> OrderResult:
        return await change(info, OrderPayload, input, lambda tx: orders.create_order(tx, input))

    @mutation(UpdateOrderInput, description="Change an order.")
    async def update_order(self, info: Info, input: Values) -> OrderResult:
        request = {**input}
        wanted, expected = parse_id(input.pop("id")), input.pop("expectedVersion", None)
        return await change(
            info, OrderPayload, input, lambda tx: orders.update_order(tx, wanted, input, expected), request=request
        )

    @mutation(ChangeOrderStatusInput, description="Take an order one step further in the company's life cycle.")
    async def change_order_status(self, info: Info, input: Values) -> OrderResult:
        wanted, expected, note = parse_id(input["id"]), input.get("expectedVersion"), input.get("note")
        form = step_form(input)
        return await change(
            info,
            OrderPayload,
            input,
            lambda tx: orders.change_status(tx, wanted, input["status"], expected, note, form),
        )

    @mutation(
        VoidOrderInput,
        description="Void an order: it leaves work lists and totals, and stays readable. Not a deletion.",
    )
    async def void_order(self, info: Info, input: Values) -> OrderResult:
        wanted, expected, note = parse_id(input["id"]), input.get("expectedVersion"), input.get("note")
        return await change(
            info, OrderPayload, input, lambda tx: orders.void_order(tx, wanted, input["reason"], expected, note)
        )
