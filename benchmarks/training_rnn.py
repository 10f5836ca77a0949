"""Training speed of stacked bidirectional GRUs: Keras's layers, this package's, and PyTorch's, in one run.

    python -m benchmarks.training_rnn --torch_python=TORCH_ENVIRONMENT/bin/python

The network is a stack of bidirectional GRUs and a linear layer that labels tokens; a step is forward pass,
backward pass and Adam. The implementations take turns, so that what else the machine does meets all of them
alike; an implementation's time is that of its fastest turn. `ours_xla` is `ours` with its loops compiled by
XLA. JSON lines go to stdout, a table to stderr.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import time
from collections.abc import Callable

import pandas as pd
from absl import flags

from benchmarks.torch_process import TorchProcess
from jner_re import program

program.import_tensorflow_quietly()
import tensorflow as tf  # noqa: E402
import tf_keras as keras  # noqa: E402

from jner_re.layers.birnn_stack import BiRNNStack  # noqa: E402

_TORCH_PYTHON = flags.DEFINE_string(
    "torch_python", None, "Python of an environment with PyTorch; none: left out"
)
_BATCH_SIZES = flags.DEFINE_list("batch_sizes", ["2", "8", "32"], "sentences in a batch")
_THREADS = flags.DEFINE_integer(
    "threads", os.cpu_count() or 1, "threads of each implementation", lower_bound=1
)
_ROUNDS = flags.DEFINE_integer("rounds", 7, "turns of each implementation at each batch size", lower_bound=1)
_SECONDS = flags.DEFINE_float("seconds", 1.0, "length of a turn", lower_bound=0.01)
_TOKENS = flags.DEFINE_integer("tokens", 30, "tokens of a sentence", lower_bound=1)
_INPUT_SIZE = flags.DEFINE_integer("input_size", 400, "size of the input", lower_bound=1)
_UNITS = flags.DEFINE_integer("units", 256, "size of a GRU's state", lower_bound=1)
_LAYERS = flags.DEFINE_integer("layers", 3, "number of bidirectional GRUs", lower_bound=1)

_LABELS = 9
_PEAK_SIZE = 2048

Turn = Callable[[int], float]  # batch size -> seconds per step
Step = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


@dataclasses.dataclass(frozen=True)
class Result:
    """The speed of one implementation at one batch size."""

    implementation: str
    batch_size: int
    threads: int
    milliseconds: float
    steps_per_second: float
    gflops: float
    share_of_peak: float
    ratio_to_keras: float
    ratio_to_torch: float | None


def repeat(step: Callable[[], object]) -> float:
    """Seconds per step, over one turn."""
    step()
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < _SECONDS.value:
        step()
        steps += 1
    return (time.perf_counter() - start) / steps


def keras_network() -> keras.Model:
    inputs = states = keras.Input([None, _INPUT_SIZE.value])
    for _ in range(_LAYERS.value):
        gru = keras.layers.GRU(_UNITS.value, return_sequences=True)
        states = keras.layers.Bidirectional(gru)(states)
    return keras.Model(inputs, keras.layers.Dense(_LABELS)(states))


def our_network(jit_compile: bool) -> keras.Model:
    inputs = keras.Input([None, _INPUT_SIZE.value])
    lengths = tf.fill(tf.shape(inputs)[:1], tf.shape(inputs)[1])
    states = BiRNNStack(_UNITS.value, _LAYERS.value, jit_compile=jit_compile)(inputs, lengths)
    return keras.Model(inputs, keras.layers.Dense(_LABELS)(states))


def train_step(network: keras.Model) -> Step:
    optimizer = keras.optimizers.legacy.Adam()  # one fused operation per weight, as PyTorch's fused=True

    @tf.function(reduce_retracing=True)
    def step(inputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = network(inputs, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
        return loss

    return step


def tensorflow_turn(network: keras.Model) -> Turn:
    step = train_step(network)

    def turn(batch_size: int) -> float:
        inputs = tf.random.normal([batch_size, _TOKENS.value, _INPUT_SIZE.value])
        labels = tf.random.uniform(inputs.shape[:2], maxval=_LABELS, dtype=tf.int32)
        return repeat(lambda: step(inputs, labels).numpy())

    return turn


def torch_turn(process: TorchProcess) -> Turn:
    version = process.ask(
        threads=_THREADS.value,
        tokens=_TOKENS.value,
        input_size=_INPUT_SIZE.value,
        units=_UNITS.value,
        layers=_LAYERS.value,
        labels=_LABELS,
    )["version"]
    print(f"PyTorch {version}, TensorFlow {tf.__version__}", file=sys.stderr)

    def turn(batch_size: int) -> float:
        answer = process.ask(batch_size=batch_size, seconds=_SECONDS.value)
        return answer["seconds"] / answer["steps"]

    return turn


def peak_turn(_: int) -> float:
    """Seconds of a product of two large square matrices."""
    matrix = tf.random.normal([_PEAK_SIZE, _PEAK_SIZE])
    product = tf.function(lambda: tf.matmul(matrix, matrix)[0, 0])
    return repeat(lambda: product().numpy())


def products_of_a_step(batch_size: int) -> float:
    """Floating-point operations of a step's matrix products.

    A product x W of the forward pass has two of its size in the backward pass, for the gradients of W and of
    x; the first layer's input needs no gradient.
    """
    tokens, units = batch_size * _TOKENS.value, _UNITS.value
    widths = [_INPUT_SIZE.value, *[2 * units] * (_LAYERS.value - 1)]
    weights = sum(2 * (width + units) * 3 * units for width in widths) + 2 * units * _LABELS
    return 2.0 * tokens * (3 * weights - 2 * widths[0] * 3 * units)


def measure(turns: dict[str, Turn], batch_sizes: list[int]) -> dict[tuple[str, int], float]:
    """The fastest turn of each implementation at each batch size, in seconds per step."""
    fastest: dict[tuple[str, int], float] = {}
    for i in range(_ROUNDS.value):
        print(f"round {i + 1} of {_ROUNDS.value}", file=sys.stderr)
        for batch_size in batch_sizes:
            for name, turn in turns.items():
                seconds = turn(batch_size)
                fastest[name, batch_size] = min(seconds, fastest.get((name, batch_size), seconds))
    return fastest


def results(fastest: dict[tuple[str, int], float], batch_sizes: list[int]) -> list[Result]:
    peak = 2.0 * _PEAK_SIZE**3 / min(seconds for (name, _), seconds in fastest.items() if name == "peak")
    return [
        Result(
            implementation=name,
            batch_size=batch_size,
            threads=_THREADS.value,
            milliseconds=1000 * seconds,
            steps_per_second=1 / seconds,
            gflops=products_of_a_step(batch_size) / seconds / 1e9,
            share_of_peak=products_of_a_step(batch_size) / seconds / peak,
            ratio_to_keras=fastest["keras", batch_size] / seconds,
            ratio_to_torch=fastest["torch", batch_size] / seconds if _TORCH_PYTHON.value else None,
        )
        for batch_size in batch_sizes
        for name in ("keras", "ours", "ours_xla", "torch")
        if (seconds := fastest.get((name, batch_size)))
    ]


def print_results(rows: list[Result]) -> None:
    table = pd.DataFrame(map(dataclasses.asdict, rows)).round(3)
    print(table.to_json(orient="records", lines=True), end="")
    print(table.to_string(index=False), file=sys.stderr)


def main() -> None:
    tf.config.threading.set_intra_op_parallelism_threads(_THREADS.value)
    tf.config.threading.set_inter_op_parallelism_threads(_THREADS.value)
    turns = {
        "peak": peak_turn,
        "keras": tensorflow_turn(keras_network()),
        "ours": tensorflow_turn(our_network(jit_compile=False)),
        "ours_xla": tensorflow_turn(our_network(jit_compile=True)),
    }
    batch_sizes = [int(size) for size in _BATCH_SIZES.value]
    with contextlib.ExitStack() as stack:
        if _TORCH_PYTHON.value:
            process = TorchProcess(_TORCH_PYTHON.value, "benchmarks.training_rnn_torch")
            turns["torch"] = torch_turn(stack.enter_context(process))
        print_results(results(measure(turns, batch_sizes), batch_sizes))


if __name__ == "__main__":
    program.run(main)
