"""Bodies that a client has compressed (Content-Encoding: gzip), as TensorFlow Serving takes them."""

from __future__ import annotations

import zlib

from jner_re.serving.server.errors import invalid, too_long

_GZIP = 16 + zlib.MAX_WBITS


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
            raise too_long(limit)
        if not member.eof:
            raise invalid("the body is not gzip: it is broken off")
        content = member.unused_data
    return bytes(found)
