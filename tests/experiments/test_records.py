"""Records: what is finished, and whose record it is."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import pytest
from make_record import record

from experiments.jobs import records
from jner_re.errors import InputError


def test_a_record_comes_back_as_it_was(tmp_path: pathlib.Path) -> None:
    written = record("seed-3", members=("seed-1", "seed-2"))
    records.write(tmp_path / "new", written)
    assert records.read(tmp_path / "new" / "seed-3.json") == written


def test_a_folder_is_read_in_the_order_of_numbers_with_ensembles_last(tmp_path: pathlib.Path) -> None:
    for name in ("fold-10", "fold-2", "fold-1"):
        records.write(tmp_path, record(name))
    records.write(tmp_path, record("ensemble-1-2", members=("fold-1", "fold-2")))
    (tmp_path / "results.json").write_text("{}")
    assert [r.name for r in records.read_folder(tmp_path)] == ["fold-1", "fold-2", "fold-10", "ensemble-1-2"]
    assert records.read_folder(tmp_path / "none") == []


def test_what_is_finished_is_known_by_what_it_is_not_by_when_or_where(tmp_path: pathlib.Path) -> None:
    made = record("seed-1")
    assert not records.is_finished(tmp_path, "seed-1", made.identity())
    records.write(tmp_path, dataclasses.replace(made, run={"commit": "another", "seconds": 7.0}))
    assert records.is_finished(tmp_path, "seed-1", made.identity())


@pytest.mark.parametrize(
    ("field", "change", "message"),
    [
        ("config", {"train": {"seed": 1, "batch_size": 9}}, r"config\.train\.batch_size is 2, expected 9"),
        ("corpus", {"name": "other"}, r"corpus\.name is 'conll04', expected 'other'"),
        ("protocol", "otherwise", r"protocol is '.*', expected 'otherwise'"),
        ("members", ("seed-1",), r"members is \(\), expected \('seed-1',\)"),
    ],
)
def test_the_record_of_another_run_is_an_error(
    tmp_path: pathlib.Path, field: str, change: object, message: str
) -> None:
    made = record("seed-1")
    records.write(tmp_path, made)
    wanted = made.identity()
    wanted[field] = {**wanted[field], **change} if isinstance(change, dict) else change
    with pytest.raises(InputError, match=rf"seed-1\.json: {message}"):
        records.is_finished(tmp_path, "seed-1", wanted)


def test_what_is_no_record(tmp_path: pathlib.Path) -> None:
    content = dataclasses.asdict(record("seed-1"))
    for name, change, message in (
        ("a.json", {"test": None, "more": 1}, "missing or unknown: more"),
        ("b.json", {}, "name is 'seed-1', expected 'b'"),
    ):
        (tmp_path / name).write_text(json.dumps({**content, **change}))
        with pytest.raises(InputError, match=message):
            records.read(tmp_path / name)
    (tmp_path / "c.json").write_text("[1]")
    with pytest.raises(InputError, match=r"c\.json: expected the record of a run"):
        records.read(tmp_path / "c.json")
