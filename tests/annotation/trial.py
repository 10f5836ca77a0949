"""Tries the backend with the real Label Studio: predictions, what the browser draws, training, export.

python tests/annotation/trial.py --label_studio=.venv-label-studio/bin/label-studio --model=runs/demo

Needs playwright and Debian's chromium. Ends with exit code 0 if everything is as it should be.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from typing import Any

from label_studio_api import LabelStudio, free_port, wait_for
from playwright.sync_api import Page, sync_playwright

from jner_re.corpora import data_dir, label_studio
from jner_re.document import Document

_EMOJI = "😀 "
_TASKS = 24
_ARCS = 3  # at most, of the task that is looked at
_TRAINING = "--preset=sample --encoder= --glove= --epochs=3 --threads=1"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--label_studio", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--screenshot", help="where to save what the browser shows")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as ending:
        folder = pathlib.Path(name)
        studio = LabelStudio(arguments.label_studio, folder)
        ending.callback(studio.stop)
        backend = _backend(arguments.model, studio, folder)
        ending.callback(backend.stop)
        _try(studio, backend, folder, arguments.screenshot)


class _Backend:
    def __init__(self, process: subprocess.Popen[bytes], url: str, log: pathlib.Path) -> None:
        self._process, self.url, self._log = process, url, log

    def health(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/health", timeout=10) as answer:
            return json.load(answer)

    def log(self) -> str:
        return self._log.read_text()

    def stop(self) -> None:
        self._process.terminate()
        assert self._process.wait(60) == 0, "the backend's exit code"


def _backend(model: str, studio: LabelStudio, folder: pathlib.Path) -> _Backend:
    port, log = free_port(), folder / "backend.log"
    command = [sys.executable, "-m", "jner_re.command", "label-studio", f"--model={model}", f"--port={port}"]
    command += [
        f"--runs_dir={folder / 'runs'}",
        f"--label_studio_url={studio.url}",
        f"--training={_TRAINING}",
    ]
    environment = {**os.environ, "LABEL_STUDIO_API_KEY": studio.token}
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
    wait_for(f"http://127.0.0.1:{port}/health", process)
    return _Backend(process, f"http://127.0.0.1:{port}", log)


def _try(studio: LabelStudio, backend: _Backend, folder: pathlib.Path, screenshot: str | None) -> None:
    gold = [Document.of_sentence(sentence) for sentence in data_dir.read_sample("test")[:_TASKS]]
    gold = [_moved(document) for document in gold]
    project = studio.call("projects/", {"title": "jner_re", "label_config": _config(gold)})["id"]
    studio.call("ml/", {"url": backend.url, "project": project, "title": "jner_re"})
    studio.call(
        f"projects/{project}/import", [{"text": d.text, "id": f"doc-{i}"} for i, d in enumerate(gold)]
    )
    _retrieve(studio, project)
    tasks = _tasks(studio, project)
    by_text = {task["data"]["text"]: task for task in tasks}
    assert len(by_text) == len(gold), f"{len(by_text)} tasks, expected {len(gold)}"
    predictions = {text: task["predictions"] for text, task in by_text.items()}
    for text, found in predictions.items():
        assert len(found) == 1, f"{len(found)} predictions of {text!r}"
        _check(text, found[0]["result"])
    scores = [found[0]["score"] for found in predictions.values() if found[0]["result"]]
    assert all(found[0]["score"] is None for found in predictions.values() if not found[0]["result"])
    assert all(0 <= score <= 1 for score in scores) and len(set(scores)) > 3, scores
    print(f"predicted: {len(tasks)} tasks, scores from {min(scores)} to {max(scores)}")

    def related(task: dict[str, Any]) -> int:
        return sum(item["type"] == "relation" for item in task["predictions"][0]["result"])

    task = max((task for task in tasks if related(task) <= _ARCS), key=related)
    assert related(task), "no relation was predicted: try a better model, such as that of make demo"
    _look(studio, project, task["id"], task["predictions"][0]["result"], screenshot)

    for document in gold:
        result = label_studio.prediction(document, "", "label", "text")["result"]
        studio.call(f"tasks/{by_text[document.text]['id']}/annotations/", {"result": result})
    (connected,) = studio.call(f"ml?project={project}")
    studio.call(f"ml/{connected['id']}/train", {})
    before = backend.health()["model_version"]
    state = _trained(backend)
    assert state["state"] == "finished" and state["trained_on"] + state["held_out"] == len(gold), state
    print(f"trained: {json.dumps(state)}")
    after = backend.health()["model_version"]
    assert (after != before) == state["answers_now"], (before, after, state)
    _retrieve(studio, project)
    versions = {p["model_version"] for task in _tasks(studio, project) for p in task["predictions"]}
    assert after in versions, (after, versions)
    assert studio.token not in backend.log(), "the token is in the log"

    exported = folder / "export.json"
    exported.write_text(json.dumps(studio.call(f"projects/{project}/export?exportType=JSON")))
    texts, findings = label_studio.texts(exported)
    assert not findings, [str(finding) for finding in findings]
    found = {text.document.text: text.document for text in texts}
    for document in gold:
        facts = _facts(found[document.text])
        assert facts == _facts(document), (facts, document)
    print(f"exported: {len(texts)} documents, as they were annotated")


def _moved(document: Document) -> Document:
    """Behind an emoji, which JavaScript counts as two characters, and Label Studio as one."""
    moved = document.to_json()
    for entity in moved["entities"]:
        entity["start"] += len(_EMOJI)
        entity["end"] += len(_EMOJI)
    moved["text"] = _EMOJI + moved["text"]
    with tempfile.TemporaryDirectory() as folder:
        from jner_re.corpora import documents

        path = pathlib.Path(folder) / "a.jsonl"
        path.write_text(json.dumps(moved))
        return documents.texts(path)[0][0].document


def _config(gold: list[Document]) -> str:
    types = sorted({e.type for document in gold for e in document.entities})
    relations = sorted({r.type for document in gold for r in document.relations})
    labels = "".join(f'<Label value="{type}"/>' for type in types)
    names = "".join(f'<Relation value="{type}"/>' for type in relations)
    return (
        f'<View><Relations>{names}</Relations><Labels name="label" toName="text">{labels}</Labels>'
        '<View style="margin-top: 4em; line-height: 2"><Text name="text" value="$text"/></View></View>'
    )


def _retrieve(studio: LabelStudio, project: int) -> None:
    selected = {"selectedItems": {"all": True, "excluded": []}, "project": str(project)}
    studio.call(f"dm/actions?id=retrieve_tasks_predictions&project={project}", selected)


def _tasks(studio: LabelStudio, project: int) -> list[dict[str, Any]]:
    found = studio.call(f"tasks?project={project}&fields=all&page_size=1000")
    return found["tasks"] if isinstance(found, dict) else found


def _check(text: str, result: list[dict[str, Any]]) -> None:
    """Every region stands where its text is, every relation between two of them."""
    ids = set()
    for item in result:
        if item["type"] == "labels":
            value = item["value"]
            assert text[value["start"] : value["end"]] == value["text"], (text, value)
            ids.add(item["id"])
    for item in result:
        if item["type"] == "relation":
            assert {item["from_id"], item["to_id"]} <= ids, item
        assert 0 <= item["score"] <= 1


def _look(
    studio: LabelStudio, project: int, task: int, result: list[dict[str, Any]], screenshot: str | None
) -> None:
    """What the browser draws: the same spans, and an arc for each relation."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1300, "height": 760})
        page.goto(f"{studio.url}/user/login/")
        page.locator("input[name=email]").fill(studio.user)
        page.locator("input[name=password]").fill(studio.password)
        page.locator("button[type=submit]").click(no_wait_after=True)
        page.wait_for_url(lambda url: "login" not in url, wait_until="commit", timeout=120_000)
        page.goto(f"{studio.url}/projects/{project}/data?task={task}")
        page.locator(".htx-highlight").first.wait_for(timeout=60_000)
        page.wait_for_timeout(2000)
        if screenshot:
            page.screenshot(path=screenshot)
        _compare(page, result)
        browser.close()


_DRAWN = """() => {
    const box = element => {
        const found = element.getBoundingClientRect();
        return [found.x, found.y, found.width, found.height];
    };
    return {
        spans: [...document.querySelectorAll(".htx-highlight")].map(s => [s.innerText.trim(), box(s)]),
        arcs: [...document.querySelectorAll("svg.relations-overlay g[class*=relationItem]")].map(g =>
            [[...g.querySelectorAll(":scope > rect")].map(box), g.querySelector("text").textContent.trim()]),
    };
}"""


def _compare(page: Page, result: list[dict[str, Any]]) -> None:
    """The drawn spans have the texts of the regions; each arc's ends are around those of its relation."""
    regions = {item["id"]: item["value"]["text"] for item in result if item["type"] == "labels"}
    expected = [
        (regions[item["from_id"]], item["labels"][0], regions[item["to_id"]])
        for item in result
        if item["type"] == "relation"
    ]
    drawn = page.evaluate(_DRAWN)
    assert sorted(text for text, _ in drawn["spans"]) == sorted(regions.values()), (drawn, regions)
    arcs = [
        (_around(ends[0], drawn["spans"]), label, _around(ends[1], drawn["spans"]))
        for ends, label in drawn["arcs"]
    ]
    assert sorted(arcs) == sorted(expected), (arcs, expected)
    print(f"drawn: {len(regions)} spans, and arcs {arcs}")


def _around(rectangle: list[float], spans: list[tuple[str, list[float]]]) -> str:
    """The text of the span that a rectangle is drawn around."""
    x, y, width, height = rectangle
    inside = [
        text
        for text, (left, top, wide, high) in spans
        if abs(x + width / 2 - left - wide / 2) < 8 and abs(y + height / 2 - top - high / 2) < 8
    ]
    assert len(inside) == 1, (rectangle, spans)
    return inside[0]


def _facts(document: Document) -> tuple[set[Any], set[Any]]:
    spans = [(e.type, e.start, e.end) for e in document.entities]
    return set(spans), {(r.type, spans[r.head], spans[r.tail]) for r in document.relations}


def _trained(backend: _Backend, seconds: float = 600) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = backend.health()["training"]
        if state["state"] in ("finished", "failed"):
            return state
        time.sleep(2)
    raise RuntimeError(f"no training after {seconds} s: {state}")


if __name__ == "__main__":
    main()
