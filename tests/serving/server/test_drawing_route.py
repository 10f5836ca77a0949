"""What the page asks of a text: the API's answer, drawn, within the API's limits."""

from __future__ import annotations

import pathlib
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from running import NAME, Server, serving

from jner_re import drawing
from jner_re.drawing.colors import color
from jner_re.extraction import client
from jner_re.serving.server.app import Limits
from jner_re.serving.server.versions import Versions

TEXT = "Ann Lee, born in Rome, lives in Oslo. " * 3
PATH = "/drawing.json"


@pytest.fixture(scope="module")
def server(exported: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("versions")
    shutil.copytree(exported, folder / "1")
    with serving(Versions(folder, NAME), Limits(body_bytes=100_000)) as server:
        yield server


def test_it_is_the_apis_answer_drawn(server: Server, exported: pathlib.Path) -> None:
    answer = server.post({"text": TEXT, "width": 300}, PATH)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    found, document = answer.json(), client.load(exported)(TEXT)
    assert found["answer"] == server.post({"instances": [TEXT]}).json()
    assert found["drawing"] == drawing.html(document, line_width=300, style=False)
    assert [entity["text"] for entity in found["entities"]] == [entity.text for entity in document.entities]
    assert [relation["head"] for relation in found["relations"]] == [r.head for r in document.relations]
    assert found["colors"] == {entity.type: color(entity.type) for entity in document.entities} != {}
    assert found["broken_at"] == []


def test_where_a_long_sentence_was_broken(server: Server) -> None:
    found = server.post({"text": "word " * 2001, "width": 300}, PATH).json()
    assert found["broken_at"] == [2000 * len("word ")]


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"width": 300}, 400, 'expected a string as "text"'),
        ({"text": ["Ann"], "width": 300}, 400, 'expected a string as "text"'),
        ({"text": "Ann"}, 400, '"width" is missing, expected a number from 100 to 10,000'),
        ({"text": "Ann", "width": "300"}, 400, "\"width\" is '300', expected a number from 100 to 10,000"),
        ({"text": "Ann", "width": 1e9}, 400, '"width" is 1000000000.0, expected a number from 100 to 10,000'),
        (b"{", 400, "the body is not JSON"),
        (b"[]", 400, 'the body is a list, expected {"text"'),
        (b'{"text": "\\ud800", "width": 300}', 400, "half of a surrogate pair"),
        (b"x" * 100_001, 413, "100,000 bytes"),
    ],
)
def test_what_is_refused(body: Any, status: int, message: str, server: Server) -> None:
    answer = server.post(body, PATH)
    assert answer.status_code == status and message in answer.json()["error"]


def test_it_is_posted(server: Server) -> None:
    assert server.get(PATH).status_code == 405


def test_the_apis_limits(server: Server) -> None:
    with serving(server.versions, Limits(running=0)) as limited:
        assert limited.post({"text": TEXT, "width": 300}, PATH).status_code == 503
    with serving(server.versions, Limits(answer_seconds=0.001)) as limited:
        assert limited.post({"text": TEXT, "width": 300}, PATH).status_code == 504
