"""Traces: an extra that is off unless asked for, and tells no value."""

import importlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from server import tracing
from server.app import Application
from server.settings import SettingsError
from tenants import jobs
from tenants.transaction import new_id
from tenants.wire import WireConnection
from tests.harness import Client, Company, Drain
from workers import run

QUERY = "query Secret { orders(first: 1) { nodes { number } } }"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """The spans of this process, traced for one test."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    stop = tracing.instrument(provider.get_tracer("test"))
    yield exporter
    stop()


def described(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_a_request_is_traced_down_to_its_round_trips(
    client: Client, company: Company, spans: InMemorySpanExporter
) -> None:
    await company.data(QUERY)
    spans.clear()
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    headers = {
        "authorization": f"Bearer {company.owner.token}",
        "traceparent": f"00-{trace_id}-b7ad6b7169203331-01",
        "x-request-id": "traced",
    }
    await client.http.post("/graphql", json={"query": QUERY}, headers=headers)
    sql, operation, request = spans.get_finished_spans()
    assert [span.name for span in (sql, operation, request)] == ["SQL", "query orders", "request"]
    assert described(request) == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "http.response.status_code": 200,
        "orderloom.request_id": "traced",
    }
    facts = described(operation)
    assert (facts["orderloom.tenant"], facts["orderloom.statements"]) == (company.slug, 2)
    assert facts["orderloom.member"] == str(company.owner.id)
    assert described(sql) == {"db.system.name": "postgresql", "db.operation.batch.size": 2}
    # One below the other, and all below the client's own span.
    assert request.parent is not None
    assert f"{request.parent.trace_id:032x}" == trace_id
    assert operation.parent is not None
    assert request.context is not None
    assert operation.parent.span_id == request.context.span_id


async def test_a_refusal_says_its_code_and_no_value(
    client: Client, company: Company, spans: InMemorySpanExporter
) -> None:
    await client.post("query Secret { ordres }", {"hidden": "canary"}, token="ol_canary")
    shown = [span.to_json() for span in spans.get_finished_spans()]
    assert any('"orderloom.code": "NOT_SIGNED_IN"' in text for text in shown)
    assert [text for text in shown if "canary" in text or "Secret" in text] == []


async def test_a_failing_statement_tells_its_kind_and_not_its_text(
    company: Company, spans: InMemorySpanExporter
) -> None:
    with pytest.raises(Exception, match="canary"):
        await company.database.read(await company.caller(), "SELECT 'canary'::integer", {})
    failed = [span for span in spans.get_finished_spans() if not span.status.is_ok]
    assert [described(span)["error.type"] for span in failed] == ["InvalidTextRepresentation"]
    assert "canary" not in failed[0].to_json()


async def test_jobs_are_traced(company: Company, work: Drain, spans: InMemorySpanExporter) -> None:
    gone = jobs.Job(new_id(), company.id, jobs.AUTOMATION, new_id(), 0, datetime.now(UTC))
    await run.DO[gone.kind](work.work, gone)
    (job,) = [span for span in spans.get_finished_spans() if span.name == "job automation"]
    assert described(job) == {"orderloom.job": str(gone.id), "orderloom.tenant_id": str(company.id)}


def test_it_is_off_unless_asked_for_and_taken_off_without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    before = (Application.__call__, WireConnection.exchange, dict(run.DO))
    for name in tracing.ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    tracing.start("test")
    assert (Application.__call__, WireConnection.exchange, dict(run.DO)) == before
    tracing.instrument(TracerProvider().get_tracer("test"))()
    assert (Application.__call__, WireConnection.exchange, dict(run.DO)) == before


def test_who_asks_for_it_without_the_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(SettingsError, match=r"orderloom\[telemetry\]"):
        tracing.start("test")
