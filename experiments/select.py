"""Chooses the texts whose annotation would teach a model most.

%s --model=runs/mine --count=50 --output=next.jsonl [FILES]

--model is a model directory of training: an export doesn't say how sure it is of its tags. Texts are read
as `predict` reads them: lines of text, of JSON with a "text", or the .txt files of a folder. The chosen
ones are written with what the model finds in them, to be corrected: as documents (JSON lines), or with
--output_format for an annotation tool. They are those of which the model is least sure: of the tags (one
minus the probability of the best sequence, by length), and of relations that score near the threshold. Of
texts that are nearly the same one is chosen. Each is printed with its score and with what the model is
least sure of; where the format keeps further fields, they are in "selection".
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence

from absl import flags

from jner_re import program
from jner_re.errors import InputError
from jner_re.extraction.rows import RefusedInputError, checked_texts

from . import prediction_output, text_lines

_MODEL = flags.DEFINE_string("model", None, "model directory", required=True)
_COUNT = flags.DEFINE_integer("count", 50, "texts to choose", lower_bound=1)
_OUTPUT = flags.DEFINE_string(
    "output", None, "new file (brat: new folder) of the chosen texts", required=True
)
_OUTPUT_FORMAT = flags.DEFINE_enum(
    "output_format",
    prediction_output.DOCUMENTS,
    [prediction_output.DOCUMENTS, *prediction_output.FORMATS],
    "of --output",
)
_INPUT = flags.DEFINE_enum(
    "input_format", None, ["txt", "jsonl"], "of all files and standard input; by default by a file's ending"
)
_BY = flags.DEFINE_enum(
    "by",
    "max",
    ["max", "sum"],
    "what counts of a text: its least certain sentence and relation, or the sum over all, which prefers long "
    "texts",
)
_THREADS = flags.DEFINE_integer("threads", 0, "threads of TensorFlow; 0 for one a core", lower_bound=0)


def main(paths: Sequence[str]) -> None:
    """Reads, chooses, writes and prints."""
    paths = paths or [text_lines.STANDARD_INPUT]
    text_lines.check(paths, _INPUT.value)
    text_lines.check_names(paths)
    if "://" in _MODEL.value:
        raise InputError(f"--model is {_MODEL.value}, expected a model directory, not a URL")
    collection = prediction_output.new(_OUTPUT.value, _OUTPUT_FORMAT.value)
    lines, refused = [], 0
    for line in text_lines.read(paths, _INPUT.value):
        (text,) = checked_texts([line.text])
        error = line.error or (text.problem if isinstance(text, RefusedInputError) else "")
        if error:
            refused += 1
            print(f"error: {line.place}: {error}", file=sys.stderr)
        else:
            lines.append(line)
    if not lines:
        raise InputError(f"no texts in {', '.join(paths)}, expected some to choose from")
    program.import_tensorflow_quietly(_THREADS.value)
    from jner_re.extraction import selection

    read = selection.Reader(_MODEL.value).read([line.text for line in lines])
    chosen = selection.select(read, _COUNT.value, _BY.value)
    written = 0
    for rank, each in enumerate(chosen, 1):
        line, reason = lines[each.number], each.reason
        told = {"rank": rank, "score": round(each.score, 4), "reason": reason}
        document = prediction_output.with_fields(line, read[each.number].document)
        document = dataclasses.replace(document, fields={**document.fields, "selection": told})
        problem = collection.add(document)
        if problem:
            refused += 1
            print(f"error: {line.place}: {problem}", file=sys.stderr)
        else:
            written += 1
            program.print_utf8(f"{rank}\t{each.score:.2f}\t{line.name}\t{reason}")
    collection.close()
    print(f"chosen: {written} of {len(lines)} texts", file=sys.stderr)
    if refused:
        sys.exit(1)


if __name__ == "__main__":
    program.run_with_arguments(main)
