"""Finds entities and relations in raw text.

python -m experiments.predict --model=runs/mine [FILES] > found.jsonl

--model is a model directory, an exported folder, or the URL of a model behind TensorFlow Serving. Every line
of the files (- or none for standard input) that is not blank is a text of one or more sentences; in a file
that ends in .jsonl, a JSON object with a text as its "text", whose other fields are given back. Each gives a
line of JSON:

{"text": …, "entities": [{"type", "start", "end", "text", "score"}],
 "relations": [{"type", "head", "tail", "score"}]}

start and end count characters (Unicode code points, end exclusive); head and tail index the entities; scores
are probabilities. With --brat=DIR, each is a document of a brat collection instead: DIR/FILE-LINE.txt and
.ann.

A text that has too long a sentence or is not UTF-8 gives {"text": …, "error": …} instead (and no brat
document); the exit code is then 1, after all others are answered.
"""

from __future__ import annotations

import codecs
import itertools
import json
import os
import pathlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from absl import flags
from tqdm import tqdm

from jner_re import files, program
from jner_re.document import Document
from jner_re.errors import InputError
from jner_re.serving import client
from jner_re.serving.client import Client
from jner_re.serving.rows import RefusedInputError

_MODEL = flags.DEFINE_string(
    "model",
    None,
    "model directory, exported folder, or URL of a served model",
    required=True,
)
_THRESHOLD = flags.DEFINE_float(
    "threshold", None, "relation threshold in place of the model's", lower_bound=0, upper_bound=1
)
_BRAT = flags.DEFINE_string("brat", None, "a new folder for a brat collection, in place of lines of JSON")
_INPUT = flags.DEFINE_enum(
    "input_format", None, ["txt", "jsonl"], "of all files and standard input; by default by a file's ending"
)
_TEXTS = flags.DEFINE_integer("texts_at_once", 256, "texts that are answered together", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 0, "threads of TensorFlow; 0 for one a core", lower_bound=0)


class Line(NamedTuple):
    """A text and where it stands; the error if it can't be read.

    Attributes:
      place: for messages.
      name: of its brat document.
      text: to be answered.
      others: the other fields of its JSON object.
      error: what is wrong with the line.
    """

    place: str
    name: str
    text: str
    others: dict[str, Any]
    error: str = ""


def main(paths: Sequence[str]) -> None:
    """Reads, predicts and prints."""
    for path in paths:
        if path != "-" and (pathlib.Path(path).is_dir() or not os.access(path, os.R_OK)):
            raise InputError(f"{path}: no such file, or not readable, expected a text file")
    folder = _new_brat_folder(_BRAT.value) if _BRAT.value else None
    if "://" not in _MODEL.value:
        program.import_tensorflow_quietly()
        program.set_threads(_THREADS.value)
        program.skip_graph_optimization()
    model = client.load(_MODEL.value)
    lines = _lines(paths)
    refused = 0
    with tqdm(desc="texts", unit="", disable=None) as progress:  # only on a terminal
        while batch := list(itertools.islice(lines, _TEXTS.value)):
            for line, found in zip(batch, _answers(model, batch), strict=True):
                refused += isinstance(found, str)
                if isinstance(found, str):
                    progress.write(f"error: {line.place}: {found}", file=sys.stderr)
                if folder is None:
                    print(json.dumps(_record(line, found), ensure_ascii=False), flush=True)
                elif not isinstance(found, str):
                    files.write_text(folder / f"{line.name}.ann", found.to_brat())
                    files.write_text(folder / f"{line.name}.txt", found.text)
            progress.update(len(batch))
    if refused:
        sys.exit(1)


def _answers(model: Client, batch: Sequence[Line]) -> list[Document | str]:
    """The document of each line, or why it is refused."""
    readable = [line.text for line in batch if not line.error]
    answers: list[Document | str]
    try:
        answers = [*model(readable, _THRESHOLD.value)]
    except RefusedInputError as error:
        if len(readable) == 1:
            answers = [str(error).removeprefix("text 0: ")]
        else:  # one of them, at least: each on its own
            answers = [_answers(model, [line])[0] for line in batch if not line.error]
    remaining = iter(answers)
    return [line.error or next(remaining) for line in batch]


def _record(line: Line, found: Document | str) -> dict[str, Any]:
    if isinstance(found, str):
        return {**line.others, "text": line.text, "error": found}
    return {**line.others, **found.to_json()}


def _new_brat_folder(name: str) -> pathlib.Path:
    folder = pathlib.Path(name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: exists already, expected a new or empty folder")
    return folder


def _lines(paths: Sequence[str]) -> Iterator[Line]:
    """The lines that are not blank."""
    for path in paths or ["-"]:
        place, stem = ("standard input", "text") if path == "-" else (path, pathlib.Path(path).stem)
        is_json = (_INPUT.value or pathlib.Path(path).suffix.removeprefix(".")) == "jsonl"
        with sys.stdin.buffer if path == "-" else open(path, "rb") as file:
            for number, content in enumerate(file, start=1):
                if number == 1:
                    content = content.removeprefix(codecs.BOM_UTF8)
                if content.strip():
                    line = _json_line(content) if is_json else _text_line(content)
                    yield line._replace(place=f"{place}: line {number}", name=f"{stem}-{number}")


def _text_line(content: bytes) -> Line:
    text = content.decode("utf-8", errors="replace").strip("\r\n")
    return Line("", "", text, {}, _not_utf8(content))


def _json_line(content: bytes) -> Line:
    text, error = content.decode("utf-8", errors="replace").strip("\r\n"), _not_utf8(content)
    if error:
        return Line("", "", text, {}, error)
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as problem:
        return Line("", "", text, {}, f"{problem}, expected JSON")
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        return Line("", "", text, {}, 'expected an object with a string as its "text"')
    return Line("", "", record.pop("text"), record)


def _not_utf8(content: bytes) -> str:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"byte {error.start} is not UTF-8, expected UTF-8 text"
    return ""


if __name__ == "__main__":
    program.run_with_arguments(main)
