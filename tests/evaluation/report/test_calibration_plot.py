from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from jner_re.evaluation.calibration import Reliability, reliability
from jner_re.evaluation.report.page import TEMPLATES

_SVG = "{http://www.w3.org/2000/svg}"


def points(result: Reliability) -> list[tuple[float, float]]:
    """The points, from (0, 0) to (1, 1) along the diagonal that is drawn."""
    plot = TEMPLATES.get_template("calibration_plot.html").module.plot  # type: ignore[attr-defined]
    root = ElementTree.fromstring(plot(result, "Relations"))
    (diagonal,) = [path.attrib["d"] for path in root.iter(f"{_SVG}path") if " L" in path.attrib["d"]]
    left, bottom, right, top = map(float, re.findall(r"[\d.]+", diagonal))
    return [
        (
            (float(c.attrib["cx"]) - left) / (right - left),
            (float(c.attrib["cy"]) - bottom) / (top - bottom),
        )
        for c in root.iter(f"{_SVG}circle")
    ]


def test_a_point_for_each_bin_with_predictions() -> None:
    result = reliability([0.25, 0.25, 0.9, 0.98], [True, False, True, True])
    assert points(result) == [pytest.approx((0.25, 0.5), abs=1e-3), pytest.approx((0.94, 1), abs=1e-3)]


def test_without_predictions() -> None:
    assert points(reliability([], [])) == []
