"""The page: page.html with its style sheet, its script and everything of one evaluation in it.

One file, nothing from elsewhere; a policy in it forbids any request and other scripts than its own. All texts
are escaped.
"""

from __future__ import annotations

import base64
import hashlib
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jner_re.evaluation import calibration
from jner_re.evaluation.report import tables
from jner_re.evaluation.report.calibration_plot import plot
from jner_re.evaluation.report.escaped import escaped
from jner_re.evaluation.report.outcomes import KINDS, RIGHT, Outcome, Task, outcomes
from jner_re.evaluation.report.sentence_card import sentence_card
from jner_re.models.scored_relations import ScoredRelations
from jner_re.schema import Scored, Sentence

_FOLDER = pathlib.Path(__file__).parent
_NAMES: dict[Task, str] = {"ner": "Entities", "re": "Relations"}


def page(
    report: Mapping[str, Any],
    sentences: Sequence[Sentence],
    scored: Sequence[Scored],
    threshold: float,
    facts: Mapping[str, str],
) -> str:
    """The HTML.

    Args:
      report: the evaluation, as `strict.evaluate` gives it.
      sentences: with their gold annotation.
      scored: what was found in each, relations of any score.
      threshold: a relation counts as predicted if its score exceeds it.
      facts: names and values that say what was evaluated, "Corpus" and "Model directory" among them.
    """
    found = [outcomes(*pair, threshold) for pair in zip(sentences, scored, strict=True)]
    cards = []
    for index, (sentence, (entities, relations)) in enumerate(zip(sentences, scored, strict=True)):
        predicted = entities, list(ScoredRelations.of(relations).above(threshold))
        cards.append(sentence_card(index, sentence, predicted, found[index]))
    all_found = [outcome for of_sentence in found for outcome in of_sentence]
    script = (_FOLDER / "page.js").read_text(encoding="utf-8")
    parts = {
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "style": (_FOLDER / "page.css").read_text(encoding="utf-8"),
        "script": script,
        "title": escaped(f"{facts['Model directory']} on {facts['Corpus']}"),
        "scores": "".join(_scores(report, "strict", task) for task in _NAMES),
        "lenient_scores": "".join(_scores(report, "boundaries", task) for task in _NAMES),
        "kinds": "".join(tables.kinds_table(_NAMES[task], task, all_found) for task in _NAMES),
        "calibration": _calibration(sentences, scored),
        "facts": tables.facts_table("What was evaluated", facts),
        "filters": "".join(_filter(task, report, all_found) for task in _NAMES),
        "num_right": f"{sum(all(outcome.kind == RIGHT for outcome in of_one) for of_one in found):,}",
        "sentences": "".join(cards),
    }
    template = (_FOLDER / "page.html").read_text(encoding="utf-8")
    return re.sub(r"{{(\w+)}}", lambda match: parts[match[1]], template)


def _scores(report: Mapping[str, Any], matching: str, task: Task) -> str:
    return tables.scores_table(_NAMES[task], report[task][matching])


def _calibration(sentences: Sequence[Sentence], scored: Sequence[Scored]) -> str:
    figures = []
    for task, result in calibration.calibration(sentences, scored).items():
        name = "Entities" if task == "ner" else f"Relations that score {calibration.RELATION_FLOOR} or more"
        error = f"expected calibration error {result.expected_calibration_error:.3f}"
        numbers = tables.bins_table(name, result)
        figures.append(
            f"<figure><figcaption>{name}: {error}</figcaption>{plot(result, f'Reliability, {name}')}"
            f"<details><summary>Numbers</summary>{numbers}</details></figure>"
        )
    return "".join(figures)


def _filter(task: Task, report: Mapping[str, Any], found: Sequence[Outcome]) -> str:
    """The types and kinds of error of a task, with their counts."""
    options = ['<option value="all">all types</option>', '<option value="none">none</option>']
    for name, scores in report[task]["strict"]["per_type"].items():
        type = escaped(name)
        options.append(f'<option value="type:{type}">{type} ({scores["fp"]} fp, {scores["fn"]} fn)</option>')
    counts = tables.kind_counts(found)
    boxes = [
        f'<label><input type="checkbox" data-task="{task}" value="{kind}" checked> {kind} '
        f"({counts[task, kind]:,})</label>"
        for kind in KINDS[task]
    ]
    return (
        f'<fieldset><legend>{_NAMES[task]}</legend><label>Type <select id="{task}-type">{"".join(options)}'
        f'</select></label><div class="boxes">{"".join(boxes)}</div></fieldset>'
    )
