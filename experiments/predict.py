"""Finds entities and relations in raw text.

%s --model=runs/mine [FILES] > found.jsonl

--model is a model directory, an exported folder (its newest version), or the URL of a model behind TensorFlow
Serving, such as http://localhost:8501/v1/models/jner_re. Every line of the files (- or none for standard
input) that is not blank is a text of one or more sentences; in a folder, every .txt file is one. In files
that end in .jsonl, and wherever --input_format=jsonl says so, a line is a JSON object with a text as its
"text"; its other fields are given back. Each text gives a line of JSON, or on a terminal what
--output_format=text gives, lines to read:

{"text": …, "entities": [{"type", "start", "end", "text", "score"}],
 "relations": [{"type", "head", "tail", "score"}]}

start and end count characters (Unicode code points, end exclusive); head and tail index the entities; scores
are probabilities. With --clusters, "cluster_relations" has {"type", "head", "tail", "score", "relation"}:
lists of indexes of entities, and the index of the relation with the highest score between them.

With --output=PATH and --output_format of an annotation tool the answers are a collection for it instead, such
as tasks for Label Studio with predictions, or a folder for brat with scores as notes: each text, exactly, is
a document, whose id is the name of the file in a folder, the "id" of a JSON object, or else FILE-LINE.

A sentence of more than 2,000 tokens is broken; "broken_at" then says at which characters. A text that is not
UTF-8, and a line that is not such JSON, gives
{"text": …, "error": …} instead (and no document of a collection); a JSON object its own fields and the error,
and so no "text" if it has none. All others are answered all the same; then the exit code is 1.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence

from absl import flags
from tqdm import tqdm

from jner_re import program
from jner_re.document import Document
from jner_re.errors import InputError
from jner_re.extraction import client, precision

from . import answers, given_clusters, prediction_output, text_lines
from .text_lines import Line

_MODEL = flags.DEFINE_string(
    "model",
    None,
    "model directory, exported folder, id of either on the Hugging Face hub (owner/name), or URL of a served "
    "model, such as http://localhost:8501/v1/models/jner_re",
    required=True,
)
_THRESHOLD = flags.DEFINE_float(
    "threshold",
    None,
    "relation threshold in place of the model's; an export gives none below its --min_score",
    lower_bound=0,
    upper_bound=1,
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "the collection for an annotation tool: a file, or, for brat, a new folder"
)
_INPUT = flags.DEFINE_enum(
    "input_format", None, ["txt", "jsonl"], "of all files and standard input; by default by a file's ending"
)
_OUTPUT_FORMAT = flags.DEFINE_enum(
    "output_format",
    None,
    ["jsonl", "text", *prediction_output.FORMATS],
    "printed: jsonl (JSON) or text (lines to read, such as Ada Berg (Peop) —Live_In→ Oslo (Loc) 0.98), by "
    "default text on a terminal, else jsonl; of --output: the annotation tool's format",
)
_CLUSTERS = flags.DEFINE_boolean(
    "clusters",
    False,
    "also give relations between clusters of coreferent mentions, which lines of JSON bring along: "
    '"entities", and "clusters", lists of their indexes',
)
_TEXTS = flags.DEFINE_integer("batch_size", 256, "texts that are answered together", lower_bound=1)
_PRECISION = flags.DEFINE_enum("precision", precision.FLOAT32, precision.CHOICES, precision.HELP)
_THREADS = flags.DEFINE_integer("threads", 0, "threads of TensorFlow; 0 for one a core", lower_bound=0)


def main(paths: Sequence[str]) -> None:
    """Reads, predicts and prints."""
    paths = paths or [text_lines.STANDARD_INPUT]
    text_lines.check(paths, _INPUT.value)
    is_json = _is_json()
    collection = _collection()
    if collection:
        text_lines.check_names(paths)
    if "://" not in _MODEL.value:
        program.import_tensorflow_quietly(_THREADS.value)
        program.skip_graph_optimization()
    model = client.load(_MODEL.value, _PRECISION.value)
    lines = text_lines.read(paths, _INPUT.value)
    refused = 0
    typed = text_lines.STANDARD_INPUT in paths and sys.stdin.isatty()
    if typed:
        print("A text a line; Ctrl+D ends.", file=sys.stderr)
    among_answers = sys.stdout.isatty() and collection is None
    with tqdm(desc="texts", unit="", disable=among_answers or None) as progress:  # only on a terminal
        while batch := list(itertools.islice(lines, 1 if typed else _TEXTS.value)):
            for line, found in zip(batch, answers.answers(model, batch, _THRESHOLD.value), strict=True):
                if _CLUSTERS.value and isinstance(found, Document):
                    found = given_clusters.clustered(line, found)
                if collection and isinstance(found, Document):
                    found = collection.add(prediction_output.with_fields(line, found)) or found
                if isinstance(found, str):
                    refused += 1
                    progress.write(f"error: {line.place}: {found}", file=sys.stderr)
                if not collection:
                    _print(is_json, line, found)
            progress.update(len(batch))
            if collection:
                collection.flush()
    if collection:
        collection.close()
    if refused:
        sys.exit(1)


def _print(is_json: bool, line: Line, found: Document | str) -> None:
    if is_json:
        program.print_utf8(answers.as_json(line, found, _CLUSTERS.value))
    else:
        print(answers.as_text(line, found, _CLUSTERS.value), flush=True)


def _is_json() -> bool:
    """Whether answers are printed as JSON."""
    return (_OUTPUT_FORMAT.value or ("text" if sys.stdout.isatty() else "jsonl")) == "jsonl"


def _collection() -> prediction_output.Collection | None:
    """What --output asks for; raises InputError if it can't be written there."""
    format, path = _OUTPUT_FORMAT.value or "jsonl", _OUTPUT.value
    if format in prediction_output.FORMATS:
        if _CLUSTERS.value:
            raise InputError(f"--clusters is given, and {format} has none, expected --output_format=jsonl")
        if not path:
            raise InputError(f"--output_format={format} needs --output")
        return prediction_output.new(path, format)
    if path:
        raise InputError(
            f"--output is for annotation tools, and {format} is printed, expected "
            f"--output_format={' or '.join(prediction_output.FORMATS)}"
        )
    return None


if __name__ == "__main__":
    program.run_with_arguments(main)
