"""Subwords of words, compared with the reference's: Hugging Face's tokenizers, trained on texts at hand.

    python -m benchmarks.encoders.tokenizers --torch_python=torch-env/bin/python \
      --texts='data/conll04/*.json,DRUG-AE.rel,wlp/*/*.txt,keepha_ja/*.txt'

Compared are every distinct word of the texts, pieces of these, random words, every assigned code point
between two letters, and long words. What SentencePiece itself normalises in another way than the reference's
version of its table is counted, too. The environment needs transformers, sentencepiece and protobuf.
"""

from __future__ import annotations

import json
import pathlib
import tempfile
from typing import Any

from absl import flags

from benchmarks.encoders import tokenizer_words
from benchmarks.table import aligned_table
from benchmarks.torch_process import TorchProcess
from jner_re import program

_TORCH = flags.DEFINE_string("torch_python", None, "Python with transformers, sentencepiece", required=True)
_TEXTS = flags.DEFINE_list(
    "texts", None, "files to train on (patterns): SpERT's .json, ADE's .rel, or text", required=True
)
_RANDOM = flags.DEFINE_integer("random", 10_000, "random words of a set at most", lower_bound=100)
_ONLY = flags.DEFINE_list("tokenizers", None, "which of them; all by default")
_SHOW = flags.DEFINE_integer("show", 0, "differences to show of each set of words", lower_bound=0)
_THREADS = flags.DEFINE_integer("threads", 1, "threads of TensorFlow", lower_bound=1)

_BATCH = 2000
_SHOWN = 20  # characters and ids of a word
_FAIRSEQ = {"cls_token": "<s>", "sep_token": "</s>", "unk_token": "<unk>"}
_BERT = {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
_WITH_FAIRSEQ = ("xlm-roberta", "camembert", "roberta", "llama")

_Words = dict[str, list[str]]


def main() -> None:
    """Compares and prints."""
    texts = {pattern: tokenizer_words.read_texts(pattern) for pattern in _TEXTS.value}
    together = [text for some in texts.values() for text in some]
    words = {pattern: tokenizer_words.distinct_words(some) for pattern, some in texts.items()}
    words |= tokenizer_words.random_words(together, _RANDOM.value)
    program.import_tensorflow_quietly(_THREADS.value)
    count = sum(map(len, words.values()))
    rows = [["tokenizer", *words, "all", "normalised otherwise"]]
    rows.append(["words", *(f"{len(some):,}" for some in words.values()), f"{count:,}", ""])
    with (
        tempfile.TemporaryDirectory() as folder,
        TorchProcess(_TORCH.value, "benchmarks.encoders.tokenizers_reference") as reference,
    ):
        text, given = pathlib.Path(folder, "texts.txt"), pathlib.Path(folder, "words.json")
        text.write_text("\n".join(together), encoding="utf-8")
        given.write_text(json.dumps(words), encoding="utf-8")
        answer = reference.ask(text=str(text), words=str(given))
        print(", ".join(answer["versions"]), flush=True)
        for name in _ONLY.value or answer["names"]:
            rows += compare(name, words, reference.ask(name=name))
    print("Differences from the reference:")
    print(aligned_table(rows))


def compare(name: str, words: _Words, expected: dict[str, Any]) -> list[list[str]]:
    """A row for each form in which the tokenizer is there; shows some differences."""
    rows = []
    for folder in map(pathlib.Path, expected["folders"]):
        found = differences(folder, words, expected)
        shown = f"{name}, tokenizer.json" if folder.name == "json" else name
        otherwise = {some: set(expected["otherwise"].get(some, ())) for some in words}
        explained = sum(i in otherwise[some] for some, places in found.items() for i in places)
        counts = [len(places) for places in found.values()]
        rows.append([shown, *(f"{n:,}" for n in (*counts, sum(counts))), f"{explained:,}"])
        print(f"{shown}: {sum(counts)} differences, {explained} normalised otherwise", flush=True)
        for some, places in found.items():
            left = sorted(places, key=lambda i: i in otherwise[some])
            for i in left[: _SHOW.value]:
                note = ", normalised otherwise" if i in otherwise[some] else ""
                ids = f"{places[i][:_SHOWN]}, not {expected['ids'][some][i][:_SHOWN]}"
                print(f"  {some}: {words[some][i][:_SHOWN]!a} {ids}{note}")
    return rows


def differences(
    folder: pathlib.Path, words: _Words, expected: dict[str, Any]
) -> dict[str, dict[int, list[int]]]:
    """For each set the numbers of the words that are split otherwise, with our ids."""
    import tensorflow as tf

    from jner_re.encoders import checkpoint_config, tokenizer_files
    from jner_re.encoders.vocabulary import SubwordVocabulary

    names = _FAIRSEQ if checkpoint_config.model_type(folder) in _WITH_FAIRSEQ else _BERT
    vocabulary = tokenizer_files.read(folder, names, expected["size"])
    unknown = vocabulary.unknown
    if isinstance(vocabulary, SubwordVocabulary):
        unknown = vocabulary.subwords.index(vocabulary.unknown)
    split = tf.function(vocabulary.tokenizer(), input_signature=[tf.TensorSpec([None], tf.string)])
    found = {}
    for some, given in words.items():
        ids: list[list[int]] = []
        for i in range(0, len(given), _BATCH):
            ids += split(tf.constant(given[i : i + _BATCH])).to_list()
        pairs = zip(ids, expected["ids"][some], strict=True)
        found[some] = {i: ours for i, (ours, theirs) in enumerate(pairs) if ours != (theirs or [unknown])}
    return found


if __name__ == "__main__":
    program.run(main)
