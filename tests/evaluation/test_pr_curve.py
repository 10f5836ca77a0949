"""The precision-recall curve is strict evaluation at every threshold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from random_annotation import ENTITY_TYPES, RELATION_TYPES, random_annotation

from jner_re.evaluation import strict
from jner_re.evaluation.pr_curve import pr_curve, threshold_for
from jner_re.models.decode import without_scores
from jner_re.schema import EntitySpan, LabelSet, RelationPair, Sentence


@pytest.mark.parametrize("seed", range(3))
def test_every_point_is_the_strict_evaluation_at_its_threshold(seed: int) -> None:
    gold, scored = random_annotation(np.random.default_rng(seed), 30)
    thresholds = np.linspace(0, 1, 21)  # every other one is some relations' score
    curve = pr_curve(gold, scored, thresholds)
    label_set = LabelSet(ENTITY_TYPES, RELATION_TYPES)
    candidates = sum(len(relations) for _, relations in scored)
    for i, threshold in enumerate(thresholds):
        predicted = without_scores(gold, scored, threshold)
        micro = strict.evaluate(gold, predicted, label_set)["re"]["strict"]["micro"]
        assert (curve.tp[i], curve.fp[i], curve.fn[i]) == (micro["tp"], micro["fp"], micro["fn"])
        assert curve.tn[i] + curve.fp[i] == candidates - curve.tp[0]
        for name in ("precision", "recall", "f1"):
            assert getattr(curve, name)[i] == pytest.approx(micro[name])
    assert 0 < curve.tp[10] < curve.tp[0]


def test_a_relation_without_its_entities_is_missed_at_every_threshold() -> None:
    gold = Sentence(
        ("Ann", "in", "Rome"),
        (EntitySpan(0, 1, "Peop"), EntitySpan(2, 3, "Loc")),
        (RelationPair(0, 1, "Live_In"),),
    )
    curve = pr_curve([gold], [([(EntitySpan(0, 1, "Peop"), 0.9)], [])], [0.0, 0.5])
    assert curve.fn.tolist() == [1, 1] and not (curve.tp.any() or curve.fp.any() or curve.recall.any())
    empty = pr_curve([], [], [0.0])
    assert (empty.precision, empty.recall, empty.f1) == (0, 0, 0)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("precision", [0.0, 0.3, 0.6, 0.95, 1.0])
def test_the_threshold_for_a_precision_leaves_most_recall(seed: int, precision: float) -> None:
    """Against all thresholds that tell the scores apart."""
    gold, scored = random_annotation(np.random.default_rng(seed), 6)
    scores = sorted({score for _, relations in scored for _, score in relations})
    thresholds = [0.0, *((low + high) / 2 for low, high in itertools.pairwise(scores))]
    curve = pr_curve(gold, scored, thresholds)
    reached = (curve.precision >= precision) & (curve.tp + curve.fp > 0)
    found = threshold_for(gold, scored, precision)
    assert (found is not None) == reached.any()
    if found is not None:
        at = pr_curve(gold, scored, [found])
        assert at.precision[0] >= precision
        assert at.recall[0] == curve.recall[reached].max()
