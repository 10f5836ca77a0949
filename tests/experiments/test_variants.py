"""Variants given as flags, and how much they differ from the baseline."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import pytest
from make_record import evaluation, record

from experiments import config_flags, variants
from experiments.jobs import records
from experiments.jobs.records import Record
from experiments.tables import differences, folder_tables, page_tables
from jner_re.config import ModelConfig, TrainConfig
from jner_re.errors import InputError

GIVEN = (ModelConfig(rnn_size=128), TrainConfig(epochs=7))


def test_a_variant_is_the_baseline_but_for_its_flags() -> None:
    made = variants.variants_of(GIVEN, ["cased: --nocasing --glove=", "fast: --learning_rate=0.01"])
    assert made == {
        "baseline": GIVEN,
        "cased": (ModelConfig(rnn_size=128, casing=False, glove=""), TrainConfig(epochs=7)),
        "fast": (ModelConfig(rnn_size=128), TrainConfig(epochs=7, learning_rate=0.01)),
    }


def test_every_field_can_be_a_variant() -> None:
    model, train = given = (dataclasses.replace(GIVEN[0], fine_tune_encoder=True, window=3), GIVEN[1])
    for config in given:
        for field in dataclasses.fields(config):
            value = _another(field, getattr(config, field.name))
            changes: dict[str, Any] = {field.name: value}
            expected = (
                (dataclasses.replace(model, **changes), train)
                if config is model
                else (model, dataclasses.replace(train, **changes))
            )
            assert config_flags.changed(given, f"--{field.name}={value}") == expected


def _another(field: Any, value: Any) -> Any:
    if choices := field.metadata["choices"]:
        return next(choice for choice in choices if choice != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return 0.25 if value != 0.25 else 0.5
    return "another"


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        (["--rnn_size=64"], r"expected a name, a colon and flags"),
        (["small: --rnn_sizes=64"], r"small: --rnn_sizes=64.*: Unknown command line flag 'rnn_sizes'"),
        (["small: --rnn_size=wide"], r"wide"),
        (["small: --rnn_size=0"], r"rnn_size is 0, expected at least 1"),
        (["small: 64"], r"'64' is no flag, expected flags such as"),
        (["small: --rnn_size='64"], r"No closing quotation"),
        (["rate: --encoder_warmup=0.2"], r"encoder_warmup is 0.2, expected 0.1 without fine_tune_encoder"),
        (["few: --frozen_encoder_layers=2"], r"frozen_encoder_layers is 2, expected 0 without"),
        (
            ["short: --patience=3"],
            r"patience is 3, expected 0: each model is trained on train, for the number",
        ),
        (["tuned: --calibrate"], r"calibrate is True, expected False: each model is trained on train"),
        (["again: --seed=5"], r"changes the seed"),
        (["small: --rnn_size=128"], r"changes nothing of the baseline"),
        (["a b: --rnn_size=64", "A-B: --rnn_size=32"], r"another name is like 'A-B'"),
        (["Baseline: --rnn_size=64"], r"another name is like 'Baseline'"),
        (["..: --rnn_size=64"], r"expected a name with letters or digits"),
        (["+: --rnn_size=64"], r"expected a name with letters or digits, and not 'search'"),
        (["search: --rnn_size=64"], r"expected a name with letters or digits, and not 'search'"),
    ],
)
def test_what_is_no_variant_is_refused(texts: list[str], problem: str) -> None:
    with pytest.raises(InputError, match=problem) as error:
        variants.variants_of(GIVEN, texts)
    assert f"--variant={texts[-1]!r}" in str(error.value)


def test_a_baseline_may_not_choose_by_dev() -> None:
    given = (GIVEN[0], dataclasses.replace(GIVEN[1], patience=2))
    with pytest.raises(InputError, match=r"^patience is 2, expected 0"):
        variants.variants_of(given, [])


def on_dev(setting: str, seed: int, ner: float, re: float) -> Record:
    made = record(f"{setting}-seed-{seed}", setting)
    config = {**made.config, "train": {**made.config["train"], "seed": seed}}
    return dataclasses.replace(made, config=config, dev=evaluation(ner, re))


# The variant's differences, seed by seed: NER 2, 2; RE 3, 1, that is 2 ± sqrt(2) / sqrt(2). Its third seed
# has no run of the baseline beside it, and counts in its own mean alone: NER 83, 85, 87.
RUNS = [
    on_dev("baseline", 1, 0.81, 0.60),
    on_dev("baseline", 2, 0.83, 0.64),
    on_dev("variant", 1, 0.83, 0.63),
    on_dev("variant", 2, 0.85, 0.65),
    on_dev("variant", 3, 0.87, 0.67),
]
BASELINE_ROW = "| baseline | 2 | 82.00 ± 1.41 |  | 62.00 ± 2.83 |  | 72.00 ± 2.12 |  |"
VARIANT_CELLS = (
    "85.00 ± 2.00",
    "+2.00 ± 0.00",
    "65.00 ± 2.00",
    "+2.00 ± 1.00",
    "75.00 ± 2.00",
    "+2.00 ± 0.50",
)
VARIANT_ROW = f"| variant | 3 | {' | '.join(VARIANT_CELLS)} |"


def test_differences_are_those_of_equal_seeds() -> None:
    assert differences.table(RUNS, "dev").splitlines()[2:] == [BASELINE_ROW, VARIANT_ROW]


def test_seeds_that_the_baseline_does_not_have_give_no_difference() -> None:
    last = differences.table([RUNS[0], RUNS[4]], "dev").splitlines()[-1]
    assert last == "| variant | 1 | 87.00 | – | 67.00 | – | 77.00 | – |"


def test_runs_with_test_beside_them_are_compared_apart(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tested = dataclasses.replace(record("seed-1", "single model"), test=evaluation(0.9, 0.7))
    for each in (tested, *RUNS):
        records.write(tmp_path, each)
    folder_tables.write_and_print(tmp_path)
    printed = capsys.readouterr().out
    written = (tmp_path / "results.md").read_text()
    page = f"<!-- differences: {tmp_path} -->\n<!-- end of records -->\n"
    for text in (printed, written, page_tables.filled(page, pathlib.Path("page.md"))):
        assert text.count(BASELINE_ROW) == text.count(VARIANT_ROW) == 1
        assert "| baseline | 0 |" not in text


def test_folders_and_pages_show_differences(tmp_path: pathlib.Path) -> None:
    for each in RUNS:
        records.write(tmp_path, each)
    contents = folder_tables.contents("results/options", records.read_folder(tmp_path))
    assert VARIANT_ROW in contents["results.md"]
    page = f"<!-- differences: {tmp_path} -->\n<!-- end of records -->\n"
    assert VARIANT_ROW in page_tables.filled(page, pathlib.Path("page.md"))
    with pytest.raises(InputError, match="no run was tested, expected one that was"):
        page_tables.table([str(tmp_path)])
    with pytest.raises(InputError, match="expected one folder"):
        page_tables.differences_table([str(tmp_path), str(tmp_path)])
    for each in RUNS[2:]:
        records.path_of(tmp_path, each.name).unlink()
    with pytest.raises(InputError, match="expected runs of the setting baseline and of others"):
        page_tables.filled(page, pathlib.Path("page.md"))
