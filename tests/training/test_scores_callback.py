"""Strict scores on dev are in `logs`, of the averaged weights, for every callback that comes later."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import tf_keras as keras

from jner_re.evaluation import strict
from jner_re.schema import EntitySpan, LabelSet, RelationPair, Scored, Sentence
from jner_re.training.scores_callback import StrictScores

GOLD = [
    Sentence(
        ("Ann", "in", "Rome"),
        (EntitySpan(0, 1, "Peop"), EntitySpan(2, 3, "Loc")),
        (RelationPair(0, 1, "Live_In"),),
    ),
    Sentence(("Oslo",), (EntitySpan(0, 1, "Loc"),)),
]
PREDICTED = [GOLD[0], Sentence(("Oslo",), (EntitySpan(0, 1, "Peop"),))]
LABELS = LabelSet.of(GOLD)


def test_scores_are_in_the_logs_of_every_epoch() -> None:
    inside: list[bool] = []
    predicted_inside: list[bool] = []

    @contextlib.contextmanager
    def averaged() -> Iterator[None]:
        inside.append(True)
        yield
        inside.pop()

    def predict() -> list[Scored]:
        predicted_inside.append(bool(inside))
        return [([(entity, 1.0) for entity in sentence.entities], []) for sentence in PREDICTED]

    def decide(scored: Sequence[Scored]) -> list[Sentence]:
        assert [len(entities) for entities, _ in scored] == [2, 1]
        return PREDICTED

    scores = StrictScores(predict, decide, GOLD, LABELS, averaged)
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(1,))])
    model.compile("sgd", "mse")
    later: list[dict[str, float]] = []
    record = keras.callbacks.LambdaCallback(on_epoch_end=lambda _, logs: later.append(dict(logs)))
    history = model.fit(
        np.ones((2, 1)),
        np.ones((2, 1)),
        epochs=2,
        verbose=0,
        callbacks=[scores, record],
    ).history
    report = strict.evaluate(GOLD, PREDICTED, LABELS)
    assert predicted_inside == [True, True]
    for logs in later:
        for task in ("ner", "re"):
            for name in ("precision", "recall", "f1"):
                expected = report[task]["strict"]
                assert logs[f"val_{task}_{name}"] == expected["micro"][name]
                assert logs[f"val_{task}_macro_{name}"] == expected["macro"][name]
                for kind, prf in expected["per_type"].items():
                    assert logs[f"val_{task}_{kind}_{name}"] == prf[name]
        assert logs["val_average_f1"] == report["average_f1"]
    assert (scores.report, scores.predicted) == (report, PREDICTED)
    assert (later[0]["val_ner_Loc_recall"], later[0]["val_ner_Peop_precision"]) == (0.5, 0.5)
    assert (later[0]["val_ner_f1"], later[0]["val_re_f1"]) == (pytest.approx(2 / 3), 1.0)
    assert history["val_average_f1"] == [report["average_f1"]] * 2
