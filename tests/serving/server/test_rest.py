"""TensorFlow Serving's REST API: statuses and bodies, as its api_rest page has them. Messages are our own."""

from __future__ import annotations

import base64
import gzip
import json
import pathlib
import shutil
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest
import requests
from running import NAME, Server, serving

from jner_re.extraction import about
from jner_re.extraction.in_process import SavedModel
from jner_re.extraction.outputs import OUTPUTS
from jner_re.extraction.rows import Row
from jner_re.serving.server import json_tensor
from jner_re.serving.server.app import Limits
from jner_re.serving.server.errors import RequestError
from jner_re.serving.server.versions import Versions

TEXTS = ["Ann Lee, born in Rome, lives in Oslo.", "", "😀 Ulm"]
_TEXT = st.sampled_from(["", "Ann", "\ud83d", "😀"])
_LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
JSON = st.recursive(
    _LEAF,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "tokens", "b64", "x"]), inner)
    ),
    max_leaves=6,
)
LONG = ["word"] * 2001
MODEL = f"/v1/models/{NAME}"


@pytest.fixture(scope="module")
def server(exported: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("versions")
    shutil.copytree(exported, folder / "3")
    about.write(folder / "3", ["Ann lives in Rome."], 0.13)
    limits = Limits(body_bytes=10_000_000, body_seconds=1, answer_seconds=60)
    with serving(Versions(folder, NAME), limits) as server:
        yield server


def without_padding(row: dict[str, list[Any]]) -> dict[str, list[Any]]:
    found = {"entity": sum(kind != "" for kind in row["entity_type"])}
    found["relation"] = sum(kind != "" for kind in row["relation_type"])
    cut = {name: values[: found.get(name.partition("_")[0], len(values))] for name, values in row.items()}
    return {**cut, "token": [token for token in row["token"] if token]}


def test_predictions_by_row_are_the_models(server: Server, loaded: SavedModel) -> None:
    answer = server.post({"instances": TEXTS})
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    rows = answer.json()["predictions"]
    assert [without_padding(row) for row in rows] == loaded.texts(TEXTS, None)
    assert all(row.keys() == OUTPUTS.keys() for row in rows) and rows[0]["relation_type"]
    for name in OUTPUTS:
        assert len({len(row[name]) for row in rows}) == 1
    assert rows[1]["entity_type"][0] == "" and rows[1]["entity_start"][0] == -1
    assert '"entity_score":[-1.0,' in answer.text


def test_what_the_page_asks(server: Server) -> None:
    assert server.get("/about.json").json() == {"examples": ["Ann lives in Rome."], "min_score": 0.13}


def test_predictions_by_column(server: Server) -> None:
    rows = server.post({"instances": TEXTS}).json()["predictions"]
    expected = {name: [row[name] for row in rows] for name in OUTPUTS}
    for inputs in (TEXTS, {"text": TEXTS}):
        assert server.post({"inputs": inputs}).json() == {"outputs": expected}
    nothing = server.post({"inputs": []})
    assert (nothing.status_code, nothing.json()) == (200, {"outputs": {name: [] for name in OUTPUTS}})


def test_tokens_are_as_wide_as_they_came(server: Server, loaded: SavedModel) -> None:
    tokens = [["Ann", "in", "Rome", "", ""], ["Ulm", "", "", "", ""]]
    rows = server.post({"signature_name": "tokens", "instances": tokens}).json()["predictions"]
    assert [row["token"] for row in rows] == tokens
    assert [without_padding(row) for row in rows] == loaded.sentences([["Ann", "in", "Rome"], ["Ulm"]], None)
    named = {"signature_name": "tokens", "inputs": {"tokens": tokens}}
    assert server.post(named).json()["outputs"]["token"] == tokens


def test_a_compressed_body(server: Server) -> None:
    """As TensorFlow Serving decompresses it; the limit holds for what comes out."""
    body = json.dumps({"instances": ["Ann"]}).encode()
    headers, url = {"Content-Encoding": "gzip"}, f"{server.url}{MODEL}:predict"
    answer = requests.post(url, gzip.compress(body), headers=headers)
    assert answer.content == server.post(body).content and answer.status_code == 200
    large = requests.post(url, gzip.compress(b" " * 10_000_001), headers=headers)
    assert large.status_code == 413 and "10,000,000 bytes" in large.json()["error"]
    for encoding, message in (("gzip", "the body is not gzip"), ("br", "is 'br', expected gzip, or none")):
        refused = requests.post(url, body, headers={"Content-Encoding": encoding})
        assert refused.status_code == 400 and message in refused.json()["error"]


def test_ways_to_say_the_same(server: Server) -> None:
    expected = server.post({"instances": ["Ann"]})
    encoded = base64.b64encode(b"Ann").decode()
    for body in (
        {"instances": [{"text": "Ann"}]},
        {"instances": [{"b64": encoded}]},
        {"instances": [{"text": {"b64": encoded}}]},
        {"signature_name": "serving_default", "instances": ["Ann"]},
        {"signature_name": "", "instances": ["Ann"], "more": None},
    ):
        assert server.post(body).json() == expected.json()
    for path in (f"{MODEL}/versions/3:predict", f"/v1/Models/{NAME}:Predict", "/v1/models/n%65ws:predict"):
        assert server.post({"instances": ["Ann"]}, path).json() == expected.json()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON: Expecting value"),
        (b"{", "the body is not JSON: "),
        (b'{"instances": [1,]}', "the body is not JSON: "),
        (b'{"instances": ["a"]} x', "the body is not JSON: Extra data"),
        (b'{"instances": ["\xff"]}', "the body is not UTF-8 at byte 16"),
        ('{"instances": ["a"]}'.encode("utf-16"), "the body is not UTF-8 at byte 0"),
        (b'{"instances": [NaN]}', "NaN is no number of JSON"),
        (b'{"instances": [-Infinity]}', "-Infinity is no number of JSON"),
        (b'{"instances": [1e999]}', "1e999 is too large a number"),
        (b'{"instances": [' + b"9" * 10_000 + b"]}", "is too large a number"),
        (b"[" * 100_000, "the body is nested too deeply"),
        (b'{"instances": ' + b"[" * 900 + b"]" * 900 + b"}", "instances[0] is a list, expected a string"),
        (b'{"instances": [' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"]}", 'instances[0] has "a"'),
        ([1], 'the body is a list, expected {"instances": [row, …]} or {"inputs": tensor}'),
        (b"null", "the body is null, expected"),
        ({}, "the body has neither instances nor inputs"),
        ({"instance": ["a"]}, "the body has neither instances nor inputs"),
        ({"instances": ["a"], "inputs": ["a"]}, "the body has both instances and inputs"),
        ({"instances": "a"}, 'instances is "a", expected a list'),
        ({"instances": None}, "instances is null, expected a list"),
        ({"instances": {"text": "a"}}, "instances is an object, expected a list"),
        ({"instances": []}, "instances is empty, expected at least one row"),
        ({"signature_name": 3, "instances": ["a"]}, "signature_name is 3, expected a string"),
        ({"signature_name": "x", "instances": ["a"]}, 'signature_name is "x", expected "serving_default" or'),
        ({"signature_name": "\ud83d", "instances": ["a"]}, 'signature_name is "\ud83d"'),
        ({"signature_name": "__saved_model_init_op", "instances": ["a"]}, "signature_name is"),
        ({"instances": ["a", 3]}, "instances[1] is 3, expected a string"),
        ({"instances": ["a", ["b"]]}, "instances[1] is a list, expected a string"),
        ({"instances": [None]}, "instances[0] is null, expected a string"),
        ({"instances": [True]}, "instances[0] is true, expected a string"),
        ({"instances": ["a", "b \ud83d"]}, "instances[1] has half of a surrogate pair"),
        ({"instances": [{"b64": "%"}]}, 'instances[0].b64 is "%", expected base64'),
        ({"instances": [{"b64": "é"}]}, 'instances[0].b64 is "é", expected base64'),
        ({"instances": [{"text": {"b": 1}}]}, "instances[0] is an object, expected a string"),
        ({"instances": [{"words": "a"}]}, 'instances[0] has "words", expected "text" alone'),
        ({"instances": [{"text": "a", "\ud83d": "a"}]}, 'instances[0] has "\ud83d", expected "text" alone'),
        ({"instances": [{"text": "a"}, {}]}, 'instances[1] has no "text"'),
        ({"instances": [{"text": "a"}, "b"]}, 'instances[1] is "b", expected an object'),
        ({"instances": ["a", {"text": "b"}]}, 'instances[0] is "a", expected an object'),
        ({"inputs": "a"}, 'inputs is "a", expected a list'),
        ({"inputs": 3}, "inputs is 3, expected a list"),
        ({"inputs": {"words": ["a"]}}, 'inputs has "words", expected "text" alone'),
        ({"inputs": {}}, 'inputs has no "text"'),
        ({"inputs": {"text": ["a"], "x": 1}}, 'inputs has "x", expected "text" alone'),
        ({"inputs": {"text": "a"}}, 'inputs.text is "a", expected a list'),
        ({"inputs": ["a", ["b"]]}, "inputs[1] is a list, expected a string"),
        ({"inputs": {"text": [1]}}, "inputs.text[0] is 1, expected a string"),
        ({"signature_name": "tokens", "inputs": []}, "inputs is empty"),
        ({"signature_name": "tokens", "instances": ["a"]}, 'instances[0] is "a", expected a list of strings'),
        (
            {"signature_name": "tokens", "instances": [["a"], ["b", "c"]]},
            'instances[1] has 2 strings, expected 1 as in instances[0]: pad with ""',
        ),
        (
            {"signature_name": "tokens", "instances": [["a", ["b"]]]},
            "instances[0][1] is a list, expected a string",
        ),
        (
            {"signature_name": "tokens", "inputs": [["a"], "b"]},
            'inputs[1] is "b", expected a list of strings',
        ),
        (
            {"signature_name": "tokens", "instances": [["fine", *[""] * 2000], LONG]},
            "sentence 1: 2001 tokens",
        ),
        ({"signature_name": "tokens", "instances": [["a", "", "b"]]}, "sentence 0: an empty token"),
    ],
)
def test_bad_requests(body: Any, message: str, server: Server) -> None:
    answer = server.post(body)
    assert answer.status_code == 400 and answer.headers["content-type"] == "application/json"
    assert answer.json().keys() == {"error"} and message in answer.json()["error"]


@hypothesis.given(
    st.fixed_dictionaries(
        {},
        optional={"signature_name": st.sampled_from(["tokens", "x", 3]), "instances": JSON, "inputs": JSON},
    ),
    st.sampled_from([("text", 1), ("tokens", 2)]),
)
def test_any_json_is_read_or_refused(body: dict[str, Any], expected: tuple[str, int]) -> None:
    try:
        found = json_tensor.strings(json_tensor.parse(json.dumps(body).encode()), *expected)
    except RequestError as error:
        assert error.status == 400 and json_tensor.print_json(error.message)
    else:
        rows = found if expected[1] == 2 else [found]
        assert all(isinstance(item, bytes) for row in rows for item in row)
        assert len({len(row) for row in rows}) == 1


def test_a_text_with_a_sentence_that_is_too_long_is_answered(server: Server) -> None:
    rows = server.post({"instances": ["fine", " ".join(LONG)]}).json()["predictions"]
    assert [row["broken_at"] for row in rows] == [[-1], [5 * 2000]]


def test_answers_that_padding_would_make_huge_are_refused(server: Server) -> None:
    error = server.post({"instances": ["a " * 100_000, *[""] * 200]}).json()["error"]
    assert "post texts that are so long one at a time" in error


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("POST", "/v1/models/x:predict", 404, f"no model x is served, expected {NAME}"),
        ("POST", f"{MODEL}/versions/7:predict", 404, f"version 7 of {NAME} is not served, expected 3"),
        ("POST", f"{MODEL}/labels/stable:predict", 400, "the path has the label stable"),
        ("POST", f"{MODEL}:classify", 400, "the model's signatures are for predict, not for classify"),
        ("POST", MODEL, 400, f"POST {MODEL} is no request of the API"),
        ("POST", "/v1/models:predict", 400, "POST /v1/models:predict is no request"),
        ("PUT", f"{MODEL}:predict", 400, f"PUT {MODEL}:predict is no request"),
        ("GET", f"{MODEL}:predict", 400, f"GET {MODEL}:predict is no request"),
        ("GET", "/v1/", 400, "GET /v1/ is no request"),
        ("GET", "/v1/models", 400, "the path names no model"),
        ("GET", "/v1/models/x", 404, "no model x is served"),
        ("GET", f"{MODEL}/versions/7", 404, f"there is no version 7 of {NAME}"),
        ("GET", f"{MODEL}/labels/stable", 400, "the path has the label stable"),
        ("GET", f"{MODEL}/versions/{'9' * 20}", 400, "is no request of the API"),
        ("GET", "/v1/models/x/metadata", 404, "no model x is served"),
        ("GET", "/nothing", 404, "Not Found: GET /nothing"),
        ("POST", "/", 405, "Method Not Allowed: POST /"),
    ],
)
def test_paths_and_methods(method: str, path: str, status: int, message: str, server: Server) -> None:
    answer = requests.request(method, server.url + path, data=b'{"instances": ["a"]}', timeout=60)
    assert answer.status_code == status and answer.json().keys() == {"error"}
    assert message in answer.json()["error"]


def test_status(server: Server) -> None:
    status = {"version": "3", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in (MODEL, f"{MODEL}/versions/3"):
        answer = server.get(path)
        assert (answer.status_code, answer.json()) == (200, {"model_version_status": [status]})


def test_metadata(server: Server) -> None:
    found = server.get(f"{MODEL}/metadata").json()
    assert found["model_spec"] == {"name": NAME, "signature_name": "", "version": "3"}
    signatures = found["metadata"]["signature_def"]["signature_def"]
    assert signatures["tokens"]["method_name"] == "tensorflow/serving/predict"
    assert signatures["serving_default"]["outputs"].keys() == OUTPUTS.keys()
    (text,) = signatures["serving_default"]["inputs"].values()
    shape = {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}
    assert (text["dtype"], text["tensor_shape"]) == ("DT_STRING", shape)


def test_the_page_and_the_metrics(server: Server) -> None:
    page = server.get("/")
    assert (page.text, page.headers["x-test"], page.headers["content-type"]) == (
        "<p>page", "yes", "text/html; charset=utf-8"
    )  # fmt: skip
    server.post(b"")
    counts = server.get("/monitoring/prometheus/metrics").text
    assert 'jner_re_requests_total{method="predict",status="400"}' in counts
    assert "jner_re_model_version 3.0" in counts and "jner_re_batch_rows_count" in counts


def test_bodies_that_are_too_long(server: Server) -> None:
    for size in (10_000_001, 30_000_000, 100_000_000):
        try:
            answer = server.post(b"x" * size)
        except OSError:  # far more: it is not even read
            assert size > 40_000_000
        else:
            assert answer.status_code == 413 and "10,000,000 bytes" in answer.json()["error"]
    assert server.post(b"x" * 10_000_000).status_code == 400


def test_a_body_that_does_not_come(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as half:
        half.sendall(f"POST {MODEL}:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode())
        assert server.post({"instances": ["a"]}).status_code == 200  # others do not wait
        answer = half.makefile("rb").read().decode()  # the connection is closed, too
    assert answer.startswith("HTTP/1.1 408 ") and "the body did not come within 1 s" in answer
    with socket.create_connection(("127.0.0.1", server.port)) as gone:
        gone.sendall(f"POST {MODEL}:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode())
    assert server.post({"instances": ["a"]}).status_code == 200


def test_requests_beyond_the_limit_are_sent_away(server: Server) -> None:
    statuses: list[int] = []

    def ask(limited: Server) -> None:
        answer = limited.post({"instances": ["Ann in Rome. " * 100]})
        statuses.append(answer.status_code)
        assert answer.status_code == 200 or answer.headers["retry-after"] == "1"

    with serving(server.versions, Limits(running=2)) as limited:
        threads = [threading.Thread(target=ask, args=[limited]) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(statuses) == {200, 503} and len(statuses) == 10
        assert limited.post({"instances": ["Ann"]}).status_code == 200


def test_an_answer_that_takes_too_long_is_given_up(server: Server) -> None:
    with serving(server.versions, Limits(answer_seconds=0.001)) as limited:
        answer = limited.post({"instances": ["Ann in Rome. " * 1000]})
        assert (answer.status_code, answer.json()) == (504, {"error": "no answer within 0.001 s"})


def test_so_many_calls_run_at_once_and_what_is_given_up_before_it_runs_is_not_asked(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, asked, let = server.versions.find(None).model, [], threading.Event()
    answer = model.texts

    def held(texts: Sequence[bytes], threshold: float | None) -> list[Row]:
        asked.append(texts[0])
        assert let.wait(60)
        return answer(texts, threshold)

    monkeypatch.setattr(model, "texts", held)
    statuses = []
    with serving(server.versions, Limits(calls=2, answer_seconds=2)) as limited:
        threads = [
            threading.Thread(
                target=lambda i=i: statuses.append(limited.post({"instances": [f"Ann {i}"]}).status_code)
            )
            for i in range(5)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        let.set()
        assert statuses == [504] * 5 and len(asked) == 2
        assert limited.post({"instances": ["Rome"]}).ok and asked[2:] == [b"Rome"]


def test_faults_of_the_model_are_told_and_the_server_goes_on(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(texts: Sequence[bytes], threshold: float | None) -> list[Row]:
        raise ArithmeticError("secret")

    with monkeypatch.context() as patch:
        patch.setattr(server.versions.find(None).model, "texts", fail)
        for _ in range(2 * Limits().calls):  # no thread is lost by it
            answer = server.post({"instances": ["Ann"]})
            assert answer.status_code == 500 and "internal error" in answer.json()["error"]
            assert "secret" not in answer.text
    assert server.post({"instances": ["Ann"]}).status_code == 200


def test_requests_that_are_given_up_leave_nothing_behind(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call at a time, which lasts: others wait, are given up, and are not made when it ends."""
    going_on, asked = threading.Event(), []

    def wait(texts: Sequence[bytes], threshold: float | None) -> list[Row]:
        asked.append(texts)
        assert going_on.wait(60)
        return []

    with monkeypatch.context() as patch:
        patch.setattr(server.versions.find(None).model, "texts", wait)
        with serving(server.versions, Limits(calls=1, answer_seconds=0.5)) as limited:
            statuses = [limited.post({"instances": [text]}).status_code for text in "abc"]
            assert statuses == [504, 504, 504] and asked == [[b"a"]]
            going_on.set()
            patch.undo()
            for _ in range(100):  # the call that was given up ends, and its place is free
                if limited.post({"instances": ["d"]}).status_code != 504:
                    break
            else:
                raise AssertionError("its place is never free")
    assert asked == [[b"a"]]
