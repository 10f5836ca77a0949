"""A web server on this machine that can be told to misbehave."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import re
import socket
import threading
from collections.abc import Iterator

import pytest


@dataclasses.dataclass
class Page:
    """A file to serve, and how.

    Attributes:
      break_at: for each of the next requests, how many bytes are sent before the connection drops.
      forced_begin: the first byte of a range's answer, whatever was asked for.
      longest: how many bytes of a range are answered at most.
    """

    content: bytes
    etag: str = '"one"'
    date: str = ""
    ranges: bool = True
    break_at: list[int] = dataclasses.field(default_factory=list)
    forced_begin: int | None = None
    longest: int = 1 << 30


class Web:
    """`pages` by path, `requests` as (path, Range, If-Range)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pages: dict[str, Page] = {}
        self.requests: list[tuple[str, str | None, str | None]] = []

    def add(self, path: str, content: bytes, **options: object) -> Page:
        """Serves `content` at `path`."""
        self.pages[path] = Page(content, **options)
        return self.pages[path]


def _handler(web: Web) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked, condition = self.headers["Range"], self.headers["If-Range"]
            web.requests.append((self.path, asked, condition))
            page = web.pages.get(self.path)
            if page is None:
                self.send_error(404)
                return
            begin, end, size = 0, len(page.content), len(page.content)
            if asked and page.ranges and condition in (page.etag, page.date):
                begin = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
                if begin >= size:
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{size}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206)
                begin = begin if page.forced_begin is None else page.forced_begin
                end = min(size, begin + page.longest)
                self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{size}")
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(end - begin))
            if page.etag:
                self.send_header("ETag", page.etag)
            if page.date:
                self.send_header("Last-Modified", page.date)
            self.end_headers()
            body = page.content[begin:end]
            with contextlib.suppress(ConnectionError):  # the client may have heard enough
                self.wfile.write(body[: page.break_at.pop(0)] if page.break_at else body)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture
def web(_no_proxy: None) -> Iterator[Web]:
    """A running server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    web = Web(f"http://127.0.0.1:{server.server_address[1]}")
    server.RequestHandlerClass = _handler(web)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield web
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def unreachable(_no_proxy: None) -> str:
    """An address of this machine at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
