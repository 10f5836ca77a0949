"""A folder with a corpus split for training: train.json, dev.json and test.json in SpERT's JSON.

Or documents, train.jsonl and so on, which keep their text, so that the model chooses how it is tokenized.

"sample" stands for the one that comes with the package: news sentences in CoNLL04's schema.
"""

from __future__ import annotations

import pathlib
from importlib import resources

from jner_re import files
from jner_re.corpora import documents, formats, line_style
from jner_re.corpora.corpus import Look
from jner_re.corpora.text_sentences import Splitting
from jner_re.errors import InputError
from jner_re.schema import Sentence

SPLITS = ("train", "dev", "test")
SAMPLE = "sample"
_SAMPLE_FOLDER = pathlib.Path(str(resources.files("jner_re") / "corpora" / "sample"))


def located(name: str) -> pathlib.Path:
    """The folder that a user names, or that of the sample corpus for "sample"."""
    return _SAMPLE_FOLDER if name == SAMPLE else files.user_path(name)


def read_sample(split: str) -> list[Sentence]:
    """One split of the sample corpus: "train", "dev" or "test"."""
    return read_split(_SAMPLE_FOLDER, split)


def read_split(data_dir: pathlib.Path, split: str, splitting: Splitting | None = None) -> list[Sentence]:
    """One split of a data directory.

    Args:
      data_dir: the folder.
      split: "train", "dev" or "test".
      splitting: of documents; by default `news`, and the lines that those for training look like.

    Raises:
      InputError: no such folder or file, or the corpus is not valid.
    """
    data_dir = pathlib.Path(data_dir)
    file, lines = data_dir / f"{split}.json", data_dir / f"{split}.jsonl"
    if lines.exists():
        if file.exists():
            raise InputError(f"{data_dir}: has {file.name} and {lines.name}, expected one of them")
        given = splitting._asdict() if splitting else {"lines": (found := look(data_dir)) and found.lines}
        return formats.load(lines, "documents", **given).valid_sentences()
    if not file.exists():
        raise InputError(f"{data_dir}: {_why(data_dir, file)}")
    return formats.read(file)


def look(data_dir: pathlib.Path) -> Look | None:
    """What the lines of the documents for training look like; None if there are none.

    Raises:
      InputError: they are no UTF-8 text.
    """
    path = pathlib.Path(data_dir) / "train.jsonl"
    if not path.exists():
        return None
    return line_style.look(text.document.text for text in documents.texts(path)[0])


def _why(data_dir: pathlib.Path, file: pathlib.Path) -> str:
    """Why it is no data directory, and what makes one."""
    expected = "expected a folder with train.json, dev.json and test.json (or .jsonl)"
    make = f"; jner-re corpus --action=split --input={data_dir} --output=FOLDER"
    if data_dir.is_file():
        return f"is a file, {expected}{make} makes one of a corpus"
    if not data_dir.is_dir():
        return f"no such folder, {expected}"
    hint = f"{make} --corpus_format=brat makes one" if formats.holds_brat(data_dir) else ""
    return f"has no {file.name}, {expected}{hint}"
