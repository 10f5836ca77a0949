"""results.md, results.csv and results.json of a folder of records."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence

import pandas as pd

from jner_re import files
from jner_re.corpora.data_dir import SPLITS

from ..jobs import records
from ..jobs.records import Record
from ..jobs.search_job import METRIC, best_epoch
from . import comparison, differences, markdown, scores

_DIFFERENCES = (
    "Strict micro F1; difference from the baseline's runs of the same seeds, mean ± its standard error:"
)
_SHOWN = 10  # trials of a search that are printed


def write_and_print(folder: pathlib.Path) -> None:
    """Writes the three files, and prints the table of averages or of a search's best trials."""
    found = records.read_folder(folder)
    if not found:
        print(f"{folder}: no run is finished")
        return
    write(folder, found)
    if trials := [record for record in found if record.history]:
        print(f"\nThe best of {len(trials)} trials, strict micro F1 on dev in percent:\n")
        print(search_table(trials, _SHOWN))
        return
    for split in _shown_splits(found):
        print(f"\nStrict scores on {split} in percent, mean ± standard deviation over the runs:\n")
        print(scores_table(folder.as_posix(), found, split))
        if differences.can_be_made(found, split):
            print(f"\n{_DIFFERENCES}\n\n{differences.table(found, split)}")
    print(f"\nScores of each type and of each run: {folder / 'results.md'}, results.csv, results.json")


def _shown_splits(found: Sequence[Record]) -> list[str]:
    """Test, and dev if there are runs without test."""
    shown = {"test" if record.test else "dev" for record in found}
    return sorted(shown, reverse=True)


def write(folder: pathlib.Path, found: Sequence[Record]) -> None:
    """Writes the three files."""
    for name, content in contents(folder.as_posix(), found).items():
        files.write_text(folder / name, content)


def contents(source: str, found: Sequence[Record]) -> dict[str, str]:
    """The three files by name.

    Args:
      source: the folder, as it is to stand in the tables.
      found: its records.
    """
    return {
        "results.md": _markdown(source, found),
        "results.csv": scores.long_table(found).to_csv(index=False),
        "results.json": json.dumps(
            {split: scores.summary(found, split) for split in ("dev", "test")}, indent=1, ensure_ascii=False
        )
        + "\n",
    }


def _markdown(source: str, found: Sequence[Record]) -> str:
    trials = [record for record in found if record.history]
    averaged = "Strict scores in percent, mean ± standard deviation over the runs."
    parts = [f"# {source}", *([] if trials else [averaged]), _protocols(found)]
    for split in ("test", "dev"):
        if summaries := scores.summary(found, split):
            parts += [f"## {split}", scores_table(source, found, split)]
            if differences.can_be_made(found, split):
                parts += [_DIFFERENCES, differences.table(found, split)]
            parts.append(comparison.per_type(summaries))
    if trials:
        heading = "## Trials\n\nStrict micro F1 on dev of the best epoch, in percent."
        parts += [heading, search_table(trials)]
    else:
        parts += ["## Runs", runs_table(found)]
    return "\n\n".join(parts) + "\n"


def scores_table(source: str, found: Sequence[Record], split: str = "test") -> str:
    """The table of averages; beside it what was published, if that is of test."""
    summaries = scores.summary(found, split)
    rows = comparison.published_rows(found[0].corpus["name"], list(summaries)) if split == "test" else ()
    return comparison.comparison(summaries, rows, source)


def runs_table(found: Sequence[Record]) -> str:
    """A row for each run."""
    frame = scores.run_table(found)
    formats = {"NER F1": "{:.2f}", "RE F1": "{:.2f}", "parameters": "{:,}"}
    for name, format in formats.items():
        frame[name] = frame[name].map(format.format)
    return markdown.table(frame)


def search_table(trials: Sequence[Record], count: int | None = None) -> str:
    """The trials of a search, the best first: scores on dev at the best epoch, and what the trials differ in.

    Args:
      trials: records with a history.
      count: how many to show; None for all.
    """
    ranked = sorted(trials, key=lambda trial: -(best_epoch(trial)[METRIC] or 0.0))
    values = pd.DataFrame(
        [{**trial.config["model"], **trial.config["train"]} for trial in ranked], dtype=object
    )
    frame = pd.DataFrame({"trial": [trial.name for trial in ranked]})
    for title, name in (("average F1", METRIC), ("NER F1", "val_ner_f1"), ("RE F1", "val_re_f1")):
        scores = [best_epoch(trial)[name] for trial in ranked]
        frame[title] = [markdown.figure(None if score is None else 100 * score) for score in scores]
    frame["epochs"] = [trial.epochs for trial in ranked]
    frame["parameters"] = [f"{trial.parameters:,}" for trial in ranked]
    return markdown.table(frame.join(values.loc[:, values.nunique() > 1])[:count])


def _protocols(found: Sequence[Record]) -> str:
    """What was done with which corpus, one line for the runs that agree in it."""
    lines: dict[tuple[str, str], str] = {}
    for record in found:
        sizes = ", ".join(
            f"{record.corpus[split]['sentences']} of {split}" for split in SPLITS if split in record.corpus
        )
        corpus = f"{record.corpus['name']} ({sizes} sentences in {record.name})"
        line = f"- {record.setting}: {corpus}; {record.protocol.description}."
        lines.setdefault((record.setting, record.protocol.key), line)
    return "\n".join(lines.values())
