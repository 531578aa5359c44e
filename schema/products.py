"""Products: inputs and mutations."""

import strawberry
from strawberry import UNSET

from schema.context import Info, parse_id
from schema.customers import EXPECTED, KEY
from schema.mutations import Values, change, mutation
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
    @mutation(CreateProductInput, description="Enter a product.")
    async def create_product(self, info: Info, input: Values) -> ProductResult:
        return await change(info, ProductPayload, input, lambda tx: products.create_product(tx, input))

    @mutation(UpdateProductInput, description="Change a product.")
    async def update_product(self, info: Info, input: Values) -> ProductResult:
        request = {**input}
        wanted, expected = parse_id(input.pop("id")), input.pop("expectedVersion", None)
        return await change(
            info,
            ProductPayload,
            input,
            lambda tx: products.update_product(tx, wanted, input, expected),
            request=request,
        )
