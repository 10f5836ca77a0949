"""The body of a request: not too long, not too slow, and decompressed (Content-Encoding: gzip)."""

from __future__ import annotations

import asyncio
import zlib

from starlette.requests import Request

from jner_re.serving.server.errors import RequestError, invalid

_GZIP = 16 + zlib.MAX_WBITS
_DRAINED = 4  # times the largest body that is read to its end to be refused


async def read(request: Request, limit: int, seconds: float) -> bytes:
    """As it was before the client compressed it, if it did.

    Args:
      request: whose body is to come.
      limit: of its bytes, compressed or not.
      seconds: in which it has to come.

    Raises:
      RequestError: it is longer, comes too late, or is compressed in another way than gzip.
    """
    try:
        content = await asyncio.wait_for(_sent(request, limit), seconds)
    except asyncio.TimeoutError:
        raise RequestError(408, f"the body did not come within {seconds:g} s") from None
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return content
    if encoding not in ("gzip", "x-gzip"):
        raise invalid(f"Content-Encoding is {encoding!r}, expected gzip, or none")
    return await asyncio.to_thread(decompress, content, limit)


async def _sent(request: Request, limit: int) -> bytes:
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > _DRAINED * limit:
        raise _too_long(limit)
    body, count = bytearray(), 0
    async for chunk in request.stream():
        count += len(chunk)
        if count <= limit:
            body += chunk
            continue
        body.clear()
        if count > _DRAINED * limit:
            break
    if count > limit:  # told at the end: many clients listen only when they have sent all
        raise _too_long(limit)
    return bytes(body)


def decompress(content: bytes, limit: int) -> bytes:
    """What was compressed, one member or several; no more than the limit is ever made of it.

    Raises:
      RequestError: it is more than `limit` bytes, or not gzip, or broken off.
    """
    found = bytearray()
    while content:
        member = zlib.decompressobj(_GZIP)
        try:
            found += member.decompress(content, limit + 1 - len(found))
        except zlib.error as error:
            raise invalid(f"the body is not gzip: {error}") from None
        if len(found) > limit:
            raise _too_long(limit)
        if not member.eof:
            raise invalid("the body is not gzip: it is broken off")
        content = member.unused_data
    return bytes(found)


def _too_long(limit: int) -> RequestError:
    return RequestError(413, f"the body has more than {limit:,} bytes, expected at most that many")
