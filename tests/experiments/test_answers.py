"""Answers as lines to read, and where `predict` gives which form."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import pty
import subprocess
import sys

import documents
import pytest

from experiments import answers, given_clusters, text_lines
from experiments.text_lines import Line
from jner_re import Document, Entity, Relation

_ROOT = pathlib.Path(__file__).parents[2]
ADA = documents.marked(
    "[Ada Berg|Peop], who lives in [Oslo|Loc], met [Bo|Peop].\nShe\x1b[31m works for [Statkraft|Org].",
    ("Live_In", 0, 1),
    ("Work_For", 0, 3),
)


def line(text: str) -> Line:
    return Line("a.txt: line 1", "a-1", text, {"text": text})


def test_an_answer_to_read() -> None:
    """On lines of its own, and without what a terminal would obey."""
    assert answers.as_text(line(ADA.text), ADA).splitlines() == [
        "Ada Berg, who lives in Oslo, met Bo. She�[31m works for Statkraft.",
        "  Ada Berg (Peop) —Live_In→ Oslo (Loc) 0.75",
        "  Ada Berg (Peop) —Work_For→ Statkraft (Org) 0.75",
        "  Bo (Peop) 0.75",
    ]
    rain = documents.marked("It rains.")
    assert answers.as_text(line(rain.text), rain) == "It rains.\n  nothing found"
    broken = dataclasses.replace(rain, broken_at=(3, 1200))
    assert answers.as_text(line(rain.text), broken).endswith(
        "broken at character 3, 1200: no relation goes across"
    )
    sure = Document("Oslo", (), (Entity("Loc", 0, 4, "Oslo", 0.9996),))
    assert answers.as_text(line("Oslo"), sure).endswith(" 0.99")  # nothing is certain
    refused = Line("a.txt: line 1", "a-1", "", {"text": "so so"}, "too long")
    assert answers.as_text(refused, "too long") == "so so\n  error: too long"


# `predict` with a model that finds nothing.
_PREDICT = """
import sys
from jner_re import Document, program
from jner_re.extraction import client
from experiments import predict

class Nothing:
    def documents_or_errors(self, texts, threshold):
        return [Document(text) for text in texts]

client.load = lambda *given: Nothing()
program.import_tensorflow_quietly = program.skip_graph_optimization = lambda *given: None
sys.argv = ["predict", "--model=m", *sys.argv[1:]]
program.run_with_arguments(predict.main)
"""
_JSON, _TEXT = '{"text": "Oslo.", "entities": [], "relations": []}\n', "Oslo.\n  nothing found\n"


@pytest.mark.parametrize(
    ("on_terminal", "flags", "expected"),
    [
        (True, (), _TEXT),
        (False, (), _JSON),
        (False, ("--output_format=text",), _TEXT),
    ],
)
def test_predict_prints_lines_to_read_on_a_terminal(
    on_terminal: bool, flags: tuple[str, ...], expected: str, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "a.txt").write_text("Oslo.\n")
    command = [sys.executable, "-c", _PREDICT, *flags, str(tmp_path / "a.txt")]
    if on_terminal:
        ours, theirs = pty.openpty()
        subprocess.run(command, cwd=_ROOT, stdin=theirs, stdout=theirs, stderr=theirs, check=True)
        shown = os.read(ours, 10_000).decode().replace("\r\n", "\n")
    else:
        shown = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True).stdout
    assert shown == expected


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--output_format=prodigy", "--output=HERE/a.txt"], "a.txt: exists already, expected a new file"),
        (
            ["--output=PATH", "--output_format=text"],
            "--output is for annotation tools, and text is printed, exp",
        ),
        (
            ["--output=PATH"],
            "--output is for annotation tools, and jsonl is printed, expected --output_format=",
        ),
        (["--output_format=brat"], "--output_format=brat needs --output"),
        (["--output_format=label_studio", "--output=PATH/a.json"], "no such folder"),
    ],
)
def test_what_is_printed_has_no_file_and_a_collection_has_one(
    tmp_path: pathlib.Path, flags: list[str], told: str
) -> None:
    (tmp_path / "a.txt").write_text("Oslo.\n")
    flags = [flag.replace("PATH", str(tmp_path / "out")).replace("HERE", str(tmp_path)) for flag in flags]
    flags.append(str(tmp_path / "a.txt"))
    done = subprocess.run(
        [sys.executable, "-c", _PREDICT, *flags], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") and told in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_relations_between_clusters(tmp_path: pathlib.Path) -> None:
    """Of a line of JSON with mentions; the model's own entities are what is in them."""
    mentions = [{"type": "m", "start": start, "end": end} for start, end in ((0, 8), (41, 44))]
    record = {"text": ADA.text, "n": 1, "entities": mentions, "clusters": [[1, 0]]}
    (path := tmp_path / "a.jsonl").write_text(json.dumps(record))
    (read,) = text_lines.read([str(path)], None)
    assert read.fields == {"text": ADA.text, "n": 1}
    she = dataclasses.replace(ADA.entities[0], start=41, end=44, text="She")
    found = dataclasses.replace(ADA, entities=(*ADA.entities, she))
    found = dataclasses.replace(found, relations=(*ADA.relations, Relation("Work_For", 4, 3, 0.8)))
    lifted = given_clusters.clustered(read, found)
    answer = json.loads(answers.as_json(read, lifted, clusters=True))
    assert answer["n"] == 1 and len(answer["relations"]) == 3
    assert answer["clusters"] == [[0, 4]]
    assert answer["cluster_relations"] == [
        {"type": "Live_In", "head": [0, 4], "tail": [1], "score": 0.75, "relation": 0},
        {"type": "Work_For", "head": [0, 4], "tail": [3], "score": 0.8, "relation": 2},
    ]
    shown = answers.as_text(read, lifted, clusters=True).splitlines()
    assert "  Ada Berg (Peop) = She (Peop) —Work_For→ Statkraft (Org) 0.80" in shown
    plain = given_clusters.clustered(line(ADA.text), ADA)
    assert json.loads(answers.as_json(line(ADA.text), plain, clusters=True))["clusters"] == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"clusters": [[0, 2]]}, "clusters[0][1] is 2, expected an index of the 1 entities, from 0"),
        ({"clusters": [0]}, "clusters[0] is 0, expected a list of integers"),
        (
            {"entities": [{"type": "m", "start": 5, "end": 999}]},
            "entities[0] is [5, 999], expected places from 0",
        ),
    ],
)
def test_clusters_that_cannot_be_read_are_told(
    tmp_path: pathlib.Path, changes: dict[str, object], told: str
) -> None:
    record = {
        "text": ADA.text,
        "entities": [{"type": "m", "start": 0, "end": 8}],
        "clusters": [[0]],
        **changes,
    }
    (path := tmp_path / "a.jsonl").write_text(json.dumps(record))
    (read,) = text_lines.read([str(path)], None)
    assert told in str(given_clusters.clustered(read, ADA))
