"""A model of a script without spaces, from its documents to what its export answers."""

from __future__ import annotations

import json
import os
import pathlib
import random
import subprocess
import sys

import pytest

from jner_re import config as configs
from jner_re.config import ModelConfig
from jner_re.corpora import documents
from jner_re.document import Document, Entity, Relation
from jner_re.extraction import client
from jner_re.extraction.extractor import load
from jner_re.serving import saved_model
from jner_re.text.sentences import split

ROOT = pathlib.Path(__file__).parents[2]
DRUGS, EFFECTS = ("アスピリン", "ＰＳＬ", "ｲﾌﾞﾌﾟﾛﾌｪﾝ", "抗菌薬"), ("発熱", "肝障害", "血痰", "𠮷症")


def report(number: int) -> Document:
    """Four sentences, two of them with a relation, mostly without white space; a letter is astral.

    In English there would be three: "Dr." would end none.
    """
    chance = random.Random(number)
    text, entities, relations = "Dr. 𠮷野's科が診察した．", [], []
    for _ in range(2):
        places = []
        for kind, names, after in (("Drug", DRUGS, "３０ｍｇの投与後，"), ("Effect", EFFECTS, "を認めた。")):
            name = chance.choice(names)
            places.append(len(entities))
            entities.append(Entity(kind, len(text), len(text) + len(name), name))
            text += name + after
        relations.append(Relation("Causes", *places))
    return Document(text, (), tuple(entities), tuple(relations), id=str(number))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Trained by the program, until it knows what it has seen."""
    folder = tmp_path_factory.mktemp("japanese")
    for name, numbers in (("train", range(40)), ("dev", range(40, 44))):
        documents.write([report(number) for number in numbers], folder / f"{name}.jsonl")
    flags = (
        "--encoder=", "--glove=", "--rnn_size=16", "--char_rnn_size=8", "--ner_layers=0", "--re_layers=0",
        "--batch_size=8", "--learning_rate=0.02", "--rnn_dropout=0", "--re_dropout=0", "--threads=1",
        "--epochs=8", "--nojit_compile", "--threshold=0.5", "--tokenization=characters", "--language=other",
    )  # fmt: skip
    command = [sys.executable, "-m", "experiments.train", *flags]
    command += [f"--data_dir={folder}", f"--model_dir={folder / 'model'}"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "have other tokens" not in done.stderr
    return folder / "model"


def test_an_export_answers_with_places_in_the_text(model: pathlib.Path, tmp_path: pathlib.Path) -> None:
    config, _ = configs.load(model / "config.json")
    assert (config.tokenization, config.language) == ("characters", "other")
    saved_model.write(load(model), tmp_path / "1", 0.0)
    gold = [report(number) for number in range(100, 104)]
    texts = [document.text for document in gold]
    answers = client.load(tmp_path / "1")(texts, 0.5)
    for document, found in zip(gold, answers, strict=True):
        assert [(e.type, e.start, e.end, e.text) for e in found.entities] == [
            (e.type, e.start, e.end, e.text) for e in document.entities
        ]
        assert {(r.type, r.head, r.tail) for r in found.relations} == {
            (r.type, r.head, r.tail) for r in document.relations
        }
        sentences = list(split(document.text, "characters", "wrapped", language="other"))
        assert [token.text for tokens in sentences for token in tokens] == [t.text for t in found.tokens]
        assert len(sentences) == 4 and sentences[0][-1].text == "."


def test_examples_are_running_text(model: pathlib.Path) -> None:
    examples = (model / "examples.txt").read_text(encoding="utf-8").splitlines()
    assert examples and not any("発 熱" in text or " 。" in text for text in examples)


def test_a_model_of_before_is_english(model: pathlib.Path, tmp_path: pathlib.Path) -> None:
    record = json.loads((model / "config.json").read_text())
    del record["model"]["language"]
    (tmp_path / "config.json").write_text(json.dumps(record))
    assert configs.load(tmp_path / "config.json")[0].language == ModelConfig().language == "en"
