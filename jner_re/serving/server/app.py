"""The server's ASGI application."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import dataclasses
import functools
import logging
import re
import time
import urllib.parse
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from jner_re.extraction.outputs import OUTPUTS
from jner_re.extraction.rows import RefusedInputError, Row, padded
from jner_re.serving.server import body as bodies
from jner_re.serving.server import drawing_route, json_tensor, metrics
from jner_re.serving.server.errors import RequestError, forget, invalid, not_found
from jner_re.serving.server.metrics import Metrics
from jner_re.serving.server.versions import Version, Versions

logger = logging.getLogger(__name__)

_MODEL = r"(?i)/v1/models(?:/([^/:]+))?(?:/versions/(\d{1,19})|/labels/([^/:]+))?"
_PREDICT = re.compile(_MODEL + r":(classify|regress|predict)")
_STATUS = re.compile(_MODEL + r"(?:/(metadata))?")
_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
_DEFAULT_SIGNATURE = "serving_default"
_MAX_CELLS = 2**24  # rows times characters of the longest text: answers are padded to it
_JSON = "application/json"


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a request may be.

    Attributes:
      body_bytes: of a request.
      running: requests that are answered or wait at the same time; more are sent away.
      calls: of the model at the same time.
      body_seconds: in which a request's body has to come.
      answer_seconds: after which an answer is given up; 0 for never.
    """

    body_bytes: int = 16 * 2**20
    running: int = 64
    calls: int = 2
    body_seconds: float = 30
    answer_seconds: float = 30


class Api:
    """The REST API of one model, and the drawings of its page."""

    def __init__(self, versions: Versions, limits: Limits, counts: Metrics) -> None:
        self._versions, self._limits, self._counts = versions, limits, counts
        self._calls = concurrent.futures.ThreadPoolExecutor(limits.calls)
        self._free = asyncio.Semaphore(limits.calls)
        self._running = 0

    async def respond(self, request: Request) -> Response:
        """Answers, counts and logs a request."""
        start = time.monotonic()
        status, body, rows = 500, b"", 0
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        method = "invalid"
        try:
            if request.method == "POST" and (found := _PREDICT.fullmatch(path)) and found[1]:
                method = found[4].lower()
                name, number, label = _unquoted(found[1]), found[2], found[3]
                answer = functools.partial(self._answer, name=name, number=number, label=label, method=method)
                body, rows = await self._limited(request, answer)
            elif request.method == "POST" and path == drawing_route.PATH:
                method = "drawing"
                body, rows = await self._limited(request, self._draw)
            elif request.method == "GET" and (found := _STATUS.fullmatch(path)):
                method = "metadata" if found[4] else "status"
                body = self._describe(_unquoted(found[1]), found[2], found[3], method)
            else:
                raise invalid(
                    f"{request.method} {path} is no request of the API, expected POST "
                    "/v1/models/NAME:predict, or GET /v1/models/NAME or /v1/models/NAME/metadata"
                )
            status = 200
        except RequestError as error:
            status, body = error.status, json_tensor.print_json({"error": error.message})
            forget(error)
        except ClientDisconnect as error:
            status = 499
            forget(error)
        except Exception as error:
            logger.exception("%s %s", request.method, path)
            forget(error)
            body = json_tensor.print_json({"error": "internal error, which the server's log tells"})
        seconds = time.monotonic() - start
        self._counts.requests.labels(method, status).inc()
        self._counts.seconds.labels(method).observe(seconds)
        client = request.client.host if request.client else "-"
        logger.info(
            '%s "%s %s" %s, %s rows, %.0f ms, %s bytes',
            client, request.method, path, status, rows, 1000 * seconds, f"{len(body):,}",
        )  # fmt: skip
        headers = {"Connection": "close"} if status in (408, 413, 503) else {}
        if status == 503:
            headers["Retry-After"] = "1"
        return Response(body, status, headers, _JSON)

    async def metrics(self, request: Request) -> Response:
        """The counts of the server."""
        self._counts.version.set(self._versions.find(None).number)
        return Response(self._counts.page(), media_type=metrics.CONTENT_TYPE)

    async def about(self, request: Request) -> Response:
        """What the model says of itself, for the page."""
        return Response(json_tensor.print_json(self._versions.find(None).about), media_type=_JSON)

    async def _limited(
        self, request: Request, answer: Callable[[bytes], Awaitable[tuple[bytes, int]]]
    ) -> tuple[bytes, int]:
        """The answer to a request's body, and how many rows it has, within the limits."""
        if self._running >= self._limits.running:
            raise RequestError(
                503, f"{self._running} requests are being answered, expected at most that many: try again"
            )
        self._running += 1
        self._counts.running.set(self._running)
        try:
            body = await bodies.read(request, self._limits.body_bytes, self._limits.body_seconds)
            return await asyncio.wait_for(answer(body), self._limits.answer_seconds or None)
        except asyncio.TimeoutError:
            raise RequestError(504, f"no answer within {self._limits.answer_seconds:g} s") from None
        finally:
            self._running -= 1
            self._counts.running.set(self._running)

    async def _answer(
        self, body: bytes, name: str, number: str | None, label: str | None, method: str
    ) -> tuple[bytes, int]:
        version = self._versions.find(self._number(name, number, label))
        if method != "predict":
            raise invalid(f"the model's signatures are for predict, not for {method}")
        asked = await asyncio.to_thread(json_tensor.parse, body)
        signature = asked.signature or _DEFAULT_SIGNATURE
        input_name, rank = version.input_of(signature)
        values = await asyncio.to_thread(json_tensor.strings, asked, input_name, rank)
        if signature == _DEFAULT_SIGNATURE and len(values) * max(map(len, values), default=0) > _MAX_CELLS:
            raise invalid(
                "the answer would be padded to the longest text: post texts that are so long one at a time"
            )
        try:
            rows = await self._rows(version, signature, values)
        except RefusedInputError as error:
            raise invalid(str(error)) from None
        width = len(values[0]) if rank > 1 else 0
        names = list(version.signatures[signature]["outputs"])
        return await asyncio.to_thread(_printed, names, rows, width, asked.by_row), len(rows)

    async def _draw(self, body: bytes) -> tuple[bytes, int]:
        text, width = await asyncio.to_thread(drawing_route.read, body)
        try:
            (row,) = await self._rows(self._versions.find(None), _DEFAULT_SIGNATURE, [text.encode()])
        except RefusedInputError as error:
            raise invalid(error.problem) from None
        return await asyncio.to_thread(drawing_route.answer, text, row, width), 1

    async def _rows(self, version: Version, signature: str, values: list[Any]) -> list[Row]:
        """The model's answer to texts, or to tokenized sentences."""
        self._counts.rows.observe(len(values))
        ask = version.model.texts if signature == _DEFAULT_SIGNATURE else version.model.sentences
        await self._free.acquire()  # a request that is given up leaves nothing in the threads' queue
        call, loop = self._calls.submit(ask, values, None), asyncio.get_running_loop()
        call.add_done_callback(lambda _: self._release(loop))  # also where nobody waits any more
        return await asyncio.wrap_future(call)

    def _release(self, loop: asyncio.AbstractEventLoop) -> None:
        """In the thread of a call that has ended."""
        with contextlib.suppress(RuntimeError):  # the server has ended
            loop.call_soon_threadsafe(self._free.release)

    def _describe(self, name: str, number: str | None, label: str | None, kind: str) -> bytes:
        """The status of versions, or a version's signatures."""
        if not name:
            raise invalid("the path names no model, expected /v1/models/NAME")
        found = self._number(name, number, label)
        if kind == "status":
            return json_tensor.print_json({"model_version_status": self._versions.status(found)})
        version = self._versions.find(found)
        spec = {"name": name, "signature_name": "", "version": str(version.number)}
        signatures = {"signature_def": {"signature_def": version.signatures}}
        return json_tensor.print_json({"model_spec": spec, "metadata": signatures})

    def _number(self, name: str, number: str | None, label: str | None) -> int | None:
        """The version that a path asks for."""
        if name != self._versions.name:
            raise not_found(f"no model {name} is served, expected {self._versions.name}")
        if label is not None:
            raise invalid(f"the path has the label {label}, expected none: versions have no labels here")
        return None if number is None else int(number)


def create(api: Api, page: Mapping[str, tuple[str, bytes]], headers: Mapping[str, str]) -> Starlette:
    """The application.

    Args:
      api: answers /v1/ and what the page asks.
      page: content types and contents by path.
      headers: of these.
    """
    routes = [
        Route("/v1/{rest:path}", api.respond, methods=_METHODS),
        Route(metrics.PATH, api.metrics),
        Route("/about.json", api.about),
        Route(drawing_route.PATH, api.respond, methods=["POST"]),
        *[Route(path, _static(kind, content, headers)) for path, (kind, content) in page.items()],
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _http_error})


def _static(kind: str, content: bytes, headers: Mapping[str, str]) -> Any:
    async def respond(request: Request) -> Response:
        return Response(content, headers=dict(headers), media_type=kind)

    return respond


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"{error.detail}: {request.method} {request.url.path}"
    return Response(json_tensor.print_json({"error": message}), error.status_code, error.headers, _JSON)


def _unquoted(name: str | None) -> str:
    return urllib.parse.unquote(name or "")


def _printed(names: list[str], rows: list[Row], width: int, by_row: bool) -> bytes:
    """The answer.

    Args:
      names: of the outputs.
      rows: without padding.
      width: of `token`, if its longest row has fewer.
      by_row: the format.
    """
    outputs = {name: padded([row[name] for row in rows], OUTPUTS[name].padding) for name in names}
    outputs["token"] = [[*tokens, *[""] * (width - len(tokens))] for tokens in outputs["token"]]
    return json_tensor.answer(outputs, by_row)
