"""The page: page.html with its style sheet, its script and everything of one evaluation in it.

One file, nothing from elsewhere; a policy in it forbids any request and other scripts than its own. All texts
are escaped.
"""

from __future__ import annotations

import base64
import collections
import hashlib
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from jner_re import drawing, templates
from jner_re.document import Document
from jner_re.drawing.characters import clean
from jner_re.drawing.colors import color
from jner_re.evaluation import calibration, table
from jner_re.evaluation.report import tables
from jner_re.evaluation.report.outcomes import KINDS, outcomes
from jner_re.evaluation.report.sentence_card import ToDocument, sentence_card
from jner_re.models.scored_relations import ScoredRelations
from jner_re.schema import Scored, Sentence

_FOLDER = pathlib.Path(__file__).parent
TEMPLATES = templates.environment(_FOLDER)
TEMPLATES.globals |= {
    "tasks": {"ner": "Entities", "re": "Relations"},
    "binned": {"ner": "Entities", "re": f"Relations that score {calibration.RELATION_FLOOR} or more"},
    "kinds": KINDS,
    "color": color,
    "score_columns": table.COLUMNS,
    "score_rows": table.rows,
    "distance_rows": tables.distance_rows,
    "never_rows": tables.never_rows,
    "kinds_rows": tables.kinds_rows,
    "bins_rows": tables.bins_rows,
}


def page(
    report: Mapping[str, Any],
    sentences: Sequence[Sentence],
    scored: Sequence[Scored],
    threshold: float,
    facts: Mapping[str, str],
    document: ToDocument = Document.of_sentence,
) -> str:
    """The HTML.

    Args:
      report: the evaluation, as `strict.evaluate` gives it.
      sentences: with their gold annotation.
      scored: what was found in each, relations of any score.
      threshold: a relation counts as predicted if its score exceeds it.
      facts: names and values that say what was evaluated, "Corpus" and "Model directory" among them.
      document: makes what is drawn of a sentence, with what was predicted or with its own annotation.
    """
    cards = []
    for sentence, (entities, relations) in zip(sentences, scored, strict=True):
        predicted = entities, list(ScoredRelations.of(relations).above(threshold))
        found = outcomes(sentence, (entities, relations), threshold)
        cards.append(sentence_card(sentence, predicted, found, document))
    found = [outcome for card in cards for outcome in (*card.errors, *card.right)]
    script = (_FOLDER / "page.js").read_text(encoding="utf-8")
    html = TEMPLATES.get_template("page.html").render(
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        unit="Documents" if "by_distance" in report else "Sentences",
        style=drawing.STYLE + (_FOLDER / "page.css").read_text(encoding="utf-8"),
        report=report,
        facts=facts,
        calibrations=calibration.calibration(sentences, scored),
        cards=cards,
        outcomes=found,
        counts=collections.Counter((outcome.task, outcome.kind) for outcome in found),
    )
    return clean(html)
