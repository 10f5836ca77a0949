"""Label Studio's machine-learning backend: configurations, predictions, training, tokens that nobody sees."""

from __future__ import annotations

import dataclasses
import http.server
import json
import logging
import pathlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from running import listening

from jner_re.corpora import data_dir, label_studio
from jner_re.document import Document, Entity, Relation
from jner_re.errors import InputError
from jner_re.extraction.rows import RefusedInputError
from jner_re.serving.label_studio import app, labelling, source
from jner_re.serving.label_studio.models import Model, Models
from jner_re.serving.label_studio.training import Trainings

LABELS = '<Labels name="l" toName="t"><Label value="Peop" alias="person"/><Label value="Loc"/></Labels>'
TEXT = '<Text name="t" value="$body"/>'
CONFIG = f"<View>{LABELS}<Relations><Relation value='Live_In'/></Relations><Header value='x'/>{TEXT}</View>"
TOKEN = "0123456789abcdef"
ANN = Document(
    "😀 Ann left Acme for Oslo",
    (),
    (
        Entity("Peop", 2, 5, "Ann", 0.9),
        Entity("Org", 11, 15, "Acme", 0.8),
        Entity("Loc", 20, 24, "Oslo", 0.7),
    ),
    (Relation("Work_For", 0, 1, 0.3), Relation("Live_In", 0, 2, 0.6), Relation("Kill", 0, 2, 0.2)),
)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("<View>", "is no XML: no element found"),
        (f"<View>{TEXT}</View>", "has 0 tags Labels, expected one"),
        (f"<View>{LABELS}{TEXT}{TEXT}</View>", "has 2 tags Text, expected one"),
        (
            f"<View>{LABELS}{TEXT.replace('$body', 'body')}</View>",
            "Text has the value 'body', expected a field",
        ),
        (f"<View>{LABELS}<Text name='u' value='$body'/></View>", "Labels is for 't', expected 'u'"),
        (f'<View><Labels name="l" toName="t"/>{TEXT}</View>', "Labels has no Label with a value"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><View/>', "declares a document type, expected none"),
    ],
)
def test_configurations_that_cannot_be_filled(config: str, told: str) -> None:
    with pytest.raises(InputError, match=told.replace("$", r"\$")):
        labelling.parse(config)


def test_predictions_have_the_labels_of_the_configuration() -> None:
    found = labelling.parse(CONFIG).prediction(ANN, "v")
    regions = [item for item in found["result"] if item["type"] == "labels"]
    assert [(r["value"]["labels"], r["value"]["start"], r["to_name"], r["from_name"]) for r in regions] == [
        (["person"], 2, "t", "l"),
        (["Loc"], 20, "t", "l"),
    ]
    (relation,) = (item for item in found["result"] if item["type"] == "relation")
    assert relation["labels"] == ["Live_In"] and relation["to_id"] == regions[1]["id"]
    assert found["score"] == 0.6 and found["model_version"] == "v"
    trained = dataclasses.replace(
        ANN, entities=(dataclasses.replace(ANN.entities[0], type="person"),), relations=()
    )
    (region,) = labelling.parse(CONFIG).prediction(trained, "v")["result"]
    assert region["value"]["labels"] == ["person"]  # as the export has it, which was learned
    anything = labelling.parse(f"<View>{LABELS}{TEXT}<Relations/></View>").prediction(ANN, "v")
    assert [i["labels"] for i in anything["result"] if i["type"] == "relation"] == [["Live_In"], ["Kill"]]


class Client:
    """Finds ANN in every text, and refuses one."""

    def documents_or_errors(self, texts: list[str]) -> list[Any]:
        return [RefusedInputError("text", 0, "bad") if text == "bad" else ANN for text in texts]


class Still(Models):
    """A model that is there already."""

    def __init__(self) -> None:
        types = frozenset({"Peop", "Org", "Loc"})
        self.current = Model(pathlib.Path("/m"), "jner_re m", types, Client())  # type: ignore[arg-type]


class Begun(Trainings):
    """Keeps what it would train on."""

    def __init__(self) -> None:
        self.exports: list[Callable[[], Any]] = []

    def begin(self, export: Callable[[], Any]) -> bool:
        self.exports.append(export)
        return len(self.exports) == 1

    def status(self) -> dict[str, Any]:
        return {"state": "none yet"}


class Site:
    def __init__(self, url: str, models: Models, trainings: Begun) -> None:
        self.url, self.models, self.trainings = url, models, trainings

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = requests.post(
            self.url + path, data=content, headers={"Content-Type": "application/json"}, timeout=30
        )
        return answer.status_code, answer.json()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    models, trainings = Still(), Begun()
    monkeypatch.setattr(source, "export", lambda url, token, project: [url, token, project])
    backend = app.Backend(models, trainings, "http://studio", TOKEN)
    with listening(app.create(backend)) as port:
        yield Site(f"http://127.0.0.1:{port}", models, trainings)


def test_tasks_are_predicted_in_their_order(site: Site) -> None:
    tasks = [{"data": {"body": text}} for text in ("a", "bad", 5)]
    status, answer = site.post("/predict", {"tasks": tasks, "label_config": CONFIG, "project": "1.2"})
    assert status == 200 and answer["model_version"] == "jner_re m"
    assert [len(result["result"]) for result in answer["results"]] == [3, 0, 3]
    assert "score" not in answer["results"][1]
    page = requests.get(site.url + "/metrics", timeout=30).text
    assert (
        'jner_re_requests_total{path="/predict",status="200"} 1.0' in page
        and "jner_re_tasks_total 3.0" in page
    )


def test_without_a_model_nothing_is_predicted(site: Site) -> None:
    site.models.current = None
    body = {"tasks": [{"data": {"body": "a"}}], "label_config": CONFIG}
    assert site.post("/predict", body)[1]["results"] == [{"result": [], "model_version": ""}]
    assert requests.get(site.url + "/health", timeout=30).json()["model_version"] == ""


def test_setup_and_health(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    other = CONFIG.replace("Peop", "A").replace('"Loc"', '"B"')
    assert site.post("/setup", {"schema": other})[0] == 200
    assert "the labels are A, B, person, the model's types Loc, Org, Peop: nothing will be" in caplog.text
    assert site.post("/setup", {"schema": CONFIG, "access_token": TOKEN}) == (
        200,
        {"model_version": "jner_re m"},
    )
    assert site.post("/setup", {"schema": f"<View>{TEXT}</View>"})[0] == 400
    health = requests.get(site.url + "/health", timeout=30).json()
    assert health["status"] == "UP" and health["training"] == {"state": "none yet"}
    assert requests.get(site.url + "/versions", timeout=30).json() == {"versions": ["jner_re m"]}


def test_start_training_and_what_else_happens(site: Site) -> None:
    other = {"action": "ANNOTATION_CREATED", "project": {"id": 1}}
    assert site.post("/webhook", other)[1]["action"] == "none"
    start = {"action": "START_TRAINING", "project": {"id": 7, "label_config": CONFIG}}
    assert site.post("/webhook", start)[1]["action"] == "training begun"
    assert site.post("/webhook", start)[1]["action"] == "none: a training runs already"
    assert site.trainings.exports[0]() == ["http://studio", TOKEN, 7]
    task = {"id": 1, "data": {"body": "a", "text": "b", "title": "c"}}
    site.post("/train", {"annotations": [task, 5], "label_config": CONFIG})
    assert site.trainings.exports[2]() == [{"id": 1, "data": {"title": "c", "text": "a"}}, 5]


@pytest.mark.parametrize(
    "headers",
    [{"Content-Type": "text/plain"}, {}, {"Content-Type": "application/json", "Origin": "http://x"}],
)
def test_pages_in_a_browser_begin_nothing(site: Site, headers: dict[str, str]) -> None:
    body = json.dumps({"annotations": [], "label_config": CONFIG})
    answer = requests.post(site.url + "/train", data=body.encode(), headers=headers, timeout=30)
    assert answer.status_code == 403 and not site.trainings.exports


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/predict", b"{", "the body is no JSON"),
        ("/predict", b"[" * 100_000, "the body is no JSON"),
        ("/predict", [1], "is no JSON object"),
        ("/predict", {"tasks": [{}]}, "label_config is None, expected"),
        ("/predict", {"tasks": [], "label_config": CONFIG}, "tasks is no list of tasks"),
        ("/webhook", {"action": "START_TRAINING", "project": {"id": "../x"}}, "project.id is '../x'"),
        ("/webhook", {"action": "START_TRAINING", "project": {"id": 1}}, "label_config is None, expected"),
        ("/train", {"annotations": 3, "label_config": CONFIG}, "annotations is no list"),
    ],
)
def test_what_is_wrong_is_told(site: Site, path: str, body: Any, told: str) -> None:
    status, answer = site.post(path, body)
    assert status == 400 and told in answer["error"]


class Studio(http.server.BaseHTTPRequestHandler):
    """Label Studio's API as far as it is asked."""

    asked: list[tuple[str, str]]

    def _answer(self) -> None:
        self.asked.append((self.path, self.headers.get("Authorization", "")))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        refused = self.headers.get("Authorization") == "Token wrong"
        content = b"not json" if "/9/" in self.path else b'{"access": "xyz"}'
        self.send_response(401 if refused else 307 if "/8/" in self.path else 200)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def studio() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    Studio.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Studio)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", Studio.asked
    server.shutdown()


def test_both_kinds_of_tokens(studio: tuple[str, list[tuple[str, str]]]) -> None:
    url, asked = studio
    source.export(url + "/", TOKEN, 3)
    source.export(url, "a.b.c", 4)
    assert asked == [
        ("/api/projects/3/export?exportType=JSON", f"Token {TOKEN}"),
        ("/api/token/refresh", ""),
        ("/api/projects/4/export?exportType=JSON", "Bearer xyz"),
    ]


def test_no_tasks_is_one_line_without_the_token(studio: tuple[str, list[tuple[str, str]]]) -> None:
    url, asked = studio
    for where, token, project, told in (
        (url, "", 1, "no LABEL_STUDIO_API_KEY in the environment"),
        (url, "wrong", 1, "status 401, expected 200; is the token in LABEL_STUDIO_API_KEY right"),
        (url, TOKEN, 9, "the answer is no JSON"),
        (url, TOKEN, 8, "status 307, expected 200"),
        ("http://127.0.0.1:1", TOKEN, 1, "no answer: ConnectionError"),
        (url.replace("//", f"//ann:{TOKEN}@"), TOKEN, 9, "//127.0.0.1:.*: the answer is no JSON"),
        (f"http://ann:{TOKEN}@127.0.0.1:1", TOKEN, 1, "//127.0.0.1:1/.*: no answer: ConnectionError"),
        (f"http://ann:{TOKEN}@a..b", TOKEN, 1, "//a..b/.*: no answer: "),
        (url, f"{TOKEN}\n", 1, "LABEL_STUDIO_API_KEY has other characters than"),
        (url, f"{TOKEN}€", 1, "LABEL_STUDIO_API_KEY has other characters than"),
    ):
        with pytest.raises(InputError, match=told) as error:
            source.export(where, token, project)
        assert not token or token not in str(error.value)
    assert "/elsewhere" not in [path for path, _ in asked]


def tasks(count: int) -> list[Any]:
    found = []
    for sentence in data_dir.read_sample("train")[:count]:
        document = Document.of_sentence(sentence)
        annotation = {"result": label_studio.prediction(document, "", "l", "t")["result"]}
        found.append({"id": len(found), "data": {"text": document.text}, "annotations": [annotation]})
    return found


def ended(trainings: Trainings) -> dict[str, Any]:
    for _ in range(3000):
        if (state := trainings.status())["state"] in ("finished", "failed"):
            return state
        time.sleep(0.1)
    raise AssertionError(state)


def test_a_training_takes_the_place_of_what_was_there(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "jner_re")
    models = Models(None, tmp_path)
    flags = ["--encoder=", "--glove=", "--rnn_size=8", "--char_rnn_size=4", "--epochs=1", "--threads=1"]
    trainings = Trainings(models, tmp_path, flags)
    assert trainings.begin(lambda: tasks(30))
    state = ended(trainings)
    assert state["state"] == "finished" and state["answers_now"] and state["f1_of_the_model_before"] is None
    assert state["trained_on"] + state["held_out"] == 30 and state["held_out"] == 3
    assert models.current and models.current.folder.parent == pathlib.Path(state["folder"])
    assert models.current.client("Ann lives in Oslo.").text == "Ann lives in Oslo."
    again = Models(None, tmp_path)
    assert again.current and again.current.folder == models.current.folder


def test_a_worse_one_does_not(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = Still()
    trainings = Trainings(models, tmp_path, [])
    scores = {"new": 0.4, "old": 0.5}
    monkeypatch.setattr(Trainings, "_run", lambda self, folder, program, *rest: None)
    monkeypatch.setattr(Trainings, "_split", lambda self, folder: (9, 1))
    monkeypatch.setattr(Trainings, "_score", lambda self, folder, model, dev, name: scores[name])
    assert trainings.begin(lambda: [])
    state = ended(trainings)
    assert not state["answers_now"] and state["f1"] == 0.4 and state["f1_of_the_model_before"] == 0.5
    assert models.current and models.current.version == "jner_re m"


def test_a_training_that_fails_says_why(tmp_path: pathlib.Path) -> None:
    trainings = Trainings(Models(None, tmp_path), tmp_path, [])
    assert trainings.begin(lambda: tasks(4))
    state = ended(trainings)
    assert state == {"state": "failed", "reason": "4 annotated documents, expected at least 10 to train on"}
    assert trainings.begin(lambda: {"detail": "none"})
    state = ended(trainings)
    assert (
        state["reason"].startswith("corpus ended with exit code 1: error: ")
        and "is no list" in state["reason"]
    )
