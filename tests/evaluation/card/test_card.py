"""Cards: the hub's header, and what a reader looks for, also where types are written to break a table."""

from __future__ import annotations

import json
import pathlib
import re

import pytest
import yaml

from jner_re import config as configs
from jner_re.config import ModelConfig, TrainConfig
from jner_re.errors import InputError
from jner_re.evaluation import strict
from jner_re.evaluation.card import card, corpus_facts
from jner_re.models import model_files
from jner_re.models.model_vocabulary import ModelVocabulary
from jner_re.models.temperatures import Temperatures, keep
from jner_re.schema import EntitySpan, LabelSet, RelationPair, Sentence

_ODD = "<script>alert(1)</script>|a"
_SENTENCES = [
    Sentence(
        ("Ada", "in", "Oslo"),
        (EntitySpan(0, 1, "Peop"), EntitySpan(2, 3, _ODD)),
        (RelationPair(0, 1, "Live_In"),),
    )
] * 40
_DEV = [*_SENTENCES, Sentence(("Bo",), (EntitySpan(0, 1, "Rare"),))]
_LABELS = LabelSet((_ODD, "Peop", "Rare"), ("Live_In",))


@pytest.fixture
def model_dir(tmp_path: pathlib.Path) -> pathlib.Path:
    """All that a card is made of."""
    folder = tmp_path / "news model"
    folder.mkdir()
    config = ModelConfig(encoder=f"minilm,{tmp_path}/secret/encoder", glove="", rnn_size=99, typed_pairs=True)
    configs.save(folder / "config.json", config, TrainConfig(seed=7, epochs=3))
    ModelVocabulary(
        _LABELS.entity_types, _LABELS.relation_types, "abc", (), {"encoder": "f" * 64}, {"train": "a" * 64}
    ).save(folder / "vocabulary.json")
    metrics = {
        "epochs": 3,
        "best_epoch": 2,
        "corpus": "news",
        "corpora": {"train": corpus_facts.counts(_SENTENCES), "dev": corpus_facts.counts(_DEV)},
        "versions": card.versions(),
        "dev": strict.evaluate(_DEV, [*_SENTENCES, Sentence(("Bo",))], _LABELS),
    }
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return folder


def test_the_header_is_that_of_a_model_card(model_dir: pathlib.Path) -> None:
    _, header, _ = card.text(model_dir).split("---\n", 2)
    record = yaml.safe_load(header)
    assert record["library_name"] == "jner_re" and "relation-extraction" in record["tags"]
    (index,) = record["model-index"]
    assert index["name"] == "news model"
    entities, relations = index["results"]
    assert entities["dataset"] == {"name": "news dev", "type": "news"}
    assert {metric["type"]: metric["value"] for metric in entities["metrics"]} == {
        "precision": 1.0, "recall": 0.9877, "f1": 0.9938
    }  # fmt: skip
    assert relations["task"]["name"] == "Relation extraction"


def test_it_says_how_and_on_what_it_was_trained_and_where_it_was_not_tested(model_dir: pathlib.Path) -> None:
    text = card.text(model_dir)
    for pattern in (
        r"\| sentences \| 40 \| 41 \|\n\| tokens \| 120 \| 121 \|\n\| &lt;script",
        r"\| Live_In \| 40 \| 40 \|",
        r"SHA-256 of train: a{64}",
        r"Encoder: minilm, encoder, frozen; word vectors: none",
        r"Seed: 7\n",
        r"`--rnn_size=99 --typed_pairs --epochs=3`",
        r"Versions: python 3\.\d+\.\d+.*tensorflow 2\.",
        r"\| Rare \| 0\.00 \| 0\.00 \| 0\.00 \| 0 \| 0 \| 1 \|",
        r"fewer than 30, .*: Rare\.",
        r"Scores were not calibrated",
        r"Relations are given above a score of 0\.9 \(as configured\)",
        r"jner_re\.load",
    ):
        assert re.search(pattern, text), pattern
    assert "<script>" not in text and "secret" not in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} == {4, 8}
    assert "\n\n\n" not in text


def test_it_says_that_scores_are_calibrated(model_dir: pathlib.Path) -> None:
    keep(model_dir, 0.9, Temperatures(1.5, 2.0), "dev.json", {"ner": 0.0123, "re": 0.2})
    card.write(model_dir)
    text = (model_dir / model_files.CARD).read_text()
    assert "Scores were calibrated (dev.json): temperatures 1.5 for entities, 2 for relations" in text
    assert (
        "error of entities there: 0.012" in text
        and "score of 0.75 (0.9 before calibration, as configured)" in text
    )


_HOSTILE = "![a](http://b/c)|`</td>\n# x\n<img src=x onerror=alert(1)>$\\$*\x1b\u2028"


def test_what_strangers_wrote_is_text_in_every_line(model_dir: pathlib.Path) -> None:
    """Of a model directory from elsewhere, every string may be Markdown or HTML."""
    (model_dir / "threshold.json").write_text(json.dumps({"threshold": 0.5, "source": _HOSTILE}))
    for name in ("metrics.json", "vocabulary.json"):
        content = json.loads((model_dir / name).read_text())
        (model_dir / name).write_text(json.dumps(_all_hostile(content)))
    config = json.loads((model_dir / "config.json").read_text())
    config["model"]["encoder"] = config["model"]["glove"] = f"{_HOSTILE}?"
    (model_dir / "config.json").write_text(json.dumps(config))
    hostile = model_dir.rename(model_dir.with_name(_HOSTILE.replace("/", "-")))
    _, header, text = card.text(hostile).split("---\n", 2)
    (index,) = yaml.safe_load(header)["model-index"]
    assert index["name"] == _HOSTILE.replace("/", "-")
    assert {result["dataset"]["type"] for result in index["results"]} == {_HOSTILE}
    assert "<" not in text and "![" not in text and "](" not in text and "\x1b" not in text
    assert [line for line in text.splitlines() if line.startswith("# ")] == [
        f"# {card.templates.markdown(index['name'])}"
    ]
    own = text.split("```")[2]  # after the example: `jner-re predict …`, and the options
    assert own.count("`") == 4


def _all_hostile(value: object) -> object:
    """JSON with every string, and every key that is no name of a field, replaced."""
    if isinstance(value, dict):
        odd = {"Peop", "Rare", _ODD, "Live_In", "train", "dev", "encoder", "tensorflow", "python"}
        is_field = "dev" in value and "epochs" in value
        return {
            f"{_HOSTILE}{key}" if key in odd and not is_field else key: _all_hostile(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_all_hostile(item) for item in value]
    return (
        f"{_HOSTILE}{value}"
        if isinstance(value, str) and value not in ("news",)
        else (_HOSTILE if value == "news" else value)
    )


def test_without_dev_and_of_an_ensemble(model_dir: pathlib.Path) -> None:
    (model_dir / "metrics.json").unlink()
    (model_dir / "members.json").write_text(json.dumps([{"seed": 3, "epochs": 1}, {"seed": 4, "epochs": 1}]))
    text = card.text(model_dir)
    assert "An ensemble of seeds: 3, 4" in text and "No score was kept with the ensemble." in text
    assert "model-index" not in text
    (model_dir / "metrics.json").write_text("[]")
    with pytest.raises(InputError, match=r"metrics\.json: is list, expected a JSON object"):
        card.text(model_dir)


def test_declared_constraints_are_shown(model_dir: pathlib.Path) -> None:
    assert "Declared" not in card.text(model_dir)
    declared = {"argument_types": {"Live_In": {"head": ["Peop"], "tail": [_ODD]}}}
    (model_dir / "constraints.json").write_text(json.dumps(declared))
    assert (
        "in all answers:\n  - Live_In: head Peop, tail &lt;script&gt;alert(1)&lt;/script&gt;&#124;a\n\n"
        "## How to call it" in card.text(model_dir)
    )
