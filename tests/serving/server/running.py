"""A server in a thread of this process, and requests to it."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import requests
import uvicorn
from starlette.applications import Starlette

from jner_re.serving.server import app
from jner_re.serving.server.metrics import Metrics
from jner_re.serving.server.versions import Versions

NAME = "news"


class Server:
    """What tests ask."""

    def __init__(self, port: int, versions: Versions) -> None:
        self.port, self.versions = port, versions
        self.url = f"http://127.0.0.1:{port}"

    def post(self, body: Any, path: str = f"/v1/models/{NAME}:predict") -> requests.Response:
        """`body` is bytes, or made JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return requests.post(self.url + path, data=content, timeout=60)

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, timeout=60)


@contextlib.contextmanager
def listening(application: Starlette) -> Iterator[int]:
    """An application on a port."""
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@contextlib.contextmanager
def serving(versions: Versions, limits: app.Limits | None = None) -> Iterator[Server]:
    """A server of these versions, which does not look for others."""
    api = app.Api(versions, limits or app.Limits(answer_seconds=0), Metrics())
    page = {"/": ("text/html", b"<p>page")}
    with listening(app.create(api, page, {"X-Test": "yes"})) as port:
        yield Server(port, versions)
