"""Evaluates a trained model on an annotated corpus.

%s --model=DIR --corpus=test.json --output=evaluation.json

Of documents (.jsonl, brat) the model reads the raw text, as in production: what it splits otherwise than the
annotation counts as missed.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from absl import flags

from jner_re import config as configs
from jner_re import corpora, files, program
from jner_re.config import ModelConfig
from jner_re.corpora import data_dir
from jner_re.corpora.formats import FORMAT_HELP, FORMATS, SPLIT_FORMATS, TEXT_FORMATS, format_of
from jner_re.document import Document
from jner_re.errors import InputError
from jner_re.models import hub_model, model_files
from jner_re.models.model_vocabulary import ModelVocabulary
from jner_re.schema import Scored, Sentence

from . import reader_flags

if TYPE_CHECKING:
    from jner_re.evaluation.whole_texts import WholeText

_MODEL = flags.DEFINE_string(
    "model", None, "model directory, or its id on the Hugging Face hub, owner/name", required=True
)
_CORPUS = flags.DEFINE_string(
    "corpus", None, "annotated corpus; sample for the test set of the bundled corpus", required=True
)
_FORMAT = flags.DEFINE_enum("corpus_format", None, list(FORMATS), f"format of the corpus, {FORMAT_HELP}")
flags.adopt_module_key_flags(reader_flags)
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
    folder, report_path = hub_model.find(_MODEL.value), _report_path()
    config, _ = configs.load(folder / model_files.CONFIG)
    corpus = data_dir.located(_CORPUS.value)
    if _CORPUS.value == data_dir.SAMPLE:
        corpus /= "test.json"
    format = format_of(corpus, _FORMAT.value)
    style = config.tokenization if format in TEXT_FORMATS else None
    given = {"lines": config.lines, "window": config.window, **reader_flags.given()}
    read = corpora.load(corpus, format, style, **given)
    from_text = format in SPLIT_FORMATS
    if from_text and not read.documents:
        raise InputError(f"{corpus}: no annotated document; the first problem: {read.findings[0]}")
    sentences = read.sentences if from_text else read.valid_sentences()
    program.import_tensorflow_quietly(_THREADS.value)
    from jner_re.evaluation import calibration, whole_texts
    from jner_re.evaluation.evaluate import evaluate
    from jner_re.evaluation.report import facts, page
    from jner_re.evaluation.table import table
    from jner_re.models import model_dir

    threshold = _THRESHOLD.value
    if threshold is None:
        threshold = model_files.read_threshold(folder, config)
    annotated: Sequence[Sentence] = sentences
    if from_text:
        report, texts, scored = _from_text(folder, config, read.documents or [], threshold)
        report["not_read"] = whole_texts.rows(
            finding.loss for finding in read.document_findings if finding.loss
        )
        annotated = texts
    else:
        report, scored = evaluate(model_dir.load(folder), sentences, threshold, _CORPUS.value)
    about = facts.facts(folder, corpus, sentences, _THRESHOLD.value, annotated if from_text else None)
    report["threshold"] = threshold
    if _CALIBRATION.value:
        results = calibration.calibration(annotated, scored)
        report["calibration"] = {task: result.to_json() for task, result in results.items()}
    if _OUTPUT.value:
        files.write_text(files.user_path(_OUTPUT.value), json.dumps(report, indent=1) + "\n")
    if report_path:
        drawn = whole_texts.WholeText.drawn if from_text else Document.of_sentence
        files.write_text(report_path, page(report, annotated, scored, threshold, about, drawn))
    source = f"the raw text of {_CORPUS.value}" if from_text else _CORPUS.value
    print(f"Strict scores on {source}:\n{table(report)}\nrelation threshold: {about[facts.THRESHOLD]}")
    if from_text:
        print(whole_texts.tables(report))
    if report_path:
        print(f"report: {report_path}")
    if _CALIBRATION.value:
        print(f"\n{calibration.table(results)}")


def _from_text(
    folder: pathlib.Path, config: ModelConfig, documents: Sequence[Document], threshold: float
) -> tuple[dict[str, Any], list[WholeText], list[Scored]]:
    """What `whole_texts.evaluate` gives."""
    from jner_re.evaluation import whole_texts
    from jner_re.extraction import client

    predicted = client.load(folder)([document.text for document in documents], 0.0)
    vocabulary = ModelVocabulary.load(folder / model_files.VOCABULARY)
    pairs = vocabulary.argument_types if config.typed_pairs else None
    reading = whole_texts.Reading(
        config.tokenization, config.lines, vocabulary.label_set, pairs, config.relation_distance
    )
    return whole_texts.evaluate(documents, predicted, reading, threshold, _CORPUS.value)


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
