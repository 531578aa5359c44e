"""Products: inputs and mutations."""

import strawberry
from strawberry import UNSET

from schema.context import Info, as_values, parse_id, run_once
from schema.customers import EXPECTED, KEY
from schema.payloads import ProductPayload, ProductResult
from schema.scalars import CustomValues, DecimalText
from tenants import products


@strawberry.input(description="A new product.")
class CreateProductInput:
    sku: str
    name: str
    specification: str | None = UNSET
    unit: str | None = UNSET
    price: DecimalText | None = UNSET
    currency: str | None = UNSET
    tax_rate: DecimalText | None = strawberry.field(default=UNSET, description='A share: "0.19" is 19 %.')
    active: bool | None = UNSET
    external_id: str | None = UNSET
    custom: CustomValues | None = UNSET
    idempotency_key: str | None = strawberry.field(default=UNSET, description=KEY)


@strawberry.input(description="Changes to a product: what is not given stays, null empties.")
class UpdateProductInput:
    id: strawberry.ID
    expected_version: int | None = strawberry.field(default=UNSET, description=EXPECTED)
    sku: str | None = UNSET
    name: str | None = UNSET
    specification: str | None = UNSET
    unit: str | None = UNSET
    price: DecimalText | None = UNSET
    currency: str | None = UNSET
    tax_rate: DecimalText | None = UNSET
    active: bool | None = UNSET
    external_id: str | None = UNSET
    custom: CustomValues | None = UNSET
    idempotency_key: str | None = strawberry.field(default=UNSET, description=KEY)


@strawberry.type
class ProductMutations:
    @strawberry.mutation(description="Enter a product.")
    async def create_product(self, info: Info, input: CreateProductInput) -> ProductResult:
        values = as_values(input)
        key = values.pop("idempotencyKey", None)
        return ProductPayload(
            record_id=await run_once(info, key, values, lambda tx: products.create_product(tx, values))
        )

    @strawberry.mutation(description="Change a product.")
    async def update_product(self, info: Info, input: UpdateProductInput) -> ProductResult:
        values = as_values(input)
        key = values.pop("idempotencyKey", None)
        wanted, expected = parse_id(values.pop("id")), values.pop("expectedVersion", None)
        request = [str(wanted), expected, values]
        done = await run_once(info, key, request, lambda tx: products.update_product(tx, wanted, values, expected))
        return ProductPayload(record_id=done)
