"""What the server holds after requests that it refused, and after versions that went."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import gzip
import json
import pathlib
import random
import threading
import time
import tracemalloc
import types
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from running import NAME

from jner_re.extraction.rows import RefusedInputError
from jner_re.extraction.version_folders import SAVED_MODEL
from jner_re.serving.server import app
from jner_re.serving.server.metrics import Metrics
from jner_re.serving.server.versions import Version, Versions

MIB = 2**20
NOISE = random.Random(1).randbytes(MIB)
CASES = {
    "too long": (bytes(3 * MIB), {}, 413),
    "no JSON": (b'{"instances": ["' + bytes(MIB), {}, 400),
    "a number": (json.dumps({"instances": ["a" * MIB, 1]}).encode(), {}, 400),
    "cut gzip": (gzip.compress(NOISE)[:-1], {"content-encoding": "gzip"}, 400),
    "refused by the model": (json.dumps({"instances": ["a" * MIB]}).encode(), {}, 400),
    "a fault of the model": (json.dumps({"instances": ["a" * MIB, "b"]}).encode(), {}, 500),
}


@contextlib.contextmanager
def no_collector() -> Iterator[None]:
    """Python's collector doesn't look by itself."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def refuse(texts: list[bytes], threshold: float | None) -> None:
    raise RefusedInputError("text", 0, "too odd") if len(texts) == 1 else ValueError("a fault")


@pytest.mark.parametrize("case", CASES)
def test_a_refused_body_is_freed_at_once(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.logger, "disabled", True)  # pytest keeps the errors that are logged
    body, headers, status = CASES[case]
    model = types.SimpleNamespace(texts=refuse, sentences=refuse)
    version = types.SimpleNamespace(model=model, input_of=lambda signature: ("text", 1))
    versions: Any = types.SimpleNamespace(name=NAME, find=lambda number: version)
    application = app.create(app.Api(versions, app.Limits(body_bytes=2 * MIB), Metrics()), {}, {})

    async def ask(times: int) -> int:
        for _ in range(times):
            assert await post(application, body, headers) == status
        return tracemalloc.get_traced_memory()[0]

    async def growth() -> int:
        before = await ask(1)
        return await ask(10) - before

    tracemalloc.start(1)
    try:
        with no_collector():
            assert asyncio.run(growth()) < 5 * MIB  # threads may hold their last one a little longer
    finally:
        tracemalloc.stop()


async def post(application: Any, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer."""
    chunks = [body[i : i + MIB // 4] for i in range(0, len(body), MIB // 4)]
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    path = f"/v1/models/{NAME}:predict"
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "headers": pairs}
    await application({**scope, "query_string": b"", "client": None}, receive, send)
    return status


def test_a_version_that_went_is_freed_when_its_last_request_is_answered(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Model:
        """With a cycle, as TensorFlow's graphs have."""

        def __init__(self) -> None:
            self.graph = Graph()
            self.graph.operation = types.SimpleNamespace(graph=self.graph)

    class Graph(types.SimpleNamespace):
        """SimpleNamespace itself can't be referred to weakly."""

    def load(versions: Versions, number: int) -> Version:
        model: Any = Model()
        return Version(number, model, {}, {})

    def appear(number: int) -> None:
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / SAVED_MODEL).touch()

    monkeypatch.setattr(Versions, "_load", load)
    appear(1)
    versions = Versions(tmp_path, NAME)
    held: Any = versions.find(None).model  # by a request
    graph = weakref.ref(held.graph)
    with no_collector():
        watch = threading.Thread(target=versions.watch, args=[0.01])
        watch.start()
        try:
            appear(2)
            wait_until(lambda: versions.find(None).number == 2)
            assert graph() is not None
            del held
            wait_until(lambda: graph() is None)
        finally:
            versions.stop()
            watch.join()


def wait_until(condition: Any) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
