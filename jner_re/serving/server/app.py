"""The server's ASGI application."""

from __future__ import annotations

import asyncio
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

from jner_re.extraction.rows import RefusedInputError, Row, padded
from jner_re.serving.server import drawing_route, errors, gzipped, json_tensor, metrics
from jner_re.serving.server.batcher import Batcher
from jner_re.serving.server.errors import RequestError, invalid, not_found
from jner_re.serving.server.metrics import Metrics
from jner_re.serving.server.versions import Versions

logger = logging.getLogger(__name__)

_MODEL = r"(?i)/v1/models(?:/([^/:]+))?(?:/versions/(\d{1,19})|/labels/([^/:]+))?"
_PREDICT = re.compile(_MODEL + r":(classify|regress|predict)")
_STATUS = re.compile(_MODEL + r"(?:/(metadata))?")
_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
_DEFAULT_SIGNATURE = "serving_default"
_MAX_CELLS = 2**24  # rows times characters of the longest text: answers are padded to it
_DRAINED = 4  # times the largest body that is read to its end to be refused
_PADDING = {"token": "", "type": "", "text": "", "score": -1.0}
_JSON = "application/json"


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a request may be.

    Attributes:
      body_bytes: of a request.
      running: requests that are answered at the same time; more are sent away.
      body_seconds: in which a request's body has to come.
      answer_seconds: after which an answer is given up; 0 for never.
    """

    body_bytes: int = 16 * 2**20
    running: int = 64
    body_seconds: float = 30
    answer_seconds: float = 30


class Api:
    """The REST API of one model, and the drawings of its page."""

    def __init__(self, versions: Versions, batcher: Batcher, limits: Limits, counts: Metrics) -> None:
        self._versions, self._batcher, self._limits, self._counts = versions, batcher, limits, counts
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
                raise invalid(f"Malformed request: {request.method} {path}")
            status = 200
        except RequestError as error:
            status, body = error.status, json_tensor.print_json({"error": error.message})
        except ClientDisconnect:
            status = 499
        except Exception:
            logger.exception("%s %s", request.method, path)
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
            body = await self._body(request)
            return await asyncio.wait_for(answer(body), self._limits.answer_seconds or None)
        except asyncio.TimeoutError:
            raise RequestError(504, f"no answer within {self._limits.answer_seconds:g} s") from None
        finally:
            self._running -= 1
            self._counts.running.set(self._running)

    async def _body(self, request: Request) -> bytes:
        """As it was before the client compressed it, if it did."""
        body = await self._sent(request)
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding == "identity":
            return body
        if encoding not in ("gzip", "x-gzip"):
            raise invalid(f"Content-Encoding is {encoding!r}, expected gzip, or none")
        return await asyncio.to_thread(gzipped.decompress, body, self._limits.body_bytes)

    async def _sent(self, request: Request) -> bytes:
        limit = self._limits.body_bytes
        too_long = errors.too_long(limit)
        length = request.headers.get("content-length", "0")
        if length.isdecimal() and int(length) > _DRAINED * limit:
            raise too_long

        async def read() -> bytes:
            body, count = bytearray(), 0
            async for chunk in request.stream():
                count += len(chunk)
                if count <= limit:
                    body += chunk
                elif count > _DRAINED * limit:
                    break
            if count > limit:  # told at the end: many clients listen only when they have sent all
                raise too_long
            return bytes(body)

        try:
            return await asyncio.wait_for(read(), self._limits.body_seconds)
        except asyncio.TimeoutError:
            message = f"the body did not come within {self._limits.body_seconds:g} s"
            raise RequestError(408, message) from None

    async def _answer(
        self, body: bytes, name: str, number: str | None, label: str | None, method: str
    ) -> tuple[bytes, int]:
        document = await asyncio.to_thread(json_tensor.parse, body)
        signature = json_tensor.signature_of(document) or _DEFAULT_SIGNATURE
        version = self._versions.find(self._number(name, number, label, "Servable not found for request"))
        input_name, rank = version.input_of(signature)
        if method != "predict":
            raise invalid(
                f"Expected {method} signature method_name to be tensorflow/serving/{method}. "
                "Was: tensorflow/serving/predict"
            )
        by_row = json_tensor.is_by_row(document)
        convert = json_tensor.rows if by_row else json_tensor.columns
        values, shape = await asyncio.to_thread(convert, document, input_name)
        if len(shape) != rank:
            raise invalid(f'input "{input_name}" has {len(shape)} dimensions, expected {rank}')
        if signature == _DEFAULT_SIGNATURE and len(values) * max(map(len, values), default=0) > _MAX_CELLS:
            raise invalid(
                "the answer would be padded to the longest text: post texts that are so long one at a time"
            )
        try:
            rows = await self._batcher.run(version, signature, values)
        except RefusedInputError as error:
            raise invalid(f"assertion failed: [{error}]") from None
        width = shape[1] if rank > 1 else None
        names = list(version.signatures[signature]["outputs"])
        return await asyncio.to_thread(_printed, names, rows, width, by_row), len(rows)

    async def _draw(self, body: bytes) -> tuple[bytes, int]:
        return await drawing_route.answer(body, self._versions.find(None), self._batcher), 1

    def _describe(self, name: str, number: str | None, label: str | None, kind: str) -> bytes:
        """The status of versions, or a version's signatures."""
        if not name:
            raise invalid("Missing model name in request.")
        if kind == "status":
            missing = f"Could not find any versions of model {name}"
            found = self._number(name, number, label, missing)
            return json_tensor.print_json({"model_version_status": self._versions.status(found)})
        version = self._versions.find(self._number(name, number, label, "Servable not found for request"))
        spec = {"name": name, "signature_name": "", "version": str(version.number)}
        signatures = {"signature_def": {"signature_def": version.signatures}}
        return json_tensor.print_json({"model_spec": spec, "metadata": signatures})

    def _number(self, name: str, number: str | None, label: str | None, missing: str) -> int | None:
        """The version that a path asks for."""
        if name != self._versions.name:
            asked = f"Latest({name})" if number is None else f"Specific({name}, {number})"
            raise not_found(missing if missing.endswith(name) else f"{missing}: {asked}")
        if label is not None:
            raise invalid(f"Unrecognized servable version label: {label}")
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


def _printed(names: list[str], rows: list[Row], width: int | None, by_row: bool) -> bytes:
    """The answer, padded as if the request had come alone.

    Args:
      names: of the outputs.
      rows: without padding.
      width: of `token`; None for the longest.
      by_row: the format.
    """
    outputs = {}
    for name in names:
        columns = [row[name] for row in rows]
        if name == "token" and width is not None:
            columns = padded([*columns, [""] * width])[:-1]
        outputs[name] = padded(columns, _PADDING.get(name.rpartition("_")[2], -1))
    return json_tensor.answer(outputs, by_row)
