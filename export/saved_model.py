"""Writes a trained model as one SavedModel that takes raw text, for TensorFlow Serving.

  %s --model=runs/mine --export_dir=exported/mine

Each run writes the next version, exported/mine/1, 2, …, and beside the versions what serves them:
models.config, batching.config, monitoring.config, docker-compose.yml. SIGNATURES.md in the version says what
to send and what comes back. Encoder and word vectors are in it; nothing else is needed.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from absl import flags

from jner_re import corpora, files, program
from jner_re.config import load as load_config
from jner_re.corpora import data_dir
from jner_re.corpora.formats import FORMAT_HELP, FORMATS, TEXT_FORMATS, format_of
from jner_re.errors import InputError
from jner_re.extraction.rows import BATCH_SIZE
from jner_re.models import hub_model, model_files
from jner_re.serving import serving_files
from jner_re.text.long_sentences import MAX_TOKENS
from jner_re.text.tokenization import tokenize

if TYPE_CHECKING:
    from jner_re.extraction.extractor import Extractor

_MODEL = flags.DEFINE_string(
    "model", None, "model directory, or its id on the Hugging Face hub, owner/name", required=True
)
_EXPORT_DIR = flags.DEFINE_string("export_dir", None, "folder of the versions", required=True)
_MODEL_NAME = flags.DEFINE_string("model_name", "jner_re", "under which TensorFlow Serving serves it")
_MIN_SCORE = flags.DEFINE_float(
    "min_score",
    None,
    "give relations above this score, for clients with a threshold of their own; by default the model's",
    lower_bound=0,
    upper_bound=1,
)
_PRUNE = flags.DEFINE_multi_string(
    "prune_vocabulary",
    None,
    "keep the word vectors of this corpus, or raw text (.txt), alone: the model is smaller, and answers of "
    "sentences with other words change; may be given several times",
)
_FORMAT = flags.DEFINE_enum(
    "corpus_format", None, list(FORMATS), f"format of --prune_vocabulary's corpora, {FORMAT_HELP}"
)

_EXAMPLES = flags.DEFINE_string(
    "examples",
    None,
    "file of texts that SIGNATURES.md and the local server's page show, a text a line; by default a few "
    "sentences of the training corpus, which the model directory keeps; empty for none of them",
)

_TEXT = "John Smith, born in Oslo, works for Norsk Hydro."  # where there are no examples


def main() -> None:
    """Opens, writes, tries it and reports."""
    model_dir, export_dir = hub_model.find(_MODEL.value), files.user_path(_EXPORT_DIR.value)
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", _MODEL_NAME.value):
        raise InputError(
            f"--model_name is {_MODEL_NAME.value!r}, expected a letter, digit or _, then these, . and -"
        )
    config, _ = load_config(model_dir / model_files.CONFIG)
    style = config.tokenization, config.language
    examples = serving_files.examples(model_dir, _EXAMPLES.value, *style)
    words = _words(_PRUNE.value, *style) if _PRUNE.value else None
    program.import_tensorflow_quietly()
    from jner_re.evaluation.card import card
    from jner_re.extraction import about
    from jner_re.extraction import extractor as extractors
    from jner_re.serving import saved_model, warmup

    extractor = extractors.load(model_dir, words)
    min_score = extractor.threshold if _MIN_SCORE.value is None else _MIN_SCORE.value
    with saved_model.new_version(export_dir) as new:
        version = new.folder
        saved_model.write(extractor, version, min_score)
        sentences = [list(s.tokens) for s in data_dir.read_sample("test")[:BATCH_SIZE]]
        warmup.write(version, _MODEL_NAME.value, [" ".join(s) for s in sentences], sentences)
        about.write(version, examples, min_score)
        text = (examples or [_TEXT])[0]
        files.write_text(version / model_files.CARD, card.text(model_dir))
        files.write_text(version / "SIGNATURES.md", _signatures(extractor, version, min_score, text))
        for name in serving_files.CONFIGS:
            files.write_text(new.beside / name, serving_files.config(name, _MODEL_NAME.value))
    assert new.path is not None
    size = sum(path.stat().st_size for path in new.path.rglob("*"))
    print(f"{new.path}: {size / 1e6:.1f} MB")


def _words(paths: Sequence[str], tokenization: str, language: str) -> set[str]:
    """The words of corpora or raw texts."""
    words: set[str] = set()
    for name in paths:
        path = files.user_path(name)
        if path.suffix == ".txt":
            words.update(token.text for token in tokenize(files.read_text(path), tokenization, language))
        else:
            format = format_of(path, _FORMAT.value)
            style = tokenization if format in TEXT_FORMATS else None
            for sentence in corpora.read(path, format, style, language):
                words.update(sentence.tokens)
    return words


def _signatures(extractor: Extractor, version: pathlib.Path, min_score: float, text: str) -> str:
    """SIGNATURES.md, with what the written model answers; that it answers is seen by this."""
    from jner_re.extraction.in_process import SavedModel

    written = SavedModel(version)
    tokens = [token.text for token in tokenize(text, extractor.tokenization, extractor.language)]
    answers: dict[str, tuple[list[Any], Any]] = {
        "serving_default": ([text], written.texts([text], None)),
        "tokens": ([tokens], written.sentences([tokens], None)),
    }
    return serving_files.signatures(
        answers,
        model_name=_MODEL_NAME.value,
        entity_types=", ".join(extractor.label_set.entity_types),
        relation_types=", ".join(extractor.label_set.relation_types),
        min_score=min_score,
        threshold=extractor.threshold,
        max_tokens=MAX_TOKENS,
    )


if __name__ == "__main__":
    program.run(main)
