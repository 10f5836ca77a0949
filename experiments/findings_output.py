"""What programs print of the findings of a corpus's readers; without tables, which take pandas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from jner_re.corpora.corpus import Corpus, Finding
from jner_re.errors import printable


def list_findings(findings: Sequence[Finding], stream: TextIO) -> None:
    """Prints each finding."""
    for finding in findings:
        print(f"{finding.kind}: {printable(str(finding))}", file=stream)


def finding_counts(corpus: Corpus) -> str:
    """How many problems and warnings there are."""
    return f"{len(corpus.problems)} problems, {len(corpus.warnings)} warnings"
