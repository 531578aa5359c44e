"""A house with one of its two walls taken away: the statements' own filters, or the policies of row security."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx2
import orjson
import psycopg
import pytest

from schema.execution import House, Operation, execute
from tenants.wire import Bound, WireConnection
from tests.harness import Client, Row

OWN_FILTER = re.compile(r"\b(?:\w+\.)?tenant_id = %\(tenant\)s")
NUMBERED_FILTER = re.compile(rb"\b(?:\w+\.)?tenant_id = (\$\d+)(?:::uuid)?")


class DirectClient(Client):
    """Talks to a house of its own, without HTTP."""

    def __init__(self, house: House) -> None:
        super().__init__(httpx2.AsyncClient())
        self.house = house

    async def graphql(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        token: str | None = None,
        language: str = "en",
    ) -> Row:
        operation = Operation(document, None, variables)
        answer = await execute(self.house, operation, token=token, language=language, request_id="test")
        found: Row = orjson.loads(answer.body)
        return found


def take_filters_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on no statement names its tenant."""
    send = psycopg.AsyncCursor.execute

    async def without_filter(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        sent = OWN_FILTER.sub("TRUE", query) if isinstance(query, str) else query
        return await send(self, sent, *arguments, **options)

    exchange = WireConnection.exchange

    async def without_filters(self: WireConnection, *given: Bound) -> Any:
        # The parameter stays, so that those after it keep their numbers.
        return await exchange(
            self,
            *(
                (replace(sent, text=NUMBERED_FILTER.sub(rb"(\1::uuid IS NOT NULL)", sent.text)), values)
                for sent, values in given
            ),
        )

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", without_filter)
    monkeypatch.setattr(WireConnection, "exchange", without_filters)
