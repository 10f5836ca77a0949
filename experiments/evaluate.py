"""Evaluates a trained model on an annotated corpus.

%s --model=DIR --corpus=test.json --output=evaluation.json

Of documents (.jsonl, brat) the model reads the raw text, as in production: what it splits otherwise than the
annotation counts as missed.
"""

from __future__ import annotations

import functools
import json
import logging
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from absl import flags

from jner_re import config as configs
from jner_re import constraints, files, program
from jner_re.config import ModelConfig
from jner_re.constraints import Constraints
from jner_re.corpora.corpus import Corpus
from jner_re.corpora.formats import SPLIT_FORMATS
from jner_re.document import Document
from jner_re.errors import InputError
from jner_re.models import hub_model, model_files
from jner_re.models.model_vocabulary import ModelVocabulary
from jner_re.schema import Scored, Sentence

from . import annotated, constraints_flag

if TYPE_CHECKING:
    from jner_re.extraction.client import Client
    from jner_re.models.model_dir import TrainedModel

_MODEL = flags.DEFINE_string(
    "model", None, "model directory, or its id on the Hugging Face hub, owner/name", required=True
)
_CORPUS = flags.DEFINE_string(
    "corpus", None, "annotated corpus; sample for the test set of the bundled corpus", required=True
)
flags.adopt_module_key_flags(annotated)
flags.adopt_module_key_flags(constraints_flag)
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
_PRECISION = flags.DEFINE_float(
    "precision",
    None,
    "instead: the threshold that gives relations this precision on --dev, with the highest recall",
    lower_bound=0,
    upper_bound=1,
)
_DEV = flags.DEFINE_string(
    "dev",
    None,
    "with --precision, the annotated corpus, in the format of --corpus, that it is reached on; "
    "sample for the dev set of the bundled corpus",
)
_CALIBRATION = flags.DEFINE_boolean(
    "calibration", False, "also say how well calibrated the scores are, in a table and in --output"
)
_THREADS = flags.DEFINE_integer("threads", 0, "threads of TensorFlow; 0 for one a core", lower_bound=0)

_FEW = 50  # relations of dev, by which a precision says little
_LOGGER = logging.getLogger("jner_re")


def main() -> None:
    """Predicts, compares, prints the table and writes what is asked for."""
    report_path = _report_path()
    if (_PRECISION.value is None) != (_DEV.value is None):
        raise InputError("one of --precision and --dev is given alone, expected both or none")
    if _PRECISION.value is not None and _THRESHOLD.value is not None:
        raise InputError("--precision and --threshold are given, expected one of them")
    folder = hub_model.find(_MODEL.value)
    config, _ = configs.load(folder / model_files.CONFIG)
    declared = constraints_flag.given()
    if declared is None:
        declared = constraints.load_if_there(folder)
    corpus = _read(_CORPUS.value, "test", config)
    dev = _read(_DEV.value, "dev", config) if _DEV.value else None
    program.import_tensorflow_quietly(_THREADS.value)
    from jner_re.evaluation import calibration, whole_texts
    from jner_re.evaluation.report import facts, page
    from jner_re.evaluation.table import table

    evaluation = _Evaluation(folder, config, declared)
    chosen = _THRESHOLD.value if dev is None else _threshold_on(dev, evaluation)
    threshold = model_files.read_threshold(folder, config) if chosen is None else chosen
    report, sentences, scored = evaluation.of(corpus, threshold)
    texts = sentences if corpus.from_text else None
    about = facts.facts(folder, corpus.path, corpus.sentences, chosen, texts, declared)
    report["threshold"] = threshold
    if _CALIBRATION.value:
        results = calibration.calibration(sentences, scored)
        report["calibration"] = {task: result.to_json() for task, result in results.items()}
    if _OUTPUT.value:
        files.write_text(files.user_path(_OUTPUT.value), json.dumps(report, indent=1) + "\n")
    if report_path:
        drawn = whole_texts.WholeText.drawn if corpus.from_text else Document.of_sentence
        files.write_text(report_path, page(report, sentences, scored, threshold, about, drawn))
    source = f"the raw text of {corpus.name}" if corpus.from_text else corpus.name
    print(f"Strict scores on {source}:\n{table(report)}\nrelation threshold: {about[facts.THRESHOLD]}")
    if corpus.from_text:
        print(whole_texts.tables(report))
    if report_path:
        print(f"report: {report_path}")
    if _CALIBRATION.value:
        print(f"\n{calibration.table(results)}")


class _Corpus(NamedTuple):
    """An annotated corpus; of documents, the model reads the raw text."""

    name: str
    path: pathlib.Path
    sentences: list[Sentence]
    read: Corpus
    from_text: bool


def _read(name: str, split: str, config: ModelConfig) -> _Corpus:
    read, path, format = annotated.load(name, split, config)
    from_text = format in SPLIT_FORMATS
    if from_text and not read.documents:
        raise InputError(f"{path}: no annotated document; the first problem: {read.findings[0]}")
    return _Corpus(name, path, read.sentences if from_text else read.valid_sentences(), read, from_text)


class _Evaluation:
    """Predicts and compares; the model is opened once."""

    def __init__(self, folder: pathlib.Path, config: ModelConfig, declared: Constraints) -> None:
        self._folder, self._config, self._declared = folder, config, declared

    def of(
        self, corpus: _Corpus, threshold: float
    ) -> tuple[dict[str, Any], Sequence[Sentence], list[Scored]]:
        """The scores; what they are of; what was found, relations of any score."""
        if not corpus.from_text:
            from jner_re.evaluation.evaluate import evaluate

            report, scored = evaluate(self._model, corpus.sentences, threshold, corpus.name)
            return report, corpus.sentences, scored
        from jner_re.evaluation import whole_texts
        from jner_re.models.declared import Declared

        documents, config = corpus.read.documents or [], self._config
        predicted = self._client([document.text for document in documents], 0.0)
        vocabulary = ModelVocabulary.load(self._folder / model_files.VOCABULARY)
        learned = vocabulary.argument_types if config.typed_pairs else None
        declared = Declared(vocabulary.label_set, self._declared)
        reading = whole_texts.Reading(
            config.tokenization,
            config.lines,
            vocabulary.label_set,
            declared.triples(learned),
            config.relation_distance,
            config.language,
            bool(self._declared.argument_types),
        )
        report, texts, scored = whole_texts.evaluate(documents, predicted, reading, threshold, corpus.name)
        report["not_read"] = whole_texts.rows(
            finding.loss for finding in corpus.read.document_findings if finding.loss
        )
        return report, texts, scored

    @functools.cached_property
    def _model(self) -> TrainedModel:
        from jner_re.models import model_dir

        return model_dir.load(self._folder, constraints=self._declared)

    @functools.cached_property
    def _client(self) -> Client:
        from jner_re.extraction.client import Client
        from jner_re.extraction.in_process import ModelDirectory

        return Client(ModelDirectory(self._folder, constraints=self._declared))


def _threshold_on(dev: _Corpus, evaluation: _Evaluation) -> float:
    """The threshold that --precision asks for; prints what it gives on dev."""
    from jner_re.evaluation.pr_curve import pr_curve, threshold_for

    _, sentences, scored = evaluation.of(dev, 0.0)
    assert _PRECISION.value is not None
    threshold = threshold_for(sentences, scored, _PRECISION.value)
    if threshold is None:
        raise InputError(f"--precision is {_PRECISION.value:g}, which no threshold reaches on {dev.name}")
    curve = pr_curve(sentences, scored, [threshold])
    right, wrong, missed = (int(counts[0]) for counts in (curve.tp, curve.fp, curve.fn))
    print(
        f"On {dev.path}, relations above {threshold:.4f} have a precision of {100 * curve.precision[0]:.2f} "
        f"and a recall of {100 * curve.recall[0]:.2f}: {right} right, {wrong} wrong, {missed} missed.\n"
    )
    if right + wrong < _FEW:
        _LOGGER.warning("%d relations of dev are above it: too few to promise a precision", right + wrong)
    return threshold


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
