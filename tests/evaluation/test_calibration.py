from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jner_re.evaluation.calibration import calibration, reliability, table
from jner_re.schema import EntitySpan, RelationPair, Sentence


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60))
def test_equals_a_loop_over_bins(items: list[tuple[float, bool]]) -> None:
    result = reliability([score for score, _ in items], [right for _, right in items])
    error = 0.0
    for k in range(10):
        inside = [item for item in items if min(int(item[0] * 10), 9) == k]
        assert result.counts[k] == len(inside)
        if inside:
            score = sum(s for s, _ in inside) / len(inside)
            share = sum(r for _, r in inside) / len(inside)
            assert (result.mean_scores[k], result.accuracies[k]) == pytest.approx((score, share))
            error += abs(score - share) * len(inside) / len(items)
    assert result.expected_calibration_error == pytest.approx(error)


def test_true_probabilities_have_nearly_no_error_and_sure_mistakes_a_great_one() -> None:
    random = np.random.default_rng(0)
    scores = random.uniform(size=20_000)
    assert reliability(scores, random.uniform(size=20_000) < scores).expected_calibration_error < 0.02
    assert reliability([1.0] * 9, [False] * 9).expected_calibration_error == 1.0


def test_right_is_what_strict_evaluation_counts() -> None:
    ann, rome, oslo = EntitySpan(0, 1, "Peop"), EntitySpan(2, 3, "Loc"), EntitySpan(4, 5, "Loc")
    gold = Sentence(("Ann", "in", "Rome", "or", "Oslo"), (rome, ann), (RelationPair(1, 0, "Live_In"),))
    entities = [(ann, 0.95), (rome, 0.65), (oslo, 0.95)]
    relations = [
        (RelationPair(0, 1, "Live_In"), 0.85),  # right, by the entities and not by their indexes
        (RelationPair(1, 0, "Live_In"), 0.85),
        (RelationPair(0, 2, "Live_In"), 0.15),
        (RelationPair(0, 1, "Kill"), 0.01),  # below the floor
    ]
    results = calibration([gold], [(entities, relations)])
    assert results["ner"].counts[6] == 1 and results["ner"].counts[9] == 2
    assert results["ner"].accuracies[6] == 1.0 and results["ner"].accuracies[9] == 0.5
    assert results["re"].counts[8] == 2 and results["re"].counts[1] == 1 and sum(results["re"].counts) == 3
    assert results["re"].accuracies[8] == 0.5
    text = table(results)
    assert "expected calibration error: NER" in text
    assert ["NER", "0.9", "to", "1.0", "2", "0.950", "0.500"] in [line.split() for line in text.splitlines()]
