"""Compressed bodies; Python's own gzip is the reference."""

from __future__ import annotations

import gzip
import zlib

import hypothesis
import hypothesis.strategies as st
import pytest

from jner_re.serving.server import body
from jner_re.serving.server.errors import RequestError


@hypothesis.given(st.lists(st.binary(max_size=50), max_size=3), st.integers(-3, 3))
def test_what_was_compressed_is_given_back_up_to_the_limit(members: list[bytes], more: int) -> None:
    content, expected = b"".join(map(gzip.compress, members)), b"".join(members)
    limit = max(0, len(expected) + more)
    if len(expected) <= limit:
        assert body.decompress(content, limit) == expected
    else:
        with pytest.raises(RequestError, match=f"more than {limit} bytes") as raised:
            body.decompress(content, limit)
        assert raised.value.status == 413


def test_a_small_body_that_would_be_large() -> None:
    with pytest.raises(RequestError, match="more than 1,000 bytes"):
        body.decompress(gzip.compress(bytes(50_000_000)), 1000)


@pytest.mark.parametrize(
    "content",
    [b"{}", gzip.compress(b"text")[:-1], gzip.compress(b"text") + b"x", zlib.compress(b"text")],
    ids=["JSON", "cut", "with more behind", "zlib"],  # in the content is the time
)
def test_what_is_not_gzip(content: bytes) -> None:
    with pytest.raises(RequestError, match="the body is not gzip") as raised:
        body.decompress(content, 1000)
    assert raised.value.status == 400
