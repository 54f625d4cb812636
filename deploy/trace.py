"""Makes one hybrid video on a cluster of its own with tracing on, and prints the trace as a tree.

    python -m deploy.trace "A dog and a cat stand in a park, then a fox walks on the beach"

The collector is here, in this process; in production it is whatever `OTEL_EXPORTER_OTLP_ENDPOINT` names.
"""

import argparse
import os
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy import cluster

PROMPT = "A dog and a cat stand in a park, then a fox walks on the beach"
_MADE_S = 300


@dataclass(frozen=True)
class Span:
    service: str
    name: str
    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    start_s: float
    seconds: float


class Collector:
    """Receives spans by OTLP over HTTP on a free port."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def trace_of(self, name: str) -> list[Span]:
        """All spans of the trace in which a span has this name; complete once the services have stopped."""
        trace_id = next((span.trace_id for span in self.spans if span.name == name), None)
        return [span for span in self.spans if span.trace_id == trace_id]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        spans = self.spans

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                spans.extend(_spans(ExportTraceServiceRequest.FromString(body)))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: the tree is what is printed."""

        return Handler


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for resource in request.resource_spans:
        names = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Span(
                    service=names.get("service.name", "?"),
                    name=span.name,
                    trace_id=span.trace_id,
                    span_id=span.span_id,
                    parent_id=span.parent_span_id,
                    start_s=span.start_time_unix_nano / 1e9,
                    seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                )


def tree(spans: Sequence[Span]) -> list[str]:
    """A line for every span, below its parent and in order of time."""
    below = defaultdict(list)
    known = {span.span_id for span in spans}
    for span in sorted(spans, key=lambda span: span.start_s):
        below[span.parent_id if span.parent_id in known else b""].append(span)
    start_s = min(span.start_s for span in spans)

    def lines(parent: bytes, depth: int) -> Iterator[str]:
        for span in below[parent]:
            at = f"{span.start_s - start_s:7.3f} s {span.seconds:7.3f} s"
            yield f"{at}  {'  ' * depth}{span.service}: {span.name}"
            yield from lines(span.span_id, depth + 1)

    return list(lines(b"", 0))


@contextmanager
def traced_cluster(collector: Collector) -> Iterator[cluster.Cluster]:
    """A cluster of two experts whose spans go to the collector."""
    environment = {
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
    }
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield cluster.up(experts=2, port=cluster.free_ports(1)[0])
    finally:
        cluster.down()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def make_video(url: str, prompt: str) -> None:
    """Returns when the video has ended. Raises TimeoutError."""
    with httpx.Client(base_url=url, timeout=30) as client:
        accepted = client.post("/v1/videos", json={"prompt": prompt, "profile": "fast"}).raise_for_status()
        name = accepted.json()["id"]
        deadline = time.monotonic() + _MADE_S
        while client.get(f"/v1/videos/{name}").json()["status"] not in {"completed", "failed"}:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} has not ended within {_MADE_S} s")
            time.sleep(0.2)


def main() -> None:
    parser = argparse.ArgumentParser(prog="deploy.trace", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("prompt", nargs="?", default=PROMPT)
    prompt = parser.parse_args().prompt
    collector = Collector()
    with tempfile.TemporaryDirectory() as folder:
        cluster.STATE = Path(folder)
        try:
            with traced_cluster(collector) as running:
                make_video(running.url, prompt)
        except (cluster.ClusterError, TimeoutError) as error:
            raise SystemExit(f"error: {error}") from None
        finally:
            collector.close()
    print(f"“{prompt}”\n    start    duration")
    print("\n".join(tree(collector.trace_of("POST /v1/videos"))))


if __name__ == "__main__":
    main()
