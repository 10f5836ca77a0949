"""Published strict scores, in percent, each row with where it was read."""

from __future__ import annotations

from typing import NamedTuple

_TABLE_2 = "Crone (2020), Table 2"
_TABLE_3 = "Crone (2020), Table 3"


class Row(NamedTuple):
    """A row of a published table; None where it gives no figure.

    Attributes:
      corpus: "conll04" or "ade".
      model: whose, or for an ablation which setting.
      average: "macro" or "micro".
      ner: precision, recall, F1.
      re: likewise.
      average_f1: of the two F1.
      source: publication and table.
    """

    corpus: str
    model: str
    average: str
    ner: tuple[float | None, float | None, float]
    re: tuple[float | None, float | None, float]
    average_f1: float | None
    source: str


BASELINE = "baseline"
NO_NER_SPECIFIC = "no NER-specific BiRNNs"
NO_RE_SPECIFIC = "no RE-specific BiRNNs"
NO_TASK_SPECIFIC = "no task-specific BiRNNs"

_BEKOULIS, _NGUYEN, _LI = "Bekoulis et al. (2018)", "Nguyen and Verspoor (2019)", "Li et al. (2019b)"
_SPERT, _CRONE = "Eberts and Ulges (2019), SpERT", "Crone (2020)"

MODELS = (
    Row("ade", _BEKOULIS, "macro", (84.72, 88.16, 86.40), (72.10, 77.24, 74.58), 80.49, _TABLE_2),
    Row("ade", _SPERT, "macro", (89.26, 89.26, 89.25), (78.09, 80.43, 79.24), 84.25, _TABLE_2),
    Row("ade", _CRONE, "macro", (89.06, 89.63, 89.48), (80.51, 86.81, 83.74), 86.61, _TABLE_2),
    Row("conll04", _NGUYEN, "macro", (None, None, 86.20), (None, None, 64.40), 75.30, _TABLE_2),
    Row("conll04", _LI, "micro", (89.00, 86.60, 87.80), (69.20, 68.20, 68.90), 78.35, _TABLE_2),
    Row("conll04", _SPERT, "macro", (85.78, 86.84, 86.25), (74.75, 71.52, 72.87), 79.56, _TABLE_2),
    Row("conll04", _SPERT, "micro", (88.25, 89.64, 88.94), (73.04, 70.00, 71.47), 80.21, _TABLE_2),
    Row("conll04", _CRONE, "macro", (87.92, 86.42, 87.00), (77.73, 68.38, 72.63), 79.82, _TABLE_2),
    Row("conll04", _CRONE, "micro", (89.84, 89.73, 89.78), (78.69, 64.84, 71.08), 80.43, _TABLE_2),
)


def _ablation(setting: str, average: str, ner: float, re: float) -> Row:
    return Row("conll04", setting, average, (None, None, ner), (None, None, re), None, _TABLE_3)


ABLATIONS = (
    _ablation(BASELINE, "macro", 87.00, 72.63),
    _ablation(BASELINE, "micro", 89.78, 71.08),
    _ablation(NO_NER_SPECIFIC, "macro", 86.19, 68.45),
    _ablation(NO_NER_SPECIFIC, "micro", 89.24, 67.05),
    _ablation(NO_RE_SPECIFIC, "macro", 85.84, 59.57),
    _ablation(NO_RE_SPECIFIC, "micro", 89.06, 57.82),
    _ablation(NO_TASK_SPECIFIC, "macro", 86.16, 57.45),
    _ablation(NO_TASK_SPECIFIC, "micro", 89.46, 55.47),
)
