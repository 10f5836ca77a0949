"""Connections to an endpoint, and what its errors show."""

from __future__ import annotations

import http.server
import os
import threading

import pytest

import jner_re
from jner_re.serving.endpoint import Endpoint


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
