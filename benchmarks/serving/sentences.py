"""The sentences that exported models are asked for, by flags."""

from __future__ import annotations

from absl import flags

from jner_re import files
from jner_re.corpora import data_dir, spert_json
from jner_re.schema import Sentence

CORPUS = flags.DEFINE_string("corpus", None, "sentences (SpERT's JSON); by default the sample corpus's")
BATCHES = flags.DEFINE_list("batches", ["1", "8", "32"], "batch sizes")
SENTENCES = flags.DEFINE_integer("sentences", 256, "sentences of a round", lower_bound=1)
ROUNDS = flags.DEFINE_integer("rounds", 5, "rounds that are measured", lower_bound=1)


def read() -> list[Sentence]:
    """All of them."""
    if CORPUS.value:
        return spert_json.load(files.user_path(CORPUS.value)).valid_sentences()
    return [s for name in data_dir.SPLITS for s in data_dir.read_sample(name)]


def texts(sentences: list[Sentence]) -> list[str]:
    """Those of a round, each as a text."""
    return [" ".join(sentence.tokens) for sentence in sentences[: SENTENCES.value]]
