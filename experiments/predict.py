"""Finds entities and relations in raw text.

python -m experiments.predict --model_dir=DIR [FILES] > found.jsonl

Every line of the files (- or none for standard input) that is not blank is a text of one or more
sentences. Each gives a line of JSON:

{"text": …, "entities": [{"type", "start", "end", "text", "score"}],
 "relations": [{"type", "head", "tail", "score"}]}

start and end count characters (Unicode code points, end exclusive); head and tail index the entities; scores
are probabilities. A text that has too long a sentence or is not UTF-8 gives {"text": …, "error": …} instead;
the exit code is then 1, after all others are answered.
"""

from __future__ import annotations

import codecs
import itertools
import json
import os
import pathlib
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from absl import flags

from jner_re import program
from jner_re.errors import InputError

if TYPE_CHECKING:
    from jner_re.extractor import Extractor

_MODEL_DIR = flags.DEFINE_string("model_dir", None, "folder of the model", required=True)
_THRESHOLD = flags.DEFINE_float(
    "threshold", None, "relation threshold in place of the model's", lower_bound=0, upper_bound=1
)
_TEXTS = flags.DEFINE_integer("texts_at_once", 256, "texts that are answered together", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 0, "threads of TensorFlow; 0 for one a core", lower_bound=0)


class Line(NamedTuple):
    """A text and where it stands; the error if it can't be read."""

    place: str
    text: str
    error: str = ""


def main(paths: Sequence[str]) -> None:
    """Reads, predicts and prints."""
    for path in paths:
        if path != "-" and (pathlib.Path(path).is_dir() or not os.access(path, os.R_OK)):
            raise InputError(f"{path}: no such file, or not readable, expected a text file")
    program.import_tensorflow_quietly()
    program.set_threads(_THREADS.value)
    program.skip_graph_optimization()
    from jner_re import extractor

    model = extractor.load(_MODEL_DIR.value)
    lines = _lines(paths)
    refused = 0
    while batch := list(itertools.islice(lines, _TEXTS.value)):
        for found in _answers(model, batch):
            refused += "error" in found
            print(json.dumps(found, ensure_ascii=False), flush=True)
    if refused:
        sys.exit(1)


def _answers(model: Extractor, batch: Sequence[Line]) -> Iterator[dict[str, Any]]:
    """What each line of the output says; a text that is refused is also reported on standard error."""
    texts, split, errors = [], [], {}
    for number, line in enumerate(batch):
        try:
            if line.error:
                raise InputError(line.error)
            split.append(model.split(line.text))
            texts.append(line.text)
        except InputError as error:
            errors[number] = str(error)
            print(f"error: {line.place}: {error}", file=sys.stderr)
    documents = iter(model.documents(texts, split, _THRESHOLD.value))
    for number, line in enumerate(batch):
        if number in errors:
            yield {"text": line.text, "error": errors[number]}
        else:
            yield next(documents).to_json()


def _lines(paths: Sequence[str]) -> Iterator[Line]:
    """The lines that are not blank."""
    for path in paths or ["-"]:
        name = "standard input" if path == "-" else path
        with sys.stdin.buffer if path == "-" else open(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                if number == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)
                text, place = line.decode("utf-8", errors="replace").strip("\r\n"), f"{name}: line {number}"
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError as error:
                    yield Line(place, text, f"byte {error.start} is not UTF-8, expected UTF-8 text")
                else:
                    if text.strip():
                        yield Line(place, text)


if __name__ == "__main__":
    program.run_with_arguments(main)
