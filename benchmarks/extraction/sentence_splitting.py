"""How well raw text is split into sentences: `split_text` and, if it is installed, the package sentencex.

    python -m benchmarks.extraction.sentence_splitting --conll04=DIR --ade=FILE

Sentences of the corpora are joined by spaces into texts, and the breaks found inside these are compared with
the true ones. CoNLL04 has only tokens; ADE is measured with its printed sentences and with their tokens.
Throughput is that of one text, on as many cores as --threads says.
"""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Iterator

from absl import flags

from benchmarks.extraction.sentence_scores import Splitter, score, starts_of
from benchmarks.measuring import timed
from jner_re import program
from jner_re.corpora import ade_rel, spert_json
from jner_re.corpora.text_files import read_text

_CONLL04 = flags.DEFINE_string("conll04", None, "folder of CoNLL04's train.json, dev.json and test.json")
_ADE = flags.DEFINE_string("ade", None, "DRUG-AE.rel")
_SENTENCES = flags.DEFINE_integer("sentences", 10, "sentences of a text", lower_bound=2)
_CHARACTERS = flags.DEFINE_integer("characters", 1_000_000, "length of the text that is timed", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 1, "threads of TensorFlow; 0 for one a core", lower_bound=0)


def main() -> None:
    """Measures and prints."""
    program.import_tensorflow_quietly(_THREADS.value)
    splitters = {"split_text": in_graph(), **sentencex_if_installed()}
    text = ""
    for corpus, sentences in corpora(_CONLL04.value, _ADE.value):
        for name, splitter in splitters.items():
            print(f"{corpus}, {name}: {score(sentences, splitter, _SENTENCES.value)}", flush=True)
        text = f"{text} {' '.join(sentences)}"
    if not text:
        raise SystemExit("give --conll04 or --ade")
    text = (text * (_CHARACTERS.value // len(text) + 1))[: _CHARACTERS.value]
    for name, splitter in splitters.items():
        seconds = min(timed(functools.partial(splitter, text))[0] for _ in range(3))
        print(f"{name}: {len(text) / seconds:,.0f} characters a second")


def corpora(data_dir: str | None, ade: str | None) -> Iterator[tuple[str, list[str]]]:
    """The name of each part of a corpus and its sentences."""
    if data_dir:
        for split in ("train", "dev", "test"):
            path = pathlib.Path(data_dir) / f"{split}.json"
            yield f"CoNLL04 {split}", [" ".join(sentence.tokens) for sentence in spert_json.read(path)]
    if ade:
        rows = [line.split("|") for line in read_text(pathlib.Path(ade)).text.splitlines()]
        printed = list(dict.fromkeys(row[1] for row in rows))
        tokens = [" ".join(sentence.tokens) for sentence in ade_rel.load(pathlib.Path(ade)).sentences]
        for kind, sentences in (("as printed", printed), ("tokens", tokens)):
            half = len(sentences) // 2
            yield f"ADE {kind}, first half", sentences[:half]
            yield f"ADE {kind}, second half", sentences[half:]


def in_graph() -> Splitter:
    """Of our own."""
    import tensorflow as tf

    from jner_re.text.splitter import split_text

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def starts(texts: tf.Tensor) -> tf.Tensor:
        return split_text(texts, "fine").starts[:, :, :1].flat_values

    return lambda text: starts(tf.constant([text])).numpy().tolist()


def sentencex_if_installed() -> dict[str, Splitter]:
    """The package that the project used before."""
    try:
        import sentencex
    except ImportError:
        return {}
    return {"sentencex": lambda text: starts_of(sentencex.segment("en", text))}


if __name__ == "__main__":
    program.run(main)
