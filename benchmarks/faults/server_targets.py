"""What is given mutated bodies: the local server, Label Studio's backend, and the client of a server."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.faults.target import Target
from jner_re import drawing
from jner_re.errors import InputError
from jner_re.extraction.client import Client
from jner_re.extraction.endpoint import Endpoint
from jner_re.serving.server import drawing_route, json_tensor
from jner_re.serving.server.errors import RequestError

TEXT = "Ann's friend Bob lives in Rome."
ROW: dict[str, list[Any]] = {
    "token": ["Ann", "'s", "friend", "Bob", "lives", "in", "Rome", ".", ""],
    "entity_type": ["Peop", "Loc", ""],
    "entity_start": [0, 26, -1],
    "entity_end": [3, 30, -1],
    "entity_text": ["Ann", "Rome", ""],
    "entity_score": [0.9, 0.8, -1.0],
    "relation_type": ["Live_In", ""],
    "relation_head": [0, -1],
    "relation_tail": [1, -1],
    "relation_score": [0.7, -1.0],
    "broken_at": [-1],
}
_CONFIGURATION = (
    '<View><Labels name="l" toName="t"><Label value="Peop"/></Labels><Text name="t" value="$text"/></View>'
)


def bodies() -> Iterator[Target]:
    """Bodies of requests to the local server and to Label Studio's backend."""
    rows = json.dumps({"signature_name": "serving_default", "instances": [TEXT, {"b64": "QQ=="}]})
    columns = json.dumps({"inputs": {"text": [TEXT]}})
    tokens = json.dumps({"signature_name": "tokens", "instances": [["Ann", "ran"], ["Bob", ""]]})

    def predict(content: bytes) -> None:
        request = json_tensor.parse(content)
        is_tokens = request.signature == "tokens"
        name, rank = ("tokens", 2) if is_tokens else ("text", 1)
        found = json_tensor.strings(request, name, rank)
        for row in found:
            assert isinstance(row, list if is_tokens else bytes)

    def draw(content: bytes) -> None:
        text, width = drawing_route.read(content)
        drawing_route.answer(text, {**ROW, **{name: [] for name in ROW}}, width)

    yield Target("server: predict", [s.encode() for s in (rows, columns, tokens)], predict, (RequestError,))
    yield Target(
        "server: drawing", [json.dumps({"text": TEXT, "width": 800}).encode()], draw, (RequestError,)
    )
    yield from _label_studio()


def _label_studio() -> Iterator[Target]:
    from jner_re.serving.label_studio import app

    class Still:
        """A model that finds nothing, and no training."""

        current = None

        def begin(self, export: Callable[[], Any]) -> bool:
            with contextlib.suppress(InputError):
                json.dumps(export())
            return False

    still: Any = Still()
    backend = app.create(app.Backend(still, still, "http://127.0.0.1:9", ""))
    task = {"id": 1, "data": {"text": TEXT}, "annotations": []}
    requests = {
        "/setup": {"schema": _CONFIGURATION},
        "/predict": {"label_config": _CONFIGURATION, "tasks": [task]},
        "/train": {"label_config": _CONFIGURATION, "annotations": [task]},
        "/webhook": {"action": "START_TRAINING", "project": {"id": 1, "label_config": _CONFIGURATION}},
    }
    for path, request in requests.items():

        def post(content: bytes, path: str = path) -> None:
            status, body = asyncio.run(_posted(backend, path, content))
            assert status in (200, 400), f"status {status}: {body!r:.200}"
            json.loads(body)

        yield Target(f"Label Studio: {path}", [json.dumps(request).encode()], post)


async def _posted(application: Any, path: str, content: bytes) -> tuple[int, bytes]:
    """The answer of an ASGI application."""
    status, body = 0, b""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
    await application(scope, receive, send)
    return status, body


@contextlib.contextmanager
def answering() -> Iterator[tuple[str, Callable[[bytes], None]]]:
    """The URL of a server, and what sets the body of its answers."""
    bodies = [b""]

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(bodies[0])))
            self.end_headers()
            self.wfile.write(bodies[0])

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", lambda content: bodies.__setitem__(0, content)
        server.shutdown()


def answers(url: str, set_body: Callable[[bytes], None]) -> Target:
    """What a server answers to the client."""
    client = Client(Endpoint(url))

    def ask(content: bytes) -> None:
        set_body(content)
        found = client(TEXT)
        assert found.text == TEXT
        drawing.html(found)
        json.dumps(found.to_json(), allow_nan=False)

    valid = [{"predictions": [ROW]}, {"error": "no"}]
    return Target("client: answers", [json.dumps(answer).encode() for answer in valid], ask)
