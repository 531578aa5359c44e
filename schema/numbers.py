"""What the next order's number would be, before anybody is numbered so."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import strawberry

from schema.context import Info
from schema.scalars import Json
from tenants import numbering
from tenants.config.definitions import NUMBERING_KEY
from tenants.names import snake
from tenants.numbering import OWN
from tenants.problems import InvalidInput


@strawberry.type
class NumberQueries:
    @strawberry.field(
        description="The number of the next order, if nobody comes before; nothing is counted. A field without a value is left out of it. Each text around the sequence has a sequence of its own."
    )
    async def number_preview(
        self,
        info: Info,
        pattern: Annotated[
            str | None, strawberry.argument(description="The pattern to try; the one in force if not given.")
        ] = None,
        values: Annotated[
            Json | None,
            strawberry.argument(
                description='Fields of the order by their names in the pattern, such as {"channel": "web", "custom.branch": "north"}.'
            ),
        ] = None,
    ) -> str:
        caller = info.context.caller
        caller.access.require("configuration.read")
        config = caller.config
        series = numbering.order_series(config)
        if pattern is not None:
            known = numbering.naming_fields(config, NUMBERING_KEY)
            if not numbering.is_pattern(pattern, known):
                raise InvalidInput.at(("pattern",), "config.bad_pattern", pattern=pattern)
            series = replace(series, pattern=pattern)
        if values is not None and not isinstance(values, dict):
            raise InvalidInput.at(("values",), "value.not_json", value=values)
        today = datetime.now(UTC).astimezone(ZoneInfo(config.time_zone)).date()
        found = await numbering.preview(info.context.house.database, caller, series, _row(values or {}), today)
        info.context.confirmed = True
        return found


def _row(values: dict[str, object]) -> dict[str, object]:
    """An order's row that has these fields."""
    own = {name.removeprefix(OWN): value for name, value in values.items() if name.startswith(OWN)}
    return {"custom": own, **{snake(name): value for name, value in values.items() if not name.startswith(OWN)}}
