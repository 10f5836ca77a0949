"""The same answers from a model directory, an exported folder and an endpoint."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import http.server
import itertools
import json
import logging
import multiprocessing
import os
import pathlib
import pickle
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from exported_model import MIN_SCORE
from scored_answers import OTHER_BATCH

import jner_re
from jner_re.extraction.client import Client
from jner_re.extraction.in_process import SavedModel
from jner_re.extraction.outputs import BOTH, OUTPUTS
from jner_re.extraction.rows import RefusedInputError, Row, padded

TEXTS = [
    "Ann Lee, born in Rome, lives in Oslo. Bob  Carr met Ann in Lima.",
    "",
    "   \n ",
    "😀 Früher: Ulm.\nUlm, Lima",
    "Rome",
]
LONG = "Rome. " + "Word " * 2001  # a sentence of it is broken


def padded_rows(rows: list[Row]) -> list[Row]:
    """As TensorFlow Serving gives them."""
    columns = {name: padded([row[name] for row in rows], OUTPUTS[name].padding) for name in rows[0]}
    return [{name: column[i] for name, column in columns.items()} for i in range(len(rows))]


class Serving(http.server.BaseHTTPRequestHandler):
    """TensorFlow Serving's row format, on an exported model."""

    model: SavedModel
    answer: Callable[[Serving], bytes] | None = None
    paths: list[str]

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.paths.append(self.path)
        status = 200
        assert len(request["instances"]) <= 32  # TensorFlow Serving refuses more than batching.config says
        try:
            ask = self.model.sentences if request["signature_name"] == "tokens" else self.model.texts
            content = json.dumps({"predictions": padded_rows(ask(request["instances"], None))}).encode()
        except RefusedInputError as error:
            status = 400
            content = json.dumps(
                {"error": f"2 root error(s): assertion failed: [{error}]\n\t [[Assert]]"}
            ).encode()
        self.send_response(status)
        self.end_headers()
        self.wfile.write(content if self.answer is None else self.answer())

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def server(loaded: SavedModel) -> Iterator[http.server.ThreadingHTTPServer]:
    handler = type("Handler", (Serving,), {"model": loaded, "paths": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def clients(
    model_folder: pathlib.Path, exported: pathlib.Path, server: http.server.ThreadingHTTPServer
) -> dict[str, Client]:
    return {
        "model directory": jner_re.load(model_folder),
        "exported folder": jner_re.load(exported),
        "endpoint": jner_re.load(f"http://127.0.0.1:{server.server_port}"),
    }


@pytest.fixture(params=["model directory", "exported folder", "endpoint"])
def model(clients: dict[str, Client], request: pytest.FixtureRequest) -> Client:
    return clients[request.param]


def without_scores(documents: list[jner_re.Document]) -> list[jner_re.Document]:
    """With one score for all."""
    return [
        dataclasses.replace(
            document,
            entities=tuple(dataclasses.replace(entity, score=0.5) for entity in document.entities),
            relations=tuple(dataclasses.replace(relation, score=0.5) for relation in document.relations),
        )
        for document in documents
    ]


def scores(document: jner_re.Document) -> list[float]:
    return [each.score for each in [*document.entities, *document.relations]]


def test_all_answer_alike(clients: dict[str, Client]) -> None:
    """The graph's two ways of being run, as it was traced and inlined, round scores otherwise."""
    documents, exported, served = (model(TEXTS, MIN_SCORE) for model in clients.values())
    assert sum(len(document.relations) for document in documents) > 5
    assert exported == served and without_scores(documents) == without_scores(exported)
    for one, other in zip(documents, exported, strict=True):
        np.testing.assert_allclose(scores(one), scores(other), atol=1e-5)
    sentences = [["Ann", "in", "Rome"], [], ["Ulm"]]
    found, *others = (model.predict(sentences, MIN_SCORE) for model in clients.values())
    assert others[0] == others[1] and found[0][0]
    assert [[e for e, _ in entities] for entities, _ in found] == [
        [e for e, _ in entities] for entities, _ in others[0]
    ]


def test_entities_are_places_of_the_text(model: Client) -> None:
    documents = model(TEXTS)
    assert [document.text for document in documents] == TEXTS
    assert documents[1] == jner_re.Document("") and not documents[2].tokens
    for document in documents:
        for token in document.tokens:
            assert document.text[token.start : token.end] == token.text
        starts = {token.start for token in document.tokens}
        ends = {token.end for token in document.tokens}
        for entity in document.entities:
            assert document.text[entity.start : entity.end] == entity.text
            assert entity.start in starts and entity.end in ends
            assert 0 <= entity.score <= 1.0001
    assert sum(len(document.entities) for document in documents) > 5


def test_a_text_of_several_sentences_is_its_sentences_put_together(clients: dict[str, Client]) -> None:
    text, model = TEXTS[0], clients["model directory"]
    at = text.index("Bob")
    whole, first, second = model([text, text[:at], text[at:]], threshold=0.0)
    assert len(first.entities) and len(second.entities) and len(second.relations)
    places = [(e.type, e.start, e.end) for e in first.entities]
    places += [(e.type, e.start + at, e.end + at) for e in second.entities]
    assert [(e.type, e.start, e.end) for e in whole.entities] == places
    scores = [e.score for document in (first, second) for e in document.entities]
    assert [e.score for e in whole.entities] == pytest.approx(scores, abs=OTHER_BATCH)
    offset = len(first.entities)
    expected = {(r.type, r.head, r.tail) for r in first.relations}
    expected |= {(r.type, r.head + offset, r.tail + offset) for r in second.relations}
    assert {(r.type, r.head, r.tail) for r in whole.relations} == expected


def test_the_threshold_is_the_models_unless_given(clients: dict[str, Client], model: Client) -> None:
    every = clients["model directory"](TEXTS[0], threshold=0.0).relations
    kept = sorted(r.score for r in every if r.score > MIN_SCORE)
    middle = kept[len(kept) // 2]
    assert 0 < sum(score > middle for score in kept) < len(kept) < len(every)
    assert len(model(TEXTS[0], threshold=middle).relations) == sum(score > middle for score in kept)
    assert not model(TEXTS[0], threshold=1.0).relations
    own = 0.2 if model is clients["model directory"] else MIN_SCORE
    assert len(model(TEXTS[0]).relations) == sum(r.score > own for r in every)


def test_what_is_refused_is_named(model: Client) -> None:
    with pytest.raises(RefusedInputError, match=r"^sentence 1: 2001 tokens, expected at most 2000: break"):
        model.predict([["Rome"], ["a"] * 2001])
    with pytest.raises(RefusedInputError, match=r"sentence 1: token 1 is '', expected"):
        model.predict([["a"], ["Ann", "", "Rome"]])
    with pytest.raises(RefusedInputError, match=r"text 1: character 2 is '\\ud83d', half of a pair"):
        model(["fine", "a \ud83d"])
    with pytest.raises(RefusedInputError, match=r"text 1: 3, expected a string"):
        model(["fine", 3])  # type: ignore[list-item]
    with pytest.raises(RefusedInputError, match=r"text 0: b'x', expected a string"):
        model([b"x"])  # type: ignore[list-item]
    for texts in (b"Rome", 3, None, {"text": "Rome"}):
        with pytest.raises(jner_re.InputError, match=r"texts are .*, expected a string or a list of strings"):
            model(texts)  # type: ignore[call-overload]
    for sentences, message in (
        (["Rome"], r"sentence 0: 'Rome', expected a list of tokens"),
        ([["a"], ["b", 3]], r"sentence 1: token 1 is 3, expected a string"),
        ([["a\ud83d"]], r"sentence 0: token 0: character 1 is '\\ud83d', half of a pair"),
        ("Rome", r"sentences are 'Rome', expected a list of lists"),
    ):
        with pytest.raises(jner_re.InputError, match=message):
            model.predict(sentences)  # type: ignore[arg-type]
    for threshold in (-0.1, 1.5, float("nan"), "0.5"):
        with pytest.raises(jner_re.InputError, match=r"threshold is .*, expected a number from 0 to 1"):
            model("Rome", threshold=threshold)  # type: ignore[call-overload]


def test_any_collection_is_taken(model: Client) -> None:
    assert model([]) == [] and model.predict([]) == []
    expected = model(["Rome", "Ulm"])
    assert model(iter(["Rome", "Ulm"])) == model(pd.Series(["Rome", "Ulm"])) == expected
    assert model.predict(np.array([["Rome", "Ulm"]])) == model.predict([("Rome", "Ulm")])
    assert (
        model.documents_or_errors(text for text in ["Rome", "Ulm"])
        == model.documents_or_errors(pd.Series(["Rome", "Ulm"]))
        == expected
    )


class NotAsked:
    """A backend that answers nothing."""

    rows_at_once = 8

    def texts(self, texts: Sequence[str], threshold: float | None) -> list[Row]:
        raise AssertionError(texts)

    sentences = texts


TABLE = pd.DataFrame({"text": ["Rome"], "author": ["Ann"]})


@pytest.mark.parametrize(
    "texts", [TABLE, np.array("Rome"), np.array(3), {"text": "Rome"}.keys, os.environ, bytearray(b"x")]
)
def test_what_has_no_texts_for_members_is_refused(texts: Any) -> None:
    model = Client(NotAsked())
    for ask, expected in (
        (model, "a string or a list of strings"),
        (model.documents_or_errors, "a list of strings"),
    ):
        with pytest.raises(jner_re.InputError, match=rf"^texts are .{{1,100}}, expected {expected}$"):
            ask(texts)
    with pytest.raises(jner_re.InputError, match=r"^sentences are .{1,100}, expected a list of lists"):
        model.predict(texts)
    with pytest.raises(jner_re.InputError, match=r"^sentence 0: .{1,100}, expected a list of tokens$"):
        model.predict([texts])
    for single in ("Rome", b"Rome"):
        with pytest.raises(jner_re.InputError, match=r"^texts are b?'Rome', expected a list of strings$"):
            model.documents_or_errors(single)  # type: ignore[arg-type]


def test_all_but_what_is_refused_is_answered(model: Client) -> None:
    rome, half, ulm = model.documents_or_errors(["Rome", "a \ud83d", "Ulm"])
    assert [rome, ulm] == model(["Rome", "Ulm"])
    assert isinstance(half, RefusedInputError) and half.number == 1


def test_a_sentence_that_is_too_long_is_broken_and_the_answer_says_so(model: Client) -> None:
    long, rome = model([LONG, "Rome"])
    at = 6 + 5 * 2000  # of the last word
    assert long.broken_at == (at,) and long.to_json()["broken_at"] == [at] and len(long.tokens) == 2003
    assert rome.broken_at == () and "broken_at" not in rome.to_json()


@hypothesis.given(st.lists(st.sampled_from(["a", "b", "\ud83d", 3]), max_size=30))
def test_each_text_is_answered_or_refused_and_asked_for_once(texts: list[str]) -> None:
    backend = Sizes()
    answers = Client(backend).documents_or_errors(iter(texts))
    for i, (text, answer) in enumerate(zip(texts, answers, strict=True)):
        refused = isinstance(answer, RefusedInputError)
        assert refused == (text not in ("a", "b"))
        assert answer.number == i if refused else answer.text == text
    count = sum(text in ("a", "b") for text in texts)
    assert len(backend.asked) == -(-count // backend.rows_at_once) and sum(map(len, backend.asked)) == count


class Sizes:
    """Answers nothing, but remembers the sizes of what it is asked."""

    rows_at_once = 3

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def texts(self, texts: Sequence[str], threshold: float | None) -> list[Row]:
        self.asked.append([len(text) for text in texts])
        return [{output.name: [] for output in BOTH} for _ in texts]

    sentences = texts


@hypothesis.given(st.lists(st.sampled_from([0, 1, 2**19, 2**20, 2**21])))
def test_a_bounded_number_of_characters_is_asked_for_together(sizes: list[int]) -> None:
    backend = Sizes()
    texts = ["x" * size for size in sizes]
    assert [len(document.text) for document in Client(backend)(texts)] == sizes
    assert [size for asked in backend.asked for size in asked] == sizes
    for asked in backend.asked:
        assert len(asked) == 1 or (len(asked) <= 3 and len(asked) * max(asked) <= 2**20)
    for asked, following in itertools.pairwise(backend.asked):  # none is smaller than need be
        more = [*asked, following[0]]
        assert len(more) > 3 or len(more) * max(more) > 2**20


def test_of_an_exported_folder_the_newest_version_is_opened(tmp_path: pathlib.Path) -> None:
    for name in ("2", "10", ".new-11", "x12"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "saved_model.pb").write_bytes(b"damaged")
    with pytest.raises(jner_re.InputError, match=r"10: can't be loaded as a SavedModel"):
        jner_re.load(tmp_path)


def test_a_model_directory_with_exports_in_it_is_a_model_directory(tmp_path: pathlib.Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"damaged")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(jner_re.InputError, match=r": no checkpoints"):
        jner_re.load(tmp_path)


def test_what_is_no_model_is_refused(tmp_path: pathlib.Path) -> None:
    for path, cause in (("x" * 300, "File name too long"), ("~nobody-at-all/x", "")):
        with pytest.raises(jner_re.InputError, match=rf"^{path}: can't be opened: {cause}"):
            jner_re.load(path)
    with pytest.raises(jner_re.InputError, match=r"no config.json and no saved_model.pb, expected"):
        jner_re.load(tmp_path / "nothing")
    for name in ("final", "choosing"):
        (tmp_path / "run" / name).mkdir(parents=True)
        (tmp_path / "run" / name / "config.json").write_text("{}")
    with pytest.raises(jner_re.InputError, match=r"; model directories in it: choosing, final$"):
        jner_re.load(tmp_path / "run")
    for url in (
        "ftp://x",
        "http://",
        "http://[::1",
        "http://x:port/",
        "http://x/v1",
        "http://x/v1/models/a/b",
    ):
        with pytest.raises(jner_re.InputError, match=rf"^{re.escape(url)}: .*expected a URL such as http"):
            jner_re.load(url)
    with pytest.raises(jner_re.InputError, match=r"localhost:8501: no config.json .*or a URL such as http"):
        jner_re.load("localhost:8501")
    with pytest.raises(
        jner_re.InputError,
        match=r"^http://127.0.0.1:9/v1/models/jner_re:predict: can't be reached: Connection refused$",
    ):
        jner_re.load("http://127.0.0.1:9")("Rome")


class Refusing:
    """A model that refuses texts with "huge", as one does whose encoder's output float16 can't hold."""

    rows_at_once = 4

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def texts(self, texts: list[str], threshold: float | None) -> list[dict[str, list]]:
        self.asked.append(list(texts))
        for number, text in enumerate(texts):
            if "huge" in text:
                raise RefusedInputError("text", number, "too large")
        return [{output.name: [] for output in BOTH} for _ in texts]


def test_a_text_that_the_graph_refuses_takes_no_other_with_it() -> None:
    texts = ["a", "huge", "b", "c", "d", "huge!", "e", "\ud83d"]
    backend = Refusing()
    answers = Client(backend).documents_or_errors(texts)
    assert [getattr(answer, "text", None) for answer in answers] == [
        "a",
        None,
        "b",
        "c",
        "d",
        None,
        "e",
        None,
    ]
    assert [str(answers[i]) for i in (1, 5)] == ["text 1: too large", "text 5: too large"]
    assert [len(asked) for asked in backend.asked] == [4, 3, 3, 2]
    with pytest.raises(RefusedInputError, match="text 5: too large"):
        Client(Refusing())(["a", "b", "c", "d", "e", "huge"])


def test_of_an_endpoint_path_and_faults(
    server: http.server.ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = server.RequestHandlerClass
    url = f"http://127.0.0.1:{server.server_port}"
    for path in ("/v1/models/mine/versions/3", "/v1/models/mine:predict", "/"):
        jner_re.load(url + path)("Rome")
    assert handler.paths[-3:] == [
        "/v1/models/mine/versions/3:predict", "/v1/models/mine:predict", "/v1/models/jner_re:predict"
    ]  # fmt: skip
    for content, message in (
        (b"<html>", "answered 200 OK '<html>', expected JSON"),
        (
            b'{"error": "2 root error(s): assertion failed: [sentence 0: 2001 tokens]"}',
            "refused for a row of this request, or of another one .* into one batch with it: 2 root",
        ),
        (b'{"error": "Servable not found"}', "jner_re:predict: Servable not found"),
        (b'{"predictions": [[1.0]]}', "expected the predictions of an exported model"),
        (b'{"predictions": [{"entity_type": []}]}', "expected the predictions of an exported model"),
        (b"[]", "expected the predictions of an exported model"),
    ):
        monkeypatch.setattr(handler, "answer", lambda _, content=content: content)
        with pytest.raises(jner_re.InputError, match=message) as raised:
            jner_re.load(url)("Rome")
        assert not isinstance(raised.value, RefusedInputError)


def test_a_model_tells_where_it_is(
    clients: dict[str, Client], model_folder: pathlib.Path, exported: pathlib.Path
) -> None:
    assert repr(clients["model directory"]) == f"<jner_re.load: ModelDirectory({str(model_folder)!r})>"
    assert repr(clients["exported folder"]) == f"<jner_re.load: SavedModel({str(exported)!r})>"
    assert re.fullmatch(
        r"<jner_re.load: Endpoint\('http://127.0.0.1:\d+/v1/models/jner_re'\)>", repr(clients["endpoint"])
    )


def test_loading_leaves_the_process_as_it_is(tmp_path: pathlib.Path) -> None:
    """In threads, too. A model that is damaged is found so after TensorFlow is imported."""
    (tmp_path / "saved_model.pb").write_bytes(b"damaged")

    def load(_: int) -> None:
        with pytest.raises(jner_re.InputError, match="can't be loaded as a SavedModel"):
            jner_re.load(tmp_path)

    before = dict(os.environ), [*warnings.filters], logging.getLogger("tensorflow").level
    with pytest.MonkeyPatch.context() as patch, concurrent.futures.ThreadPoolExecutor(4) as pool:
        for name in ("dup", "dup2"):
            patch.setattr(os, name, lambda *_: pytest.fail("a descriptor is touched"))
        patch.setattr(logging.getLogger("tensorflow"), "level", 17)
        list(pool.map(load, range(4)))
        assert logging.getLogger("tensorflow").level == 17
    assert (dict(os.environ), [*warnings.filters], logging.getLogger("tensorflow").level) == before


def test_a_pickled_model_is_opened_again_from_its_path(
    clients: dict[str, Client],
    exported: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(exported.parent)
    pickled = {name: pickle.dumps(model) for name, model in clients.items()}
    pickled["exported folder"] = pickle.dumps(jner_re.load(exported.name))
    monkeypatch.chdir(tmp_path)
    for name, model in clients.items():
        again = pickle.loads(pickle.dumps(pickle.loads(pickled[name])))  # once more before it is asked
        assert repr(again) == repr(model)
        if name != "model directory":
            assert again.predict([["Ann"]]) == model.predict([["Ann"]])


def test_after_a_fork_a_model_of_this_process_is_refused(
    clients: dict[str, Client], exported: pathlib.Path
) -> None:
    """Also one that a pool's process unpickles: if that failed, the pool would begin others for ever."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        for name in ("model directory", "exported folder"):
            with pytest.raises(
                jner_re.InputError, match=r"forked .*, expected one that was spawned, .* URL of"
            ):
                pool.apply_async(clients[name], ["Rome"]).get(60)
        with pytest.raises(jner_re.InputError, match="forked"):
            pool.apply_async(jner_re.load, [exported]).get(60)
        assert pool.apply_async(clients["endpoint"], ["Rome"]).get(60) == clients["endpoint"]("Rome")
    assert clients["exported folder"]("Rome").tokens


def test_the_package_is_imported_without_tensorflow() -> None:
    code = "import jner_re, sys; sys.exit('tensorflow' in sys.modules or not callable(jner_re.load))"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_endpoint_is_asked_without_tensorflow(server: http.server.ThreadingHTTPServer) -> None:
    url = f"http://127.0.0.1:{server.server_port}"
    asked = f"not jner_re.load({url!r})('Rome').tokens"
    code = f"import jner_re, sys; sys.exit({asked} or 'tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_saved_model_without_a_graph_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"")
    with pytest.raises(
        jner_re.InputError, match="can't be loaded as a SavedModel: it has 0 graphs, expected one"
    ):
        jner_re.load(tmp_path / "1")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["serving_default"], "its signatures are serving_default, expected 'serving_default' and 'tokens'"),
        (
            ["serving_default", "tokens"],
            "the outputs of its signature 'serving_default' are x, expected those",
        ),
    ],
)
def test_another_saved_model_is_refused(names: list[str], message: str, tmp_path: pathlib.Path) -> None:
    import tensorflow as tf

    module = tf.Module()
    module.run = tf.function(lambda text: {"x": text}, [tf.TensorSpec([None], tf.string, "text")])
    tf.saved_model.save(module, str(tmp_path / "1"), {name: module.run for name in names})
    with pytest.raises(jner_re.InputError, match=message):
        jner_re.load(tmp_path)
