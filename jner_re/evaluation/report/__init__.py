"""The report of an evaluation: one HTML page with the scores, every error drawn, and what was evaluated."""

from jner_re.evaluation.report.page import page as page
