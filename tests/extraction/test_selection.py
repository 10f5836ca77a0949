"""Texts to annotate next: uncertainty by hand, order, near-duplicates; found is what prediction finds."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest
import untrained
from hypothesis import given
from hypothesis import strategies as st

import jner_re
from jner_re.corpora import data_dir
from jner_re.document import Document, Token
from jner_re.errors import InputError
from jner_re.extraction import selection
from jner_re.extraction.selection import Read
from jner_re.models import ensemble_dir
from jner_re.models.uncertainty import Uncertainty, nearness, uncertainties
from jner_re.schema import EntitySpan, LabelSet, RelationPair

TEXTS = [
    "Ann Lee, born in Rome, lives in Oslo. Bob  Carr met Ann in Lima.",
    "",
    "😀 Ulm. Bob saw Carl.",
    *(" ".join(sentence.tokens) for sentence in data_dir.read_sample("test")[:5]),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return untrained.write(tmp_path_factory.mktemp("selection") / "model")


@pytest.fixture(scope="module")
def read(folder: pathlib.Path) -> list[Read]:
    return selection.Reader(folder).read(TEXTS)


def assert_close(one: Document, other: Document) -> None:
    found: list[Any] = [one.to_json(), other.to_json()]
    scores = [
        [item.pop("score") for key in ("entities", "relations") for item in each[key]] for each in found
    ]
    assert found[0] == found[1]
    np.testing.assert_allclose(*scores, atol=2e-4)


def test_what_is_found_is_what_prediction_finds(folder: pathlib.Path, read: list[Read]) -> None:
    predicted = jner_re.load(folder)(TEXTS)
    assert sum(len(document.relations) for document in predicted) > 3
    for each, document in zip(read, predicted, strict=True):
        assert_close(each.document, document)
    assert [len(each.sentences) for each in read[:3]] == [2, 0, 2]


def test_an_ensemble_of_one_model_twice_is_as_sure(
    folder: pathlib.Path, read: list[Read], tmp_path: pathlib.Path
) -> None:
    ensemble_dir.write(tmp_path / "both", [folder, folder], untrained.WEIGHTED.threshold, "a test")
    for each, twice in zip(read, selection.Reader(tmp_path / "both").read(TEXTS), strict=True):
        for by in ("max", "sum"):
            assert twice.tags(by) == pytest.approx(each.tags(by), rel=1e-3)
            assert twice.relations(by) == pytest.approx(each.relations(by), rel=1e-3)


def test_uncertainty_by_hand() -> None:
    outputs = {
        "spans": np.array([[[0, 1], [2, 3]], [[0, 0], [0, 0]]]),
        "entity_types": np.array([[0, 0], [-1, -1]]),
        "entity_scores": np.array([[0.9, 0.8], [0, 0]]),
        "relation_scores": np.array([[[[0.0], [0.3]], [[0.8], [0.0]]], [[[0.9]] * 2] * 2]),
        "tag_log_probability": np.log([0.125, 1.0]),
    }
    first, second = uncertainties(outputs, [3, 0], LabelSet(("Loc",), ("In",)), 0.6)
    assert first.tags == pytest.approx(0.5)  # 1 - 0.125^(1/3)
    assert first.relations == pytest.approx(0.5 + 0.5) and first.relation == pytest.approx(0.5)
    assert first.nearest in ((RelationPair(0, 1, "In"), 0.3), (RelationPair(1, 0, "In"), 0.8))
    assert list(first.scored[1]) == [(RelationPair(1, 0, "In"), 0.8)]
    assert second == Uncertainty(0.0, 0.0, 0.0, None, second.scored)


@given(st.floats(0, 1), st.floats(0, 1))
def test_nearness_is_one_at_the_threshold_and_nothing_at_the_ends(score: float, threshold: float) -> None:
    (near,) = nearness(np.array([score]), threshold)
    assert 0 <= near <= 1
    if 0.01 < threshold < 0.99:
        ends = nearness(np.array([0.0, threshold, 1.0]), threshold)
        assert ends == pytest.approx([0, 1, 0])


def text(words: str, tags: float = 0.0, relation: float = 0.0) -> Read:
    tokens = tuple(Token(word, 0, 0) for word in words.split())
    entities = [(EntitySpan(0, 1, "Peop"), 1.0), (EntitySpan(1, 2, "Loc"), 1.0)]
    nearest = (RelationPair(0, 1, "Live_In"), 0.58) if relation else None
    uncertainty = Uncertainty(tags, relation, relation, nearest, (entities, []))
    return Read(Document(words), (uncertainty,) if tokens else (), (tokens,) if tokens else ())


def test_the_least_sure_ones_come_first_and_nothing_twice() -> None:
    texts = [
        text("Ann met Bob in Rome", tags=0.1),
        text("ann Met Bob in Rome today", tags=0.4),
        text("Ann lives in Oslo", relation=0.9),
        text("", tags=0.9),
        text("Nothing here", tags=0.0),
        text("Nothing here", tags=0.01),
    ]
    chosen = selection.select(texts, 10)
    assert [each.number for each in chosen] == [2, 1, 5]  # 0 is like 1, 4 like 5, and 3 has no tokens
    assert [each.number for each in selection.select(texts, 1)] == [2]
    assert chosen[0].reason == "relation Live_In of 'Ann' and 'lives': 0.58"
    assert chosen[1].reason == "tags of 'ann Met Bob in Rome today': probability 0.60 a token"
    # Means over the texts: tags 0.51 / 5 of those with a sentence and one without, relations 0.9 / 6.
    assert chosen[0].score == pytest.approx(6.0) and chosen[1].score == pytest.approx(0.4 / (0.51 / 6))


def test_by_the_sum_long_texts_come_first() -> None:
    long = text("a b c d", tags=0.2)
    long = Read(long.document, long.sentences * 3, long.tokens * 3)
    texts = [text("x y z", tags=0.3), long]
    assert [each.number for each in selection.select(texts, 2, "max")] == [0, 1]
    assert [each.number for each in selection.select(texts, 2, "sum")] == [1, 0]
    assert selection.select([], 3) == []


def test_an_export_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"")
    with pytest.raises(InputError, match="exported model, which doesn't say how sure"):
        selection.Reader(tmp_path / "1")
