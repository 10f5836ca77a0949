"""TensorFlow Serving's REST API: statuses, bodies and messages.

The expected texts are those of its api_rest page and of its sources (util/json_tensor.cc,
model_servers/http_rest_api_handler.cc, get_model_status_impl.cc).
"""

from __future__ import annotations

import base64
import gzip
import json
import pathlib
import shutil
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from running import NAME, Server, serving

from jner_re.extraction import about
from jner_re.extraction.in_process import SavedModel
from jner_re.serving.server.app import Limits
from jner_re.serving.server.versions import Versions

ROW = {"token", "broken_at", "entity_type", "entity_text", "entity_start", "entity_end", "entity_score"} | {
    "relation_type", "relation_head", "relation_tail", "relation_score"
}  # fmt: skip
TEXTS = ["Ann Lee, born in Rome, lives in Oslo.", "", "😀 Ulm"]
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
    assert all(row.keys() == ROW for row in rows) and rows[0]["relation_type"]
    for name in ROW:
        assert len({len(row[name]) for row in rows}) == 1
    assert rows[1]["entity_type"][0] == "" and rows[1]["entity_start"][0] == -1
    assert '"entity_score":[-1.0,' in answer.text


def test_what_the_page_asks(server: Server) -> None:
    assert server.get("/about.json").json() == {"examples": ["Ann lives in Rome."], "min_score": 0.13}


def test_predictions_by_column(server: Server) -> None:
    rows = server.post({"instances": TEXTS}).json()["predictions"]
    expected = {name: [row[name] for row in rows] for name in ROW}
    for inputs in (TEXTS, {"text": TEXTS}):
        assert server.post({"inputs": inputs}).json() == {"outputs": expected}
    nothing = server.post({"inputs": []})
    assert (nothing.status_code, nothing.json()) == (200, {"outputs": {name: [] for name in ROW}})


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


INSTANCES = "Failed to process element: {} of 'instances' list. Error: INVALID_ARGUMENT: {}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"{", "JSON Parse error: Missing a name for object member. at offset: 1"),
        (b'{"instances": [1,]}', "JSON Parse error: Invalid value. at offset: 17"),
        (b'{"instances": ["\xff"]}', "JSON Parse error: Invalid encoding in string. at offset: 16"),
        (b'{"instances": ["a"]} x', None),
        (b"[" * 100_000, "JSON Parse error: Maximum parse recursion depth exceeded!"),
        (b'{"instances": ' + b"[" * 900 + b"]" * 900 + b"}", None),
        ([1], "JSON Value: [\n    1\n] Is not object"),
        ({}, "Missing 'inputs' or 'instances' key"),
        ({"instance": ["a"]}, "Missing 'inputs' or 'instances' key"),
        (
            {"instances": [], "inputs": []},
            'JSON Value: {\n    "instances": [],\n    "inputs": []\n} Not formatted correctly expecting only '
            "one of 'inputs' or 'instances' keys to exist ",
        ),
        (
            {"instances": "a"},
            'JSON Value: {\n    "instances": "a"\n} Excepting \'instances\' to be an list/array',
        ),
        ({"instances": []}, "JSON Value: {\n    \"instances\": []\n} No values in 'instances' array"),
        (
            {"signature_name": 3, "instances": ["a"]},
            'JSON Value: {\n    "signature_name": 3,\n    "instances": [\n        "a"\n    ]\n} '
            "not formatted correctly. 'signature_name' key must be a string value.",
        ),
        (
            {"signature_name": "x", "instances": ["a"]},
            'Serving signature name: "x" not found in signature def',
        ),
        (
            {"signature_name": "__saved_model_init_op", "instances": ["a"]},
            "Failed to get input map for signature: __saved_model_init_op",
        ),
        (
            {"instances": ["a", 3]},
            INSTANCES.format(1, "JSON Value: 3 Type: Number is not of expected type: string"),
        ),
        (
            {"instances": [None]},
            INSTANCES.format(0, "JSON Value: null Type: Null is not of expected type: string"),
        ),
        (
            {"instances": [True]},
            INSTANCES.format(0, "JSON Value: true Type: True is not of expected type: string"),
        ),
        (
            b'{"instances": [NaN]}',
            INSTANCES.format(0, "JSON Value: NaN Type: Number is not of expected type: string"),
        ),
        (
            {"instances": [{"b64": "%"}]},
            INSTANCES.format(0, "Unable to base64 decode"),
        ),
        (
            {"instances": [{"text": {"b": 1}}]},
            INSTANCES.format(
                "0 key: text", 'JSON Value: {\n    "b": 1\n} not formatted correctly for base64 data'
            ),
        ),
        (
            {"instances": [{"words": "a"}]},
            INSTANCES.format("0 key: words", "JSON object: does not have named input: words"),
        ),
        (
            {"instances": [{"text": "a"}, {}]},
            "Failed to process element: 1 of 'instances' list. JSON object: {} keys must be equal to: text",
        ),
        ({"instances": [{"text": "a"}, "b"]}, "Expecting object but got list at item 1 of input list"),
        ({"instances": ["a", {"text": "b"}]}, "Expecting value/list but got object at item 1 of input list"),
        ({"inputs": {"words": ["a"]}}, "Missing named input: text in 'inputs' object."),
        ({"inputs": [["a"], "b"]}, None),
        ({"inputs": ["a", ["b"]]}, "Encountered list at unexpected level: 1 expected < 1"),
        ({"inputs": [1]}, "JSON Value: 1 Type: Number is not of expected type: string"),
        (
            {"signature_name": "tokens", "instances": [["a"], ["b", "c"]]},
            INSTANCES.format(1, "Expecting tensor size: 1 but got: 2"),
        ),
        (
            {"signature_name": "tokens", "instances": [["a", "b"], [["c"], ["d"]]]},
            INSTANCES.format(1, "Expecting shape [2] but got: [2,1]"),
        ),
        (
            {"signature_name": "tokens", "instances": [[["a", "b"], ["c"]]]},
            INSTANCES.format(0, "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
        ),
        (
            {"signature_name": "tokens", "inputs": [["a"], "b"]},
            'JSON Value: "b" found at incorrect level: 2 in the JSON DOM. Expected at level: 2',
        ),
        ({"signature_name": "tokens", "instances": [["fine"], LONG]}, None),
    ],
)
def test_bad_requests(body: Any, message: str | None, server: Server) -> None:
    answer = server.post(body)
    assert answer.status_code == 400 and answer.headers["content-type"] == "application/json"
    assert answer.json().keys() == {"error"}
    if message is not None:
        assert answer.json()["error"] == message


def test_dimensions_that_are_not_the_inputs_are_refused(server: Server) -> None:
    for body in ({"inputs": "a"}, {"instances": [["a"]]}, {"signature_name": "tokens", "instances": ["a"]}):
        assert "dimensions, expected" in server.post(body).json()["error"]


def test_a_sentence_that_is_refused_is_named_as_by_the_graph(server: Server) -> None:
    sentences = [["fine", *[""] * 2000], LONG]
    error = server.post({"signature_name": "tokens", "instances": sentences}).json()["error"]
    assert error.startswith("assertion failed: [sentence 1: 2001 tokens, expected at most 2000")


def test_a_text_with_a_sentence_that_is_too_long_is_answered(server: Server) -> None:
    rows = server.post({"instances": ["fine", " ".join(LONG)]}).json()["predictions"]
    assert [row["broken_at"] for row in rows] == [[-1], [5 * 2000]]


def test_answers_that_padding_would_make_huge_are_refused(server: Server) -> None:
    error = server.post({"instances": ["a " * 100_000, *[""] * 200]}).json()["error"]
    assert "post texts that are so long one at a time" in error


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("POST", "/v1/models/x:predict", 404, "Servable not found for request: Latest(x)"),
        ("POST", f"{MODEL}/versions/7:predict", 404, f"Servable not found for request: Specific({NAME}, 7)"),
        ("POST", f"{MODEL}/labels/stable:predict", 400, "Unrecognized servable version label: stable"),
        (
            "POST", f"{MODEL}:classify", 400,
            "Expected classify signature method_name to be tensorflow/serving/classify. "
            "Was: tensorflow/serving/predict",
        ),
        ("POST", MODEL, 400, f"Malformed request: POST {MODEL}"),
        ("POST", "/v1/models:predict", 400, "Malformed request: POST /v1/models:predict"),
        ("PUT", f"{MODEL}:predict", 400, f"Malformed request: PUT {MODEL}:predict"),
        ("GET", f"{MODEL}:predict", 400, f"Malformed request: GET {MODEL}:predict"),
        ("GET", "/v1/", 400, "Malformed request: GET /v1/"),
        ("GET", "/v1/models", 400, "Missing model name in request."),
        ("GET", "/v1/models/x", 404, "Could not find any versions of model x"),
        ("GET", f"{MODEL}/versions/7", 404, f"Could not find version 7 of model {NAME}"),
        ("GET", f"{MODEL}/versions/{'9' * 20}", 400, f"Malformed request: GET {MODEL}/versions/{'9' * 20}"),
        ("GET", "/v1/models/x/metadata", 404, "Servable not found for request: Latest(x)"),
        ("GET", "/nothing", 404, "Not Found: GET /nothing"),
        ("POST", "/", 405, "Method Not Allowed: POST /"),
    ],
)  # fmt: skip
def test_paths_and_methods(method: str, path: str, status: int, message: str, server: Server) -> None:
    import requests

    answer = requests.request(method, server.url + path, data=b'{"instances": ["a"]}', timeout=60)
    assert (answer.status_code, answer.json()) == (status, {"error": message})


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
    assert signatures["serving_default"]["outputs"].keys() == ROW
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
