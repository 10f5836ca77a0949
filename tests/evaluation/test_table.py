from __future__ import annotations

from jner_re.evaluation import strict
from jner_re.evaluation.table import table
from jner_re.schema import EntitySpan, LabelSet, RelationPair, Sentence

LABELS = LabelSet(("Loc", "Peop"), ("Live_In",))
TOKENS = ("Ann", "lives", "in", "Oslo")
GOLD = Sentence(TOKENS, (EntitySpan(0, 1, "Peop"), EntitySpan(3, 4, "Loc")), (RelationPair(0, 1, "Live_In"),))
WRONG = Sentence(TOKENS, (EntitySpan(0, 1, "Peop"), EntitySpan(3, 4, "Peop"), EntitySpan(1, 2, "Loc")))


def test_every_strict_score_has_its_line() -> None:
    lines = [" ".join(line.split()) for line in table(strict.evaluate([GOLD], [WRONG], LABELS)).splitlines()]
    assert lines == [
        "task type P R F1 tp fp fn",
        "NER micro 33.33 50.00 40.00 1 2 1",
        "NER macro 25.00 50.00 33.33",
        "NER Loc 0.00 0.00 0.00 0 1 1",
        "NER Peop 50.00 100.00 66.67 1 1 0",
        "RE micro 0.00 0.00 0.00 0 0 1",
        "RE macro 0.00 0.00 0.00",
        "RE Live_In 0.00 0.00 0.00 0 0 1",
        "average of NER and RE micro F1: 20.00",
    ]


def test_columns_are_aligned() -> None:
    *rows, _ = table(strict.evaluate([GOLD], [WRONG], LABELS)).splitlines()
    assert len({len(row) for row in rows}) == 1
