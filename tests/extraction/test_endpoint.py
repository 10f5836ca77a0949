"""Connections to an endpoint, and what its errors show."""

from __future__ import annotations

import contextlib
import http.server
import os
import re
import threading
from collections.abc import Iterator

import pytest

import jner_re
from jner_re.extraction.endpoint import Endpoint


class Empty(http.server.BaseHTTPRequestHandler):
    """Answers a request of no rows, and keeps the connection."""

    protocol_version = "HTTP/1.1"
    asked_from: list[int]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.asked_from.append(self.client_address[1])
        content = b'{"predictions": []}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...


def test_a_fork_has_a_connection_of_its_own() -> None:
    handler = type("Handler", (Empty,), {"asked_from": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}")
        assert endpoint.texts([], None) == []
        child = os.fork()
        if not child:
            failed = True
            try:
                failed = endpoint.texts([], None) != []
            finally:
                os._exit(failed)
        assert os.waitpid(child, 0)[1] == 0
        endpoint.texts([], None)
        server.shutdown()
    before, forked, after = handler.asked_from
    assert before == after != forked


@pytest.mark.parametrize("place", ["127.0.0.1:9", "x:port", "127.0.0.1/v1", "[::1"])
def test_a_password_is_not_shown(place: str) -> None:
    with pytest.raises(jner_re.InputError) as raised:
        jner_re.load(f"http://ann:secret@{place}")("Rome")
    assert str(raised.value).startswith(f"http://{place}") and "secret" not in str(raised.value)
    assert repr(Endpoint("http://ann:secret@x")) == "Endpoint('http://x/v1/models/jner_re')"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://ann:secret@x/v1/models/y?key=secret",
        "http://ann:se/cret@x/v1/models/y?key=secret",
        "http://x:port/v1/models/y?key=secret",
        "http://a..b/v1/models/y?key=secret",
        f"http://{'a' * 70}.test/v1/models/y?key=secret",
        "http://127.0.0.1:9/v1/models/y?key=secret",
    ],
)
def test_neither_a_password_nor_a_query_is_shown(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(jner_re.InputError) as raised:
        jner_re.load(url)("Rome")
    assert not re.search("ann|secret|cret@|'se'", str(raised.value))


class Moved(http.server.BaseHTTPRequestHandler):
    """Answers with a redirect, or as a proxy that refuses."""

    status: int
    place: str

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        if self.place:
            self.send_header("Location", self.place)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"<p>!")

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None: ...


@contextlib.contextmanager
def answering(status: int, place: str = "") -> Iterator[str]:
    handler = type("Handler", (Moved,), {"status": status, "place": place})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("status", [301, 302, 303])
def test_the_new_address_of_a_model_that_has_moved_is_named(status: int) -> None:
    with answering(status, "/new/v1/models/x:predict") as url:
        message = (
            rf"^{url}/v1/models/jner_re:predict: answered {status} .*: it is at {url}/new/v1/models/x now"
        )
        with pytest.raises(jner_re.InputError, match=message):
            jner_re.load(url)("Rome")


def test_a_redirect_that_keeps_the_question_is_followed() -> None:
    handler = type("Handler", (Empty,), {"asked_from": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with answering(307, f"http://127.0.0.1:{server.server_port}/v1/models/x:predict") as url:
            assert Endpoint(url).texts([], None) == []
        server.shutdown()


def test_a_proxy_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    shown = r"\(through the proxy http://{} of the environment; NO_PROXY excepts hosts\)$"
    monkeypatch.setenv("http_proxy", "http://ann:secret@127.0.0.1:9")
    message = "can't be reached: Connection refused " + shown.format("127.0.0.1:9")
    with pytest.raises(jner_re.InputError, match=message):
        jner_re.load("http://model.test")("Rome")
    with answering(403) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        message = "answered 403 Forbidden '<p>!', expected JSON " + shown.format(
            proxy.removeprefix("http://")
        )
        with pytest.raises(jner_re.InputError, match=message):
            jner_re.load("http://model.test")("Rome")
        monkeypatch.setenv("https_proxy", proxy)  # which answers no CONNECT: the cause has no number
        with pytest.raises(jner_re.InputError, match=r"model\.test/v1/models/y:predict: can't be") as raised:
            jner_re.load("https://ann:secret@model.test/v1/models/y?key=secret")("Rome")
        assert "secret" not in str(raised.value)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with pytest.raises(jner_re.InputError, match=r"expected JSON$"):
            jner_re.load(proxy)("Rome")
