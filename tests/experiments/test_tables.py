"""Tables against numbers worked out by hand."""

from __future__ import annotations

import pathlib

import pandas as pd
import pytest
from make_record import evaluation, record

from experiments.jobs import records
from experiments.jobs.records import Record
from experiments.tables import comparison, folder_tables, page_tables, published, scores
from jner_re.errors import InputError

# NER 0.80, 0.84, 0.88: mean 84, deviation sqrt((16 + 0 + 16) / 2) = 4. RE 0.60, 0.61, 0.65: mean 62,
# deviation sqrt((4 + 1 + 9) / 2) = 2.65. Average of both: 70, 72.5, 76.5: mean 73, deviation 3.28.
TRIALS = [
    record(f"seed-{i}", test=evaluation(ner, re))
    for i, (ner, re) in enumerate([(0.80, 0.60), (0.84, 0.61), (0.88, 0.65)], 1)
]
MICRO = (
    "94.00 ± 4.00 | 84.00 ± 4.00 | 84.00 ± 4.00 | 72.00 ± 2.65 | 62.00 ± 2.65 | 62.00 ± 2.65 | 73.00 ± 3.28"
)
MACRO = (
    "84.00 ± 4.00 | 74.00 ± 4.00 | 74.00 ± 4.00 | 62.00 ± 2.65 | 52.00 ± 2.65 | 52.00 ± 2.65 | 63.00 ± 3.28"
)


def test_mean_and_deviation_over_runs() -> None:
    table = comparison.comparison(scores.summary(TRIALS), (), "results/x")
    assert f"| single model | 3 | micro | {MICRO} | results/x |" in table
    assert f"| single model | 3 | macro | {MACRO} | results/x |" in table
    per_type = comparison.per_type(scores.summary(TRIALS))
    assert "| single model | NER | Peop | 94.00 ± 4.00 | 84.00 ± 4.00 | 84.00 ± 4.00 |" in per_type


def test_one_run_has_no_deviation_and_settings_are_not_mixed() -> None:
    other = record("ensemble-1-3", "ensemble of 3", evaluation(0.9, 0.7))
    table = comparison.comparison(scores.summary([*TRIALS, other]), (), "x")
    assert f"| single model | 3 | micro | {MICRO} | x |" in table
    assert (
        "| ensemble of 3 | 1 | micro | 100.00 | 90.00 | 90.00 | 80.00 | 70.00 | 70.00 | 80.00 | x |" in table
    )


def test_a_type_that_a_fold_does_not_have_lowers_no_mean() -> None:
    report = evaluation(0.5, 0.5)
    report["re"]["strict"]["per_type"]["Kill"] = {
        "precision": 0,
        "recall": 0,
        "f1": 0,
        "tp": 0,
        "fp": 0,
        "fn": 0,
    }
    both = [record("fold-1", test=evaluation(0.5, 0.5)), record("fold-2", test=report)]
    per_type = scores.summary(both)["single model"]["re"]["per_type"]
    assert per_type["Kill"]["f1"] == {"mean": 50.0, "deviation": None}


def test_the_published_rows_are_consistent() -> None:
    for row in published.MODELS:
        assert row.average_f1 == pytest.approx((row.ner[2] + row.re[2]) / 2, abs=0.0051)
    whole = {row.average: row for row in published.MODELS if row[:2] == ("conll04", "Crone (2020)")}
    for row in published.ABLATIONS:
        if row.model == published.BASELINE:
            assert (row.ner[2], row.re[2]) == (whole[row.average].ner[2], whole[row.average].re[2])


def test_beside_ours_stands_what_was_published_of_the_corpus_with_its_source() -> None:
    table = folder_tables.scores_table("results/x", TRIALS)
    crone = "89.84 | 89.73 | 89.78 | 78.69 | 64.84 | 71.08 | 80.43 | Crone (2020), Table 2 |"
    assert f"| Crone (2020) |  | micro | {crone}" in table
    assert "Bekoulis" not in table  # of ADE
    assert "Crone" not in folder_tables.scores_table(
        "x", [record("seed-1", test=TRIALS[0].test, corpus="mine")]
    )
    ablation = [record("a", name, TRIALS[0].test) for name in (published.BASELINE, published.NO_RE_SPECIFIC)]
    table = folder_tables.scores_table("x", ablation)
    source = "Crone (2020), Table 3 |"
    assert f"| no RE-specific BiRNNs |  | micro | – | – | 89.06 | – | – | 57.82 | – | {source}" in table


def test_the_files_of_a_folder(tmp_path: pathlib.Path) -> None:
    for trial in TRIALS:
        records.write(tmp_path, trial)
    files = folder_tables.contents("x", records.read_folder(tmp_path))
    assert set(files) == {"results.md", "results.csv", "results.json"}
    assert MICRO in files["results.md"]
    assert (
        "| seed-2 | single model | 1 | 3 | 0.5 | as configured | 1,234,567 | 84.00 | 61.00 | 4 | abc |"
        in (files["results.md"])
    )
    (tmp_path / "results.csv").write_text(files["results.csv"])
    rows = pd.read_csv(tmp_path / "results.csv", keep_default_na=False)
    strict = rows[(rows.task == "re") & (rows.matching == "strict") & (rows.name == "micro")]
    assert strict[["run", "f1"]].to_numpy().tolist() == [["seed-1", 0.6], ["seed-2", 0.61], ["seed-3", 0.65]]
    assert len(rows) == 3 * 2 * 2 * 3  # runs, tasks, matchings; micro, macro and one type


def test_a_search_shows_the_best_epoch_of_each_trial_and_what_differs() -> None:
    def trial(name: str, averages: list[float], **config: int) -> Record:
        history = ({"val_average_f1": a, "val_ner_f1": a + 0.1, "val_re_f1": a - 0.1} for a in averages)
        return record(name, history=tuple(history), **config)

    trials = [trial("one", [0.5, 0.4], re_layers=1), trial("two", [0.3, 0.6], re_layers=2)]
    table = folder_tables.search_table(trials).splitlines()
    assert table[0] == "| trial | average F1 | NER F1 | RE F1 | epochs | parameters | re_layers |"
    assert table[2:] == [
        "| two | 60.00 | 70.00 | 50.00 | 3 | 1,234,567 | 2 |",
        "| one | 50.00 | 60.00 | 40.00 | 3 | 1,234,567 | 1 |",
    ]
    assert len(folder_tables.search_table(trials, 1).splitlines()) == 3


PAGE = """# Page

<!-- records: {0} -->
what was there
<!-- end of records -->

More.
"""


def test_a_page_is_filled_and_checked(tmp_path: pathlib.Path) -> None:
    folder, path = tmp_path / "mine", tmp_path / "page.md"
    for trial in TRIALS:
        records.write(folder, trial)
    page = PAGE.format(folder)
    new = page_tables.filled(page, path)
    assert f"| mine, single model | 3 | micro | {MICRO} |" in new
    assert "what was there" not in new and new.startswith("# Page\n") and new.endswith("\nMore.\n")
    assert page_tables.filled(new, path) == new
    page_tables.check(new, new, path)
    with pytest.raises(InputError, match=r"page\.md: line \d+: is '.*85\.00 ± 4\.00.*', expected '.*84\.00"):
        page_tables.check(new.replace("84.00 ± 4.00 | 72", "85.00 ± 4.00 | 72"), new, path)


def test_a_page_that_cant_be_filled(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="none: no records of runs"):
        page_tables.filled(PAGE.format(tmp_path / "none"), tmp_path / "page.md")
    records.write(tmp_path / "one", TRIALS[0])
    with pytest.raises(InputError, match="line 3: a table without end"):
        page_tables.filled(PAGE.format(tmp_path / "one").replace("end of", ""), tmp_path / "page.md")
    with pytest.raises(InputError, match=r"page\.md: no table of records"):
        page_tables.filled("# Page\n", tmp_path / "page.md")
    records.write(tmp_path / "two", record("seed-1", test=TRIALS[0].test, corpus="ade"))
    with pytest.raises(InputError, match="are of the corpora conll04, ade"):
        page_tables.filled(PAGE.format(f"{tmp_path / 'one'} {tmp_path / 'two'}"), tmp_path / "page.md")
