"""Records: what is finished, and whose record it is."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

import pytest
from make_record import record

from experiments.jobs import protocols, records
from experiments.jobs.protocols import Protocol
from jner_re.errors import InputError


def test_a_record_comes_back_as_it_was(tmp_path: pathlib.Path) -> None:
    written = record("seed-3", members=("seed-1", "seed-2"))
    records.write(tmp_path / "new", written)
    assert records.read(tmp_path / "new" / "seed-3.json") == written


def test_a_folder_is_read_in_the_order_of_numbers_with_ensembles_last(tmp_path: pathlib.Path) -> None:
    for name in ("fold-10", "fold-2", "fold-1"):
        records.write(tmp_path, record(name))
    records.write(tmp_path, record("ensemble-1-2", "ensemble of 2", members=("fold-1", "fold-2")))
    (tmp_path / "results.json").write_text("{}")
    assert [r.name for r in records.read_folder(tmp_path)] == ["fold-1", "fold-2", "fold-10", "ensemble-1-2"]
    assert records.read_folder(tmp_path / "none") == []


def test_what_is_finished_is_known_by_what_it_is_not_by_when_or_where(tmp_path: pathlib.Path) -> None:
    made = record("seed-1")
    assert not records.is_finished(tmp_path, "seed-1", made.identity())
    another = {"attempts": [{"commit": "another"}, {"commit": "abc"}], "seconds": 7.0}
    records.write(tmp_path, dataclasses.replace(made, run=another))
    assert records.is_finished(tmp_path, "seed-1", made.identity())


def test_a_record_from_before_an_option_was_there_has_its_default(tmp_path: pathlib.Path) -> None:
    made = record("seed-1")
    model, train = dict(made.config["model"]), dict(made.config["train"])
    wanted = {**made.identity(), "config": {"model": dict(model), "train": dict(train)}}
    wanted["config"]["model"]["fine_tune_encoder"] = model["fine_tune_encoder"] = False
    wanted["config"]["train"]["jit_compile"] = True
    del model["fine_tune_encoder"]
    old = dataclasses.replace(made, config={"model": model, "train": {**train, "jit_compile": False}})
    records.write(tmp_path, old)
    assert records.is_finished(tmp_path, "seed-1", wanted)
    wanted["config"]["model"]["fine_tune_encoder"] = True
    with pytest.raises(InputError, match=r"config\.model\.fine_tune_encoder is False, expected True"):
        records.is_finished(tmp_path, "seed-1", wanted)


@pytest.mark.parametrize(
    "protocol",
    [
        *(protocols.ON_DEV, protocols.ON_BOTH, protocols.AS_GIVEN, protocols.FOLDS_AS_GIVEN),
        *(protocols.SCORED_ON_DEV, protocols.to_the_end(), protocols.stopped_early(3, 4)),
        protocols.distilled(protocols.AS_GIVEN, 0.5, 2, 5, 1),
        protocols.distilled(protocols.ON_BOTH, 1, 5, 0, 0),
    ],
    ids=lambda protocol: protocol.key,
)
def test_a_record_from_before_protocols_had_keys(protocol: Protocol, tmp_path: pathlib.Path) -> None:
    made = dataclasses.replace(record("seed-1"), protocol=protocol)
    records.write(tmp_path, made)
    path = tmp_path / "seed-1.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "protocol": protocol.description}))
    assert records.read(path) == made
    assert records.is_finished(tmp_path, "seed-1", made.identity())


def test_every_record_of_the_repository_has_a_protocol_with_a_key() -> None:
    """Where descriptions change, those of old records still have to be known."""
    folders = (pathlib.Path(__file__).parents[2] / "results").iterdir()
    keys = {found.protocol.key for folder in folders for found in records.read_folder(folder)}
    assert len(keys) > 3 and not any(" " in key for key in keys)


@pytest.mark.parametrize(
    ("field", "change", "message"),
    [
        ("config", {"train": {"seed": 1, "batch_size": 9}}, r"config\.train\.batch_size is 2, expected 9"),
        ("corpus", {"name": "other"}, r"corpus\.name is 'conll04', expected 'other'"),
        ("protocol", Protocol("other", "trained in a test"), r"protocol is 'test', expected 'other'"),
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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rnn_size": 7}, r"two\.json: config\.model\.rnn_size is 7, expected 256 as of one"),
        ({"corpus": "other"}, r"two\.json: corpus\.name is 'other', expected 'conll04' as of one"),
    ],
)
def test_what_differs_in_more_than_its_seed_is_not_averaged(
    tmp_path: pathlib.Path, change: dict[str, Any], message: str
) -> None:
    records.write(tmp_path, record("one"))
    records.write(tmp_path, record("two", **change))
    with pytest.raises(InputError, match=message):
        records.read_folder(tmp_path)
    records.write(tmp_path, record("two", "another setting", **change))
    assert len(records.read_folder(tmp_path)) == 2


def test_programs_do_not_mix_in_a_folder(tmp_path: pathlib.Path) -> None:
    made = record("seed-1")
    records.write(tmp_path, made)
    records.check_company(tmp_path, record("ensemble-1-2", "ensemble of 2").identity())
    other_dev = record("fold-1", "10 folds").identity()
    other_dev["corpus"] = {**other_dev["corpus"], "dev": {"sentences": 1, "sha256": "1"}}
    for wanted in (other_dev, record("a", corpus="ade").identity(), record("trial-a", "search").identity()):
        with pytest.raises(InputError, match=r"seed-1\.json: .*choose another --output_dir"):
            records.check_company(tmp_path, wanted)


def test_folds_have_one_dev_set_and_test_sets_of_their_own(tmp_path: pathlib.Path) -> None:
    first, second = record("fold-1"), record("fold-2")
    second.corpus["test"] = second.corpus["train"] = {"sentences": 6, "sha256": "1"}
    records.write(tmp_path, first)
    records.write(tmp_path, second)
    assert len(records.read_folder(tmp_path)) == 2
    second.corpus["dev"] = {"sentences": 6, "sha256": "1"}
    records.write(tmp_path, second)
    with pytest.raises(InputError, match=r"corpus\.dev\.sentences is 6, expected 5 as of fold-1"):
        records.read_folder(tmp_path)


def test_what_is_no_record(tmp_path: pathlib.Path) -> None:
    content = dataclasses.asdict(record("seed-1"))
    for name, change, message in (
        ("a.json", {"test": None, "more": 1}, "fields missing: none; unknown: more"),
        ("b.json", {}, "name is 'seed-1', expected 'b'"),
        ("seed-1.json", {"run": {}}, "is damaged, KeyError: 'seconds'"),
        ("seed-1.json", {"members": None}, "is damaged, TypeError"),
        ("seed-1.json", {"test": {"ner": 3}}, "is damaged"),
    ):
        (tmp_path / name).write_text(json.dumps({**content, **change}))
        with pytest.raises(InputError, match=message):
            records.read(tmp_path / name)
    (tmp_path / "c.json").write_text("[1]")
    with pytest.raises(InputError, match=r"c\.json: expected the record of a run"):
        records.read(tmp_path / "c.json")
