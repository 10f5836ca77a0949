from __future__ import annotations

import pathlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.corpora import spert_json
from jner_re.corpora.data_dir import read_split
from jner_re.corpora.splits import folds, hold_out, split
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


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=60), st.integers(2, 8), st.integers(0, 1000))
def test_folds_are_a_partition_and_keep_equal_sentences_together(
    numbers: list[int], count: int, seed: int
) -> None:
    corpus = [Sentence((f"w{number}",), id=str(i)) for i, number in enumerate(numbers)]
    if len(set(numbers)) < count:
        with pytest.raises(InputError, match=f"{count} folds of {len(set(numbers))} different"):
            folds(corpus, count, seed)
        return
    parts = folds(corpus, count, seed)
    assert len(parts) == count and all(parts)
    assert sorted(int(s.id) for part in parts for s in part) == list(range(len(corpus)))
    assert sum(len({s.tokens for s in part}) for part in parts) == len(set(numbers))
    largest_group = max(numbers.count(number) for number in numbers)
    assert max(map(len, parts)) - min(map(len, parts)) <= largest_group
    assert all([int(s.id) for s in part] == sorted(int(s.id) for s in part) for part in parts)


def test_hold_out() -> None:
    rest, drawn = hold_out(CORPUS, 0.1, seed=3)
    assert len(drawn) == 5 and sorted(rest + drawn, key=CORPUS.index) == CORPUS
    assert hold_out(CORPUS[::-1], 0.1, seed=3)[1] == drawn[::-1] != hold_out(CORPUS, 0.1, seed=4)[1]
    twice = hold_out(CORPUS + CORPUS, 0.1, seed=3)
    assert {s.tokens for s in twice[0]}.isdisjoint({s.tokens for s in twice[1]})


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 0.001, 0.999])
def test_impossible_part_to_hold_out(fraction: float) -> None:
    with pytest.raises(InputError, match="hold out"):
        hold_out(CORPUS, fraction, seed=0)


def test_data_dir(tmp_path: pathlib.Path) -> None:
    spert_json.write(CORPUS, tmp_path / "dev.json")
    assert read_split(tmp_path, "dev") == CORPUS
    with pytest.raises(InputError, match=r"has no train\.json"):
        read_split(tmp_path, "train")
    with pytest.raises(InputError, match="no such folder"):
        read_split(tmp_path / "none", "train")
