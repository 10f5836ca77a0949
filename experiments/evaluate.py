"""Evaluates a trained model on an annotated corpus.

%s --model=DIR --corpus=test.json --output=evaluation.json
"""

from __future__ import annotations

import json
import pathlib

from absl import flags

from jner_re import config as configs
from jner_re import corpora, files, program
from jner_re.corpora import data_dir
from jner_re.corpora.formats import FORMAT_HELP, FORMATS, TEXT_FORMATS, format_of
from jner_re.errors import InputError
from jner_re.models import model_files

_MODEL = flags.DEFINE_string("model", None, "model directory", required=True)
_CORPUS = flags.DEFINE_string(
    "corpus", None, "annotated corpus; sample for the test set of the bundled corpus", required=True
)
_FORMAT = flags.DEFINE_enum("corpus_format", None, list(FORMATS), f"format of the corpus, {FORMAT_HELP}")
_OUTPUT = flags.DEFINE_string(
    "output", None, "where the evaluation is written as JSON; not written by default"
)
_REPORT = flags.DEFINE_string(
    "report",
    None,
    "where a page (HTML) with the scores and every error is written; by default that of --output, "
    "if it is given, with the ending .html in place of .json or after another; empty for none",
)
_THRESHOLD = flags.DEFINE_float(
    "threshold", None, "relation threshold in place of the model's", lower_bound=0, upper_bound=1
)
_CALIBRATION = flags.DEFINE_boolean(
    "calibration", False, "also say how well calibrated the scores are, in a table and in --output"
)
_THREADS = flags.DEFINE_integer("threads", 0, "threads of TensorFlow; 0 for one a core", lower_bound=0)


def main() -> None:
    """Predicts, compares, prints the table and writes what is asked for."""
    folder, report_path = files.user_path(_MODEL.value), _report_path()
    config, _ = configs.load(folder / model_files.CONFIG)
    corpus = data_dir.located(_CORPUS.value)
    if _CORPUS.value == data_dir.SAMPLE:
        corpus /= "test.json"
    format = format_of(corpus, _FORMAT.value)
    sentences = corpora.read(corpus, format, config.tokenization if format in TEXT_FORMATS else None)
    program.import_tensorflow_quietly(_THREADS.value)
    from jner_re.evaluation import calibration
    from jner_re.evaluation.evaluate import evaluate
    from jner_re.evaluation.report import facts, page
    from jner_re.evaluation.table import table
    from jner_re.models import model_dir

    model = model_dir.load(folder)
    threshold = model.threshold if _THRESHOLD.value is None else _THRESHOLD.value
    report, scored = evaluate(model, sentences, threshold, _CORPUS.value)
    about = facts.facts(folder, corpus, sentences, _THRESHOLD.value)
    report["threshold"] = threshold
    if _CALIBRATION.value:
        results = calibration.calibration(sentences, scored)
        report["calibration"] = {task: result.to_json() for task, result in results.items()}
    if _OUTPUT.value:
        files.write_text(files.user_path(_OUTPUT.value), json.dumps(report, indent=1) + "\n")
    if report_path:
        files.write_text(report_path, page(report, sentences, scored, threshold, about))
    print(f"Strict scores on {_CORPUS.value}:\n{table(report)}\nrelation threshold: {about[facts.THRESHOLD]}")
    if report_path:
        print(f"report: {report_path}")
    if _CALIBRATION.value:
        print(f"\n{calibration.table(results)}")


def _report_path() -> pathlib.Path | None:
    if _REPORT.value is None and _OUTPUT.value:
        output = files.user_path(_OUTPUT.value)
        if output.suffix == ".html":
            raise InputError(
                f"--output is {output}, the report's name, expected another such as evaluation.json"
            )
        return output.parent / f"{output.name.removesuffix('.json')}.html"
    return files.user_path(_REPORT.value) if _REPORT.value else None


if __name__ == "__main__":
    program.run(main)
