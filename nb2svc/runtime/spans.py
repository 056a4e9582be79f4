"""The way of spans out of the process; imported only where they are sent."""

from __future__ import annotations

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import set_tracer_provider

from .manifest import Manifest

_QUERY = "url.query"


def send_spans(manifest: Manifest) -> None:
    """In the background, in batches; what is left when the process ends is sent then. The rest is the environment's."""
    service = Resource.create({"service.name": manifest.name, "service.version": manifest.digest[:12]})
    provider = TracerProvider(resource=service.merge(OTELResourceDetector().detect()))
    provider.add_span_processor(_WithoutQuery())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    set_tracer_provider(provider)


class _WithoutQuery(SpanProcessor):
    """FastAPI puts the query into its spans, and it may hold what is to leave the service in no other way."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002
        if _QUERY in (span.attributes or {}):
            span.set_attribute(_QUERY, "REDACTED")
