from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys

import pytest

from jner_re.corpora import data_dir, formats, multihead, spert_json

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = data_dir.located(data_dir.SAMPLE) / "dev.json"
RECORD = {
    "tokens": ["Ann", "joined", "Acme", "Inc."],
    "entities": [{"type": "Peop", "start": 0, "end": 1}, {"type": "Org", "start": 2, "end": 4}],
    "relations": [{"type": "Work_For", "head": 0, "tail": 1}],
}


def run(**flags: object) -> subprocess.CompletedProcess[str]:
    options = [f"--{name}={value}" for name, value in flags.items()]
    command = [sys.executable, "-m", "experiments.corpus", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def invalid(tmp_path: pathlib.Path) -> pathlib.Path:
    """Three records: valid; with an overlap and a relation without argument; of a wrong shape."""
    overlap = {"type": "Org", "start": 2, "end": 3}
    relations = [
        *RECORD["relations"],
        {"type": "Kill", "head": 0, "tail": 2},
        {"type": "Kill", "head": 0, "tail": 7},
    ]
    second = {**RECORD, "entities": [*RECORD["entities"], overlap], "relations": relations}
    path = tmp_path / "invalid.json"
    path.write_text(json.dumps([RECORD, second, {"tokens": "Ann"}]))
    return path


def test_validate_a_valid_corpus() -> None:
    done = run(action="validate", input=SAMPLE)
    assert done.returncode == 0 and done.stderr == ""
    fits, line = done.stdout.splitlines()
    assert re.search(
        r"where tokens do, by --tokenization: news (\d+) of \1, fine \1 of \1, whitespace \d+ of", fits
    )
    assert f"{SAMPLE}: valid: " in line and "0 problems, 0 warnings" in line


def test_validate_lists_every_problem(invalid: pathlib.Path) -> None:
    done = run(action="validate", input=invalid)
    assert done.returncode == 1 and done.stderr == ""
    *lines, _, summary = done.stdout.splitlines()
    assert lines[:3] == [
        f"problem: {invalid}: {problem}"
        for problem in (
            "record 1: entities[2] is 'Org [2, 3)', expected no overlap with entities[1] Org [2, 4)",
            "record 1: relations[2].tail is 7, expected an index of one of the 3 entities, from 0",
            'record 2: tokens is "Ann", expected a list (the record is left out)',
        )
    ]
    assert [line.split() for line in lines[-7:-1]] == [
        ["in", "the", "files", "3", "5", "4"],
        ["record", "of", "a", "wrong", "shape", "-1", "0", "0"],
        ["no", "type", "or", "no", "argument", "0", "0", "-1"],
        ["overlapping", "0", "-1", "0"],
        ["of", "a", "lost", "entity", "0", "0", "-1"],
        ["kept", "2", "4", "2"],
    ]
    assert summary == f"{invalid}: not valid: 3 sentences, 5 entities, 4 relations; 3 problems, 0 warnings"


def test_convert_refuses_an_invalid_corpus(invalid: pathlib.Path, tmp_path: pathlib.Path) -> None:
    done = run(action="convert", input=invalid, output=tmp_path / "out.json")
    assert done.returncode == 1 and not (tmp_path / "out.json").exists()
    assert done.stderr.count("problem: ") == 3
    assert done.stderr.splitlines()[-1].startswith(f"error: {invalid}: 3 problems: nothing written")


def test_convert_drops_invalid_annotation_and_tells(invalid: pathlib.Path, tmp_path: pathlib.Path) -> None:
    done = run(action="convert", input=invalid, output=tmp_path / "out.json", drop_invalid=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("problem: ") == 3
    assert (
        "read 3 sentences, 5 entities, 4 relations; kept 2 sentences, 4 entities, 2 relations" in done.stderr
    )
    first, second = spert_json.read(tmp_path / "out.json")
    assert first == second and len(first.relations) == 1


def test_convert_through_all_formats(tmp_path: pathlib.Path) -> None:
    corpus = spert_json.read(SAMPLE)
    assert run(action="convert", input=SAMPLE, output=tmp_path / "brat", output_format="brat").returncode == 0
    assert formats.load(tmp_path / "brat", "brat", "whitespace").valid_sentences() == corpus
    done = run(
        action="convert",
        input=tmp_path / "brat",
        corpus_format="brat",
        tokenization="whitespace",
        output=tmp_path / "m.txt",
        output_format="multihead",
    )
    assert done.returncode == 0 and done.stdout.startswith(f"{tmp_path / 'm.txt'}: {len(corpus)} sentences")
    assert [s.tokens for s in multihead.load(tmp_path / "m.txt").valid_sentences()] == [
        s.tokens for s in corpus
    ]
    done = run(action="convert", input=SAMPLE, output=tmp_path / "a.rel", output_format="ade")
    assert done.returncode == 1 and not (tmp_path / "a.rel").exists()
    assert "things that ade cannot represent" in done.stderr.splitlines()[-1]


def test_validate_counts_what_stands_in_the_files(tmp_path: pathlib.Path) -> None:
    (tmp_path / "doc.txt").write_text("Ann joined Acme.\nShe left.\n")
    (tmp_path / "doc.ann").write_text(
        "T1\tPeop 0 3\tAnn\nT2\tOrg 11 15\tAcme\nT3\tAct 4 10\tjoined\nT4\tPeop 17 20\tShe\n"
        "T5\tOrg 0 3;11 15\tAnn Acme\nE1\tAct:T3 Who:T1 Whom:T2\nR1\tSame Arg1:T1 Arg2:T4\n"
    )
    done = run(action="validate", input=tmp_path, corpus_format="brat", event_arguments=True)
    *_, title, _, _, files, discontinuous, lines, kept, _, _, summary = done.stdout.splitlines()
    assert title == "What --drop_invalid would lose"
    assert [line.split()[-4:] for line in (files, discontinuous, lines, kept)] == [
        ["files", "2", "5", "3"],
        ["discontinuous", "0", "-1", "0"],
        ["sentences", "0", "0", "-1"],
        ["kept", "2", "4", "2"],
    ]
    assert summary == f"{tmp_path}: not valid: 2 sentences, 5 entities, 3 relations; 1 problems, 1 warnings"


def test_split_makes_a_data_dir(tmp_path: pathlib.Path) -> None:
    source = data_dir.located(data_dir.SAMPLE) / "train.json"
    done = run(
        action="split", input=source, output=tmp_path / "data", dev_fraction=0.2, test_fraction=0.1, seed=5
    )
    assert done.returncode == 0, done.stderr
    parts = {name: spert_json.read(tmp_path / "data" / f"{name}.json") for name in ("train", "dev", "test")}
    whole = spert_json.read(source)
    assert len(parts["dev"]) == round(0.2 * len(whole)) and len(parts["test"]) == round(0.1 * len(whole))
    assert sorted(s.tokens for part in parts.values() for s in part) == sorted(s.tokens for s in whole)
    again = run(action="split", input=source, output=tmp_path / "data")
    assert again.returncode == 1 and "exists already" in again.stderr


def test_stats_of_ade(shared: pathlib.Path) -> None:
    done = run(action="stats", input=shared / "data" / "ade" / "DRUG-AE.rel", corpus_format="ade")
    assert done.returncode == 0 and done.stderr == ""
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "sentences 4272" in lines and "entities 10719" in lines and "relations 6627" in lines
    assert any(line.startswith("removed with its relations: … 120") for line in lines)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"action": "validate", "input": "none.json"}, "error: none.json: no such file"),
        ({"action": "convert", "input": SAMPLE}, "error: --action=convert needs --output"),
        ({"action": "stats", "input": SAMPLE, "output": "x"}, "error: --action=stats takes no --output"),
        (
            {"action": "stats", "input": SAMPLE, "tokenization": "news"},
            "error: --tokenization is for ade, brat, documents",
        ),
        (
            {"action": "stats", "input": SAMPLE, "event_arguments": True},
            "error: --event_arguments is for brat, not for spert",
        ),
        (
            {"action": "stats", "input": SAMPLE, "corpus_format": "multihead"},
            "line 1 is '[', expected",
        ),
    ],
)
def test_mistakes_are_one_line(flags: dict[str, object], message: str) -> None:
    done = run(**flags)
    assert done.returncode == 1 and done.stdout == ""
    [line] = done.stderr.splitlines()
    assert message in line


def test_starts_without_tensorflow() -> None:
    code = "import sys, experiments.corpus; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False).returncode == 0


def test_predictions_go_to_doccano_and_its_places_come_back(tmp_path: pathlib.Path) -> None:
    found = {"text": "😀 Ann left.", "entities": [{"type": "Peop", "start": 2, "end": 5, "score": 0.9}]}
    (predicted := tmp_path / "found.jsonl").write_text(json.dumps({**found, "relations": []}))
    done = run(action="convert", input=predicted, output=tmp_path / "all.jsonl", output_format="doccano")
    assert done.returncode == 0 and "warning: " in done.stderr and "score is 1 scores" in done.stderr
    given = {"action": "validate", "input": tmp_path / "all.jsonl", "corpus_format": "doccano"}
    assert run(**given).returncode == 0
    done = run(**given, offsets="code_points")
    assert "'nn '" in done.stdout
    done = run(action="validate", input=predicted, offsets="utf16")
    assert done.returncode == 1 and "--offsets is for doccano, not for documents" in done.stderr
