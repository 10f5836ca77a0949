"""Speed of a full-size ELMo (2x4096_512_2048cnn_2xhighway, random weights), PyTorch beside it.

    python -m benchmarks.encoders.elmo --corpus=test.json --torch_python=torch-env/bin/python --threads=1

Sentences in batches of similar length go through both in turn; PyTorch runs the same LSTMs (nn.LSTM with
proj_size, packed sequences, no clipping) and the same character CNN over every distinct word. GFLOP/s counts
the matrix products and convolutions that the sentences need, padding left out. Peak is a product of two
2048 x 2048 matrices, measured in every round.
"""

from __future__ import annotations

import pathlib
import resource
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from absl import flags

from benchmarks.measuring import peak_operations, spread, timed
from benchmarks.torch_process import TorchProcess
from jner_re import files, program
from jner_re.corpora import data_dir, spert_json

_CORPUS = flags.DEFINE_string("corpus", None, "sentences (SpERT's JSON); by default the sample corpus")
_TORCH = flags.DEFINE_string(
    "torch_python", None, "Python of an environment with PyTorch; not compared by default"
)
_BATCHES = flags.DEFINE_list("batches", ["1", "8", "32"], "batch sizes")
_SENTENCES = flags.DEFINE_integer("sentences", 64, "sentences of a round", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 3, "rounds that are measured", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 1, "threads of each", lower_bound=1)

WIDTH, UNITS, LAYERS, CHAR_WIDTH = 512, 4096, 2, 16
FILTERS = ((1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024))
HIGHWAY = 2
SIZES = {
    "width": WIDTH, "units": UNITS, "layers": LAYERS, "char_width": CHAR_WIDTH, "filters": FILTERS,
    "highway": HIGHWAY,
}  # fmt: skip


def main() -> None:
    """Measures and prints."""
    program.import_tensorflow_quietly(_THREADS.value)
    from jner_re.encoders.elmo import Elmo

    encoder = Elmo(random_checkpoint())
    sentences = read_sentences()
    tokens = np.mean([len(sentence) for sentence in sentences])
    print(f"{len(sentences)} sentences of {tokens:.1f} tokens, {_THREADS.value} threads")
    torch = TorchProcess(_TORCH.value, "benchmarks.encoders.elmo_torch") if _TORCH.value else None
    if torch is not None:
        print("PyTorch", torch.ask(threads=_THREADS.value, **SIZES)["version"])
    for size in map(int, _BATCHES.value):
        measure(encoder, [sentences[i : i + size] for i in range(0, len(sentences), size)], size, torch)
    print(f"largest resident set: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


def measure(encoder: Any, batches: Sequence[list[list[str]]], size: int, torch: TorchProcess | None) -> None:
    """Prints what a batch size gives."""
    import tensorflow as tf

    inputs = []
    for batch in batches:
        steps = max(map(len, batch))
        inputs.append(
            (tf.constant([[*s, *[""] * (steps - len(s))] for s in batch]), tf.constant(list(map(len, batch))))
        )

    def ours() -> None:
        for tokens, lengths in inputs:
            encoder.tokens(tokens, lengths)["layers"].numpy()

    work = sum(map(products, batches))
    if torch is not None:
        torch.ask(batches=[[list(map(len, batch)), len(different(batch))] for batch in batches])
    turns: dict[str, Callable[[], float]] = {"ours": lambda: timed(ours)[0], "peak": peak_operations}
    if torch is not None:
        turns["PyTorch"] = lambda: torch.ask(run=True)["seconds"]
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(_ROUNDS.value + 1):
        for name, turn in turns.items():
            seconds[name].append(turn())
    rounds = {name: times[1:] for name, times in seconds.items()}
    count = sum(map(len, batches))
    rate = [work / s for s in rounds["ours"]]
    of_peak = [r / p for r, p in zip(rate, rounds["peak"], strict=True)]
    speed = spread([count / s for s in rounds["ours"]], ".1f")
    line = f"batch {size}: {speed} sentences/s, {spread([r / 1e9 for r in rate], '.1f')} GFLOP/s"
    line += f", {spread(of_peak, '.0%')} of peak"
    if torch is not None:
        ratios = [t / s for t, s in zip(rounds["PyTorch"], rounds["ours"], strict=True)]
        line += f", {spread(ratios, '.2f')} times PyTorch's speed"
    print(line, flush=True)


def products(batch: Sequence[Sequence[str]]) -> float:
    """Floating-point operations of a batch: of the CNN for every word once, of the LSTMs for every token."""
    features = sum(number for _, number in FILTERS)
    word = sum((51 - size) * size * CHAR_WIDTH * number for size, number in FILTERS)
    word += HIGHWAY * 2 * features**2 + features * WIDTH
    token = 2 * LAYERS * (2 * WIDTH * 4 * UNITS + UNITS * WIDTH)
    words = len(different(batch)) + 2
    return 2.0 * (words * word + sum(len(sentence) + 2 for sentence in batch) * token)


def different(batch: Sequence[Sequence[str]]) -> set[str]:
    """The words of a batch."""
    return {word for sentence in batch for word in sentence}


def random_checkpoint() -> Any:
    """Weights of the published size."""
    from jner_re.encoders.elmo_checkpoint import ElmoCheckpoint, Lstm, Options

    random = np.random.default_rng(0)

    def values(*shape: int) -> np.ndarray:
        return 0.02 * random.standard_normal(shape, np.float32)

    features = sum(number for _, number in FILTERS)
    options = Options(CHAR_WIDTH, FILTERS, HIGHWAY, "relu", UNITS, WIDTH, LAYERS, 3.0, 3.0, True)
    return ElmoCheckpoint(
        options,
        values(262, CHAR_WIDTH),
        tuple((values(size, CHAR_WIDTH, number), values(number)) for size, number in FILTERS),
        tuple(
            (values(features, features), values(features), values(features, features), values(features))
            for _ in range(HIGHWAY)
        ),
        (values(features, WIDTH), values(WIDTH)),
        tuple(
            tuple(
                Lstm(values(2 * WIDTH, 4 * UNITS), values(4 * UNITS), values(UNITS, WIDTH))
                for _ in range(LAYERS)
            )
            for _ in range(2)
        ),
        pathlib.Path("random"),
    )


def read_sentences() -> list[list[str]]:
    """Sorted by length."""
    if _CORPUS.value:
        sentences = spert_json.load(files.user_path(_CORPUS.value)).valid_sentences()
    else:
        sentences = data_dir.read_sample("test")
    return sorted((list(s.tokens) for s in sentences[: _SENTENCES.value]), key=len)


if __name__ == "__main__":
    program.run(main)
