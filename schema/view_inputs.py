"""What the mutations of views take."""

import strawberry
from strawberry import UNSET

from schema.customers import KEY
from schema.definitions.changing import LabelInput
from schema.scalars import Json
from tenants.views.saving import Audience

strawberry.enum(Audience, name="ViewAudience", description="Who sees a view.")


@strawberry.input(description="One column of a view.")
class ViewColumnInput:
    path: str = strawberry.field(
        description="What it shows, by its path, such as number, customer.name or custom.score."
    )
    width: int | None = strawberry.field(default=UNSET, description="How wide, in pixels: 20 to 2000.")


@strawberry.input(description="Which orders a view lists: the arguments of orders.")
class OrderListInput:
    where: Json | None = strawberry.field(default=UNSET, description="Only those for which this holds.")
    order_by: Json | None = strawberry.field(default=UNSET, description="How they are sorted.")
    search: str | None = strawberry.field(default=UNSET, description="Free text: every word must be found.")
    voided: Json | None = strawberry.field(default=UNSET, description="What to do with void orders.")


@strawberry.input(description="Which customers a view lists: the arguments of customers.")
class CustomerListInput:
    where: Json | None = strawberry.field(default=UNSET, description="Only those for which this holds.")
    order_by: Json | None = strawberry.field(default=UNSET, description="How they are sorted.")
    search: str | None = strawberry.field(default=UNSET, description="Free text: every word must be found.")


@strawberry.input(description="Which products a view lists: the arguments of products.")
class ProductListInput:
    where: Json | None = strawberry.field(default=UNSET, description="Only those for which this holds.")
    order_by: Json | None = strawberry.field(default=UNSET, description="How they are sorted.")
    search: str | None = strawberry.field(default=UNSET, description="Free text: every word must be found.")


GROUP_BY = "The path of the field to group by, such as status, owner or custom.region."
PAGE_SIZE = "How many records one page of it has, 1 to 200."
COLUMNS = "Its columns, in order."


@strawberry.input(description="A list to save for yourself: give exactly one of orders, customers and products.")
class CreateViewInput:
    label: LabelInput
    orders: OrderListInput | None = strawberry.field(default=UNSET, description="It lists orders: these.")
    customers: CustomerListInput | None = strawberry.field(default=UNSET, description="It lists customers: these.")
    products: ProductListInput | None = strawberry.field(default=UNSET, description="It lists products: these.")
    columns: list[ViewColumnInput] | None = strawberry.field(default=UNSET, description=COLUMNS)
    group_by: str | None = strawberry.field(default=UNSET, description=GROUP_BY)
    page_size: int | None = strawberry.field(default=UNSET, description=PAGE_SIZE)
    position: int | None = UNSET
    idempotency_key: str | None = strawberry.field(default=UNSET, description=KEY)


@strawberry.input(description="A change of a view: what is not given stays, null takes away.")
class UpdateViewInput:
    id: strawberry.ID = strawberry.field(description="The view's id.")
    label: LabelInput | None = UNSET
    orders: OrderListInput | None = strawberry.field(default=UNSET, description="The orders that it lists from now on.")
    customers: CustomerListInput | None = strawberry.field(
        default=UNSET, description="The customers that it lists from now on."
    )
    products: ProductListInput | None = strawberry.field(
        default=UNSET, description="The products that it lists from now on."
    )
    columns: list[ViewColumnInput] | None = strawberry.field(default=UNSET, description=COLUMNS)
    group_by: str | None = strawberry.field(default=UNSET, description=GROUP_BY)
    page_size: int | None = strawberry.field(default=UNSET, description=PAGE_SIZE)
    position: int | None = UNSET


@strawberry.input(description="The view to do away with.")
class DeleteViewInput:
    id: strawberry.ID = strawberry.field(description="The view's id.")


@strawberry.input(description="Who sees a view, said anew as a whole.")
class ShareViewInput:
    id: strawberry.ID = strawberry.field(description="The view's id.")
    audience: Audience = strawberry.field(description="Who sees it from now on; PRIVATE: only you.")
    key: str | None = strawberry.field(
        default=None, description="The id of a private view once it is shared, as it stands in the configuration."
    )
    roles: list[str] | None = strawberry.field(
        default=UNSET, description="The roles that see it; for the audience ROLES."
    )
    default_for: list[str] | None = strawberry.field(default=UNSET, description="The roles that see it first.")
