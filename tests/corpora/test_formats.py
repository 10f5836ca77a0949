"""A file where a folder is expected, and the reverse, with what to do instead."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest

from jner_re.corpora import data_dir, formats
from jner_re.errors import InputError
from jner_re.schema import EntitySpan, RelationPair, Sentence

ADVERSE = Sentence(
    ("rash", "from", "gold"),
    (EntitySpan(0, 1, "Adverse-Effect"), EntitySpan(2, 3, "Drug")),
    (RelationPair(0, 1, "Adverse-Effect"),),
    "7:0",
)


@pytest.fixture
def brat(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "inner").mkdir()
    for name in ("a.txt", "a.ann"):
        (tmp_path / "inner" / name).write_text("")
    return tmp_path


def test_a_folder_in_place_of_a_file(brat: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r": is a folder, expected .* spert \(--corpus_format=brat reads"):
        formats.load(brat, "spert")
    (splits := tmp_path / "splits").mkdir()
    (splits / "test.json").write_text("[]")
    with pytest.raises(InputError, match=r"splits: is a folder, .*, such as .*splits/test.json$"):
        formats.load(splits, "ade")


def test_a_file_in_place_of_a_folder(tmp_path: pathlib.Path) -> None:
    (file := tmp_path / "corpus.json").write_text("[]")
    with pytest.raises(InputError, match=r"corpus.json: is a file, expected a folder with .txt and .ann"):
        formats.load(file, "brat")
    with pytest.raises(InputError, match=r"corpus.json: is a file, .*--action=split --input=.*corpus.json"):
        data_dir.read_split(file, "train")


def test_a_folder_that_is_no_data_directory(brat: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(
        InputError, match=r"has no train.json, .*--action=split --input=.*--corpus_format=brat"
    ):
        data_dir.read_split(brat, "train")
    with pytest.raises(InputError, match=r"none: no such folder, expected a folder with train.json"):
        data_dir.read_split(tmp_path / "none", "train")
    (empty := tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: has no dev.json, expected .*test.json \(or .jsonl\)$"):
        data_dir.read_split(empty, "dev")


@pytest.mark.parametrize("format", ["spert", "multihead", "ade"])
def test_a_byte_order_mark_is_read_over(format: str, tmp_path: pathlib.Path) -> None:
    formats.write([ADVERSE], path := tmp_path / "corpus", format)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    corpus = formats.load(path, format)
    assert corpus.sentences == [ADVERSE]
    assert [f"{finding.kind} {finding}" for finding in corpus.findings] == [
        f"warning {path}: whole file: byte order mark is there, expected UTF-8 without one (read over)"
    ]


def test_an_id_that_would_be_read_as_a_byte_order_mark_is_not_written(tmp_path: pathlib.Path) -> None:
    marked = dataclasses.replace(ADVERSE, id="\ufeff7:0")
    with pytest.raises(InputError, match=r"record 0: id is .*, expected no byte order mark at the start"):
        formats.write([marked], tmp_path / "a.rel", "ade")
    formats.write([ADVERSE, marked], tmp_path / "a.rel", "ade")
    assert [sentence.id for sentence in formats.load(tmp_path / "a.rel", "ade").sentences] == [
        "7:0",
        marked.id,
    ]
