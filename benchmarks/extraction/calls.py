"""What calling the extractor costs: opening a model, the first call, one warm sentence, many sentences.

    python -m benchmarks.extraction.calls --model=runs/demo --threads=1

Times are wall-clock and processor time; one warm sentence is the median of many calls, in which the extractor
and its encoder alone take turns, so that what else the machine does meets both alike.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from absl import flags

from benchmarks.measuring import timed
from jner_re import files, program
from jner_re.corpora import data_dir

if TYPE_CHECKING:
    from jner_re.extraction.client import Client
    from jner_re.extraction.extractor import Extractor
    from jner_re.schema import Scored

_MODEL = flags.DEFINE_string("model", None, "model directory", required=True)
_CALLS = flags.DEFINE_integer("calls", 100, "calls on one warm sentence", lower_bound=1)
_SENTENCES = flags.DEFINE_integer("sentences", 1000, "sentences of the last measurement", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 0, "threads of TensorFlow; 0 for one a core", lower_bound=0)


def main() -> None:
    """Measures and prints."""
    start, used = time.perf_counter(), time.process_time()
    program.import_tensorflow_quietly(_THREADS.value)
    from jner_re.extraction.client import Client
    from jner_re.extraction.in_process import ModelDirectory

    directory = ModelDirectory(files.user_path(_MODEL.value))
    model = Client(directory)
    sentences = [" ".join(s.tokens) for name in ("train", "dev", "test") for s in data_dir.read_sample(name)]
    report("import and open", time.perf_counter() - start, time.process_time() - used)
    text = sentences[0]
    report("first call", *timed(lambda: model(text)))

    encoder = encoder_alone(directory.extractor, [token.text for token in model(text).tokens])
    encoder()
    whole, alone = [], []
    for _ in range(_CALLS.value):
        whole.append(timed(lambda: model(text))[0])
        alone.append(timed(encoder)[0])
    milliseconds = 1000 * statistics.median(whole)
    quartiles = [1000 * quartile for quartile in statistics.quantiles(whole, n=4)]
    share = statistics.median(alone) / statistics.median(whole)
    print(
        f"one warm sentence of {len(model(text).tokens)} tokens: {milliseconds:.1f} ms "
        f"(quartiles {quartiles[0]:.1f} to {quartiles[2]:.1f}), the encoder's share {share:.0%}"
    )
    many = [sentences[i % len(sentences)] for i in range(_SENTENCES.value)]
    tokens = sum(len(document.tokens) for document in model(many[: len(sentences)]))
    seconds, processor = timed(lambda: model(many))
    report(
        f"{len(many)} sentences of {tokens / min(len(many), len(sentences)):.0f} tokens", seconds, processor
    )
    measure_longest(model)


def measure_longest(model: Client) -> None:
    """The greatest length with as many names as such a text can have, and the process's memory after it."""
    from jner_re.text.long_sentences import MAX_TOKENS

    tokens = ["Ann", ","] * (MAX_TOKENS // 2)
    found: list[Scored] = []
    seconds, processor = timed(lambda: found.extend(model.predict([tokens])))
    memory = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**30
    report(f"one sentence of {len(tokens):,} tokens, {len(found[0][0]):,} entities", seconds, processor)
    print(f"largest resident set: {memory:.2f} GiB")


def encoder_alone(extractor: Extractor, words: list[str]) -> Callable[[], object]:
    """A call that does the encoders' part of the extractor's work on a text of one sentence."""
    import tensorflow as tf

    tokens = tf.constant([words])
    lengths = tf.constant([tokens.shape[1]])
    return lambda: [encoder.encode(tokens, lengths).numpy() for encoder in extractor.encoders]


def report(name: str, seconds: float, processor: float) -> None:
    """One line."""
    print(f"{name}: {seconds:.2f} s, {processor:.2f} s of processor time", flush=True)


if __name__ == "__main__":
    program.run(main)
