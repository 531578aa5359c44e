"""OpenTelemetry traces of requests, operations, round trips to PostgreSQL and jobs: an extra, and off unless asked for.

On are they where OTEL_EXPORTER_OTLP_ENDPOINT is set and the extra ``telemetry`` is installed; all else is told by OpenTelemetry's own
variables. The program knows nothing of them: what is traced is wrapped from outside when a process starts, so that those who trace
nothing pay nothing. No span holds a document, a variable or a value.
"""

import importlib
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

import server.graphql_http
import server.graphql_ws
from server.app import Application
from server.metrics import route_of
from server.settings import SettingsError
from tenants.calls import current
from tenants.jobs import Job
from tenants.wire import WireConnection
from workers.run import DO
from workers.work import Work

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
MISSING = "is set, but the extra is not installed: install 'orderloom[telemetry]', or unset it."

Traced = Callable[..., Awaitable[Any]]
Do = Callable[[Work, Job], Coroutine[Any, Any, None]]


def start(process: str) -> None:
    """Trace this process, ``orderloom-serve`` or the like, if the environment asks for it. Raises SettingsError."""
    asked = next((name for name in ENDPOINTS if os.environ.get(name)), None)
    if asked is None or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return
    try:
        sdk = importlib.import_module("opentelemetry.sdk.trace")
        export = importlib.import_module("opentelemetry.sdk.trace.export")
        otlp = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        resources = importlib.import_module("opentelemetry.sdk.resources")
    except ModuleNotFoundError as error:
        raise SettingsError(f"{asked} {MISSING}") from error
    name = os.environ.get("OTEL_SERVICE_NAME", process)
    provider = sdk.TracerProvider(resource=resources.Resource.create({"service.name": name}))
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter()))
    instrument(provider.get_tracer("orderloom"))


def instrument(tracer: Any) -> Callable[[], None]:
    """Wrap what is traced; returns what takes the wrapping off."""
    traces = _Traces(tracer)
    undo = [
        _wrap(Application, "__call__", traces.request),
        _wrap(WireConnection, "exchange", traces.round_trip),
        _wrap(server.graphql_http, "execute", traces.operation),
        _wrap(server.graphql_ws, "subscribe", traces.operation),
    ]
    jobs = dict(DO)
    DO.update({kind: traces.job(call) for kind, call in jobs.items()})

    def stop() -> None:
        DO.update(jobs)
        for step in undo:
            step()

    return stop


def _wrap(owner: Any, name: str, wrapper: Callable[[Traced], Traced]) -> Callable[[], None]:
    original = getattr(owner, name)
    setattr(owner, name, wraps(original)(wrapper(original)))
    return lambda: setattr(owner, name, original)


class _Traces:
    """What each kind of span tells."""

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer
        self._trace = importlib.import_module("opentelemetry.trace")
        self._propagate = importlib.import_module("opentelemetry.propagate")

    @contextmanager
    def _span(self, name: str, kind: str, facts: Mapping[str, Any], parent: Any = None) -> Iterator[Any]:
        # The text of an exception may hold values, as that of a broken unique key does.
        with self._tracer.start_as_current_span(
            name,
            parent,
            kind=self._trace.SpanKind[kind],
            attributes=facts,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except BaseException as error:
                span.set_status(self._trace.StatusCode.ERROR)
                span.set_attribute("error.type", type(error).__name__)
                raise

    def request(self, call: Traced) -> Traced:
        async def answer(application: Application, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await call(application, scope, receive, send)
                return
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            facts = {"http.request.method": scope["method"], "http.route": route_of(scope["path"])}
            with self._span("request", "SERVER", facts, self._propagate.extract(headers)) as span:
                await call(application, scope, receive, send)
                known = scope["state"]["request"]
                span.set_attributes({"http.response.status_code": known.status, "orderloom.request_id": known.call.id})

        return answer

    def operation(self, call: Traced) -> Traced:
        async def execute(*arguments: Any, **options: Any) -> Any:
            with self._span("operation", "INTERNAL", {}) as span:
                answer = await call(*arguments, **options)
                done = current()
                span.update_name(f"{done.kind or 'refused'} {done.field}".strip())
                span.set_attributes({"orderloom.cost": done.cost, "orderloom.statements": done.statements})
                if done.tenant:
                    span.set_attributes(
                        {"orderloom.tenant": done.tenant, "orderloom.member": str(done.member_id or "")}
                    )
                if code := getattr(answer, "code", None):
                    span.set_attribute("orderloom.code", code)
                return answer

        return execute

    def round_trip(self, call: Traced) -> Traced:
        async def exchange(connection: WireConnection, *statements: Any) -> Any:
            facts = {"db.system.name": "postgresql", "db.operation.batch.size": len(statements)}
            with self._span("SQL", "CLIENT", facts):
                return await call(connection, *statements)

        return exchange

    def job(self, call: Do) -> Do:
        async def do(work: Work, handed_out: Job) -> None:
            facts = {"orderloom.job": str(handed_out.id), "orderloom.tenant_id": str(handed_out.tenant_id)}
            with self._span(f"job {handed_out.kind}", "CONSUMER", facts):
                await call(work, handed_out)

        return do
