"""One point of benchmarks.training.growth: trains on one corpus in a process of its own."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import multiprocessing
import pathlib
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, cast

import numpy as np

from benchmarks.other_programs import OtherPrograms
from benchmarks.training.growth_results import Cost
from jner_re import program
from jner_re.config import ModelConfig, TrainConfig
from jner_re.errors import InputError
from jner_re.schema import Sentence

if TYPE_CHECKING:
    import tensorflow as tf

    from jner_re.encoders.module import Encoder
    from jner_re.features.inputs import Frozen

RANDOM = "random"  # in an encoder's place: random vectors of MiniLM's shape
_RANDOM_LAYERS, _RANDOM_WIDTH = 7, 384
_WARM_UP_STEPS = 10


def measured(config: ModelConfig, train: TrainConfig, sentences: Sequence[Sentence], threads: int) -> Cost:
    """What `measure` gives, from a new process, so that the memory is this corpus's alone.

    Raises:
      InputError: the process died, or raised one.
    """
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, spawn) as executor:
        try:
            return executor.submit(measure, config, train, sentences, threads).result()
        except BrokenProcessPool:
            raise InputError(
                f"the process that trained on {len(sentences):,} sentences died, perhaps for want of memory"
            ) from None


def measure(config: ModelConfig, train: TrainConfig, sentences: Sequence[Sentence], threads: int) -> Cost:
    """`cost` in a process that has done nothing before."""
    program.start_worker(threads)
    return cost(config, train, sentences)


def cost(config: ModelConfig, train: TrainConfig, sentences: Sequence[Sentence]) -> Cost:
    """Features, a warm-up of a few steps, and one pass over all sentences."""
    from benchmarks.training.trainer import Trainer, open_task

    with _opened(config) as (frozen, cache):
        start = time.process_time()
        task = open_task(config, sentences, frozen, cache)
        prepared = time.process_time() - start
        trainer = Trainer(task, train, 0)
        trainer.one_pass(_WARM_UP_STEPS)
        others = OtherPrograms()
        start = time.process_time()
        seconds = trainer.one_pass()["seconds"]
        return Cost(
            sentences=len(sentences),
            tokens=sum(len(sentence.tokens) for sentence in sentences),
            entities=sum(len(sentence.entities) for sentence in sentences),
            prepare_seconds=prepared,
            seconds=seconds,
            processor_seconds=time.process_time() - start,
            memory=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            other_programs=others.cores(),
        )


class _RandomEncoder:
    """Gives random vectors, the same ones in every run."""

    fingerprint = RANDOM
    num_layers, width = _RANDOM_LAYERS, _RANDOM_WIDTH

    def __init__(self) -> None:
        self._random = np.random.default_rng(1)

    def encode(self, tokens: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """As the contract of encoders says."""
        import tensorflow as tf

        shape = (*tokens.shape, self.num_layers, self.width)
        return tf.constant(self._random.standard_normal(shape, np.float32))


@contextlib.contextmanager
def _opened(config: ModelConfig) -> Iterator[tuple[Frozen, pathlib.Path]]:
    """Encoder and word vectors, and where the encoder's layers are kept: of random ones for the moment."""
    from jner_re.features.cache import feature_cache
    from jner_re.features.inputs import open_frozen

    if config.encoder != RANDOM:
        yield open_frozen(config), feature_cache()
        return
    # Characters are something to read, without which a model of the encoder alone would be refused.
    frozen = open_frozen(dataclasses.replace(config, encoder="", char_rnn_size=1))
    with tempfile.TemporaryDirectory() as folder:
        yield (
            dataclasses.replace(frozen, encoders={RANDOM: cast("Encoder", _RandomEncoder())}),
            pathlib.Path(folder),
        )
