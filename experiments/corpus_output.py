"""What experiments.corpus prints."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pandas as pd

from jner_re.corpora import statistics
from jner_re.corpora.corpus import Loss
from jner_re.schema import Sentence


def tell_losses(sentences: Sequence[Sentence], losses: Sequence[Loss]) -> None:
    """Prints what was lost, and the counts before and after."""
    if losses:
        table = statistics.loss_table(sentences, losses)
        print(f"{table}\nread {counts(sentences, losses)}; kept {counts(sentences)}", file=sys.stderr)


def show_table(title: str, table: pd.DataFrame) -> None:
    """Prints a table under its title."""
    print(title, "-" * len(title), sep="\n")
    print(
        table.to_string(float_format="{:.1f}".format, max_colwidth=110) if len(table) else "none", end="\n\n"
    )


def counts(sentences: Sequence[Sentence], losses: Sequence[Loss] = ()) -> str:
    """How much the sentences have, and the losses had."""
    table = statistics.loss_table(sentences, losses)
    return ", ".join(f"{count} {name}" for name, count in table.loc["in the files"].items())
