"""Products, as they can be read."""

from tenants.records.attributes import Custom, Permissions, RecordType, Relation, Search, column, money
from tenants.records.files import files_of
from tenants.records.teams import shares_of

PRODUCT = RecordType(
    name="product",
    graphql="Product",
    plural="products",
    table="products",
    description="Something that can be ordered.",
    right="product.read",
    by=("sku", "externalId"),
    search=Search(),
    attributes=(
        column("id", "id", "Opaque id."),
        column("version", "integer", "Grows by one with each change; give it as expectedVersion."),
        Permissions(),
        column("sku", "text", "Article number, unique in the company.", indexed=True),
        column("name", "text", "Name.", indexed=True),
        column("externalId", "text", "The id of the product in the system it came from.", nullable=True),
        column("specification", "text", "What distinguishes it: size, colour, material."),
        column("unit", "text", "Unit of sale."),
        money("price", "List price of one unit, before tax.", nullable=True),
        column("taxRate", "decimal", "Usual tax as a share of the net amount, 0 to 1."),
        column("active", "boolean", "Whether it can still be ordered."),
        Relation(
            name="orderLines",
            description="The lines on which it was ordered.",
            target="order_line",
            join="{x}.product_id = {t}.id",
            many=True,
        ),
        Relation(
            name="history",
            description="Everything that happened to the product's record, oldest first.",
            target="history_entry",
            join="{x}.record_type = 'product' AND {x}.record_id = {t}.id",
            many=True,
        ),
        shares_of("product"),
        files_of("product"),
        Custom(name="custom", description="The company's own fields."),
        column("createdAt", "date_time", "When the product was entered.", indexed=True),
        column("updatedAt", "date_time", "When the product was last changed."),
    ),
)
