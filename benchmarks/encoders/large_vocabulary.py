"""What a SentencePiece vocabulary as large as XLM-RoBERTa's costs in a SavedModel: disk, memory, time.

    python -m benchmarks.encoders.large_vocabulary --pieces=250000 --threads=1

Pieces and words are random letters of several scripts. The SavedModel is loaded in a process of its own.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tempfile
from typing import Any

import numpy as np
from absl import flags

from benchmarks.measuring import timed
from jner_re import program

_PIECES = flags.DEFINE_integer("pieces", 250_000, "of the vocabulary", lower_bound=100)
_WORDS = flags.DEFINE_integer("words", 20_000, "that are split", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 1, "threads of TensorFlow", lower_bound=1)
_LOAD = flags.DEFINE_string("load", None, "only load this SavedModel and split words")
_PROGRAM = "benchmarks.encoders.large_vocabulary"
_SCRIPTS = ((0x61, 26), (0x430, 32), (0xE01, 46), (0x4E00, 8000), (0xAC00, 8000))


def main() -> None:
    """Makes the SavedModel, and measures it in another process."""
    program.import_tensorflow_quietly(_THREADS.value)
    if _LOAD.value:
        _measure(pathlib.Path(_LOAD.value))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "tokenizer")
        seconds, _ = timed(lambda: _save(path))
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        print(f"{_PIECES.value:,} pieces: made and saved in {seconds:.1f} s, {size / 1e6:.1f} MB", flush=True)
        given = [f"--{flag.name}={flag.value}" for flag in (_WORDS, _THREADS)]
        subprocess.run([sys.executable, "-m", _PROGRAM, f"--load={path}", *given], check=True)


def _letters(count: int, most: int) -> list[str]:
    """Random words of 1 to `most` letters."""
    random = np.random.default_rng(0)
    starts, sizes = np.array(_SCRIPTS)[random.integers(len(_SCRIPTS), size=count)].T
    letters = starts[:, np.newaxis] + (random.random([count, most]) * sizes[:, np.newaxis]).astype(int)
    ends = random.integers(1, most + 1, count).tolist()
    return ["".join(map(chr, row[:end])) for row, end in zip(letters.tolist(), ends, strict=True)]


def _save(path: pathlib.Path) -> None:
    import tensorflow as tf

    from jner_re.encoders.sentence_pieces import SentencePieceVocabulary, model_of
    from jner_re.encoders.sentencepiece_model import NORMAL, UNKNOWN

    texts = dict.fromkeys(
        letters for word in _letters(3 * _PIECES.value, 7) for letters in (word, "▁" + word)
    )
    scores = np.random.default_rng(1).uniform(-18, -8, len(texts)).tolist()
    pieces = [(text, score, NORMAL) for text, score in zip(texts, scores, strict=True)]
    model = model_of([("<unk>", 0.0, UNKNOWN), *pieces[: _PIECES.value]])
    vocabulary = SentencePieceVocabulary(model, 0, 0, 0, False, (), (), (("metaspace", "always"),))
    module = tf.Module()
    module.tokenizer = vocabulary.tokenizer()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "words")])
    def split(words: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"ids": module.tokenizer(words).values}

    tf.saved_model.save(module, str(path), signatures={"serving_default": split})


def _resident() -> float:
    """Mebibytes of this process."""
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def _measure(path: pathlib.Path) -> None:
    import tensorflow as tf
    import tensorflow_text  # noqa: F401  (registers the ops)

    before = _resident()
    loaded: list[Any] = []

    def load() -> None:
        loaded.append(tf.saved_model.load(str(path)))

    seconds, _ = timed(load)
    split = loaded[0].signatures["serving_default"]
    words = _letters(_WORDS.value, 12)
    split(words=tf.constant(words[:10]))
    more = _resident() - before
    print(f"TensorFlow {tf.__version__}: loaded in {seconds:.1f} s, {more:.0f} MiB resident more")
    for batch in (20, 1000):
        parts = [tf.constant(words[i : i + batch]) for i in range(0, len(words), batch)]

        def split_all(parts: list[Any] = parts) -> None:
            for part in parts:
                split(words=part)["ids"].numpy()

        seconds, used = timed(split_all)
        wall, processor = len(words) / seconds, len(words) / used
        print(f"{batch} words a call: {wall:,.0f} words/s, {processor:,.0f} by processor time")


if __name__ == "__main__":
    program.run(main)
