"""Finds entities and relations in raw text.

python -m experiments.predict --model_dir=DIR [FILES] > found.jsonl

Every line of the files, or of standard input without files, that is not blank is a text of one or more
sentences. Each gives a line of JSON:

{"text": …, "entities": [{"type", "start", "end", "text", "score"}],
 "relations": [{"type", "head", "tail", "score"}]}

start and end count characters (Unicode code points, end exclusive); head and tail index the entities; scores
are probabilities.
"""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import sys
from collections.abc import Iterator, Sequence

from absl import flags

from jner_re import program
from jner_re.errors import InputError

_MODEL_DIR = flags.DEFINE_string("model_dir", None, "folder of the model", required=True)
_THRESHOLD = flags.DEFINE_float(
    "threshold", None, "relation threshold in place of the model's", lower_bound=0, upper_bound=1
)
_TEXTS = flags.DEFINE_integer("texts_at_once", 64, "texts that are read and answered together", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 0, "threads of TensorFlow; 0 for one a core", lower_bound=0)


def main(paths: Sequence[str]) -> None:
    """Reads, predicts and prints."""
    for path in paths:
        if not (pathlib.Path(path).is_file() and os.access(path, os.R_OK)):
            raise InputError(f"{path}: no such file, or not readable, expected a text file")
    program.import_tensorflow_quietly()
    program.set_threads(_THREADS.value)
    from jner_re import prediction
    from jner_re.models import trained

    model = trained.load(pathlib.Path(_MODEL_DIR.value))
    texts = _lines(paths)
    while batch := list(itertools.islice(texts, _TEXTS.value)):
        for found in prediction.extract(model, batch, _THRESHOLD.value):
            print(json.dumps(found, ensure_ascii=False), flush=True)


def _lines(paths: Sequence[str]) -> Iterator[str]:
    """The lines that are not blank."""
    for path in paths or ["-"]:
        name = "standard input" if path == "-" else path
        with sys.stdin.buffer if path == "-" else open(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    text = line.decode("utf-8").strip("\r\n")
                except UnicodeDecodeError as error:
                    raise InputError(f"{name}: line {number}: byte {error.start} is not UTF-8") from None
                if text.strip():
                    yield text


if __name__ == "__main__":
    program.run_with_arguments(main)
