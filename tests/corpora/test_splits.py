from __future__ import annotations

import pathlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.corpora import spert_json
from jner_re.corpora.data_dir import read_split
from jner_re.corpora.splits import split
from jner_re.errors import InputError
from jner_re.schema import Sentence

CORPUS = [Sentence((f"w{i}", "."), id=str(i)) for i in range(50)]


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), min_size=15, max_size=40), st.integers(0, 1000))
def test_every_sentence_once_and_equal_ones_together(numbers: list[int], seed: int) -> None:
    corpus = [Sentence((f"w{number}",), id=str(i)) for i, number in enumerate(numbers)]
    try:
        parts = split(corpus, dev=0.2, test=0.2, seed=seed)
    except InputError:
        assert len(set(numbers)) < 15  # only a corpus of few different sentences leaves a split empty
        return
    ids = {name: [int(s.id) for s in part] for name, part in parts.items()}
    assert sorted(i for part in ids.values() for i in part) == list(range(len(corpus)))
    assert all(part == sorted(part) for part in ids.values())
    texts = [{s.tokens for s in part} for part in parts.values()]
    assert sum(map(len, texts)) == len(set(numbers))


def test_sizes_and_seed() -> None:
    parts = split(CORPUS, dev=0.1, test=0.2, seed=3)
    assert {name: len(part) for name, part in parts.items()} == {"train": 35, "dev": 5, "test": 10}
    assert split(CORPUS, dev=0.1, test=0.2, seed=3) == parts
    assert split(CORPUS, dev=0.1, test=0.2, seed=4)["test"] != parts["test"]
    shuffled = split(CORPUS[::-1], dev=0.1, test=0.2, seed=3)
    assert set(shuffled["test"]) == set(parts["test"])
    assert [s.id for s in parts["dev"]] == ["3", "10", "13", "25", "34"]  # the same on every machine


@pytest.mark.parametrize(("dev", "test"), [(0, 0.1), (0.1, 1.0), (0.5, 0.5), (-0.1, 0.2), (0.001, 0.1)])
def test_impossible_fractions(dev: float, test: float) -> None:
    with pytest.raises(InputError):
        split(CORPUS, dev=dev, test=test, seed=0)


def test_data_dir(tmp_path: pathlib.Path) -> None:
    spert_json.write(CORPUS, tmp_path / "dev.json")
    assert read_split(tmp_path, "dev") == CORPUS
    with pytest.raises(InputError, match=r"train\.json: no such file"):
        read_split(tmp_path, "train")
    with pytest.raises(InputError, match="no such folder"):
        read_split(tmp_path / "none", "train")
