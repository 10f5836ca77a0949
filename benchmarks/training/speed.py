"""Training speed of the joint model on cached features, beside the same network in PyTorch, in one run.

    python -m benchmarks.training.speed --data_dir=DIR --torch_python=TORCH_ENVIRONMENT/bin/python

Both train on the batches of the same first epoch, with dropout, the same optimizer and a moving average of
the weights. They take turns, a pass over the batches each, so that what else the machine does meets both
alike; before each round the speed of a large matrix product is measured. The first pass of each, in which
graphs are traced and loops compiled, is reported apart. docs/performance.md says what came out.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import pathlib
import resource
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from absl import flags

from benchmarks.measuring import peak_operations
from benchmarks.other_programs import OtherPrograms
from benchmarks.torch_process import TorchProcess
from benchmarks.training.batch_file import write_batches
from benchmarks.training.results import TORCH, Measurement, Side, table
from jner_re import files, program
from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora import data_dir
from jner_re.errors import InputError

if TYPE_CHECKING:
    from benchmarks.training.trainer import Task

_DATA_DIR = flags.DEFINE_string(
    "data_dir", "sample", "folder with train.json, or sample for the bundled corpus"
)
_TORCH_PYTHON = flags.DEFINE_string(
    "torch_python", "", "Python of an environment with PyTorch and NumPy; empty to leave PyTorch out"
)
_BATCHES = flags.DEFINE_list("batches", ["2", "8", "32"], "batch sizes")
_THREADS = flags.DEFINE_integer(
    "threads", 0, "threads of each implementation; 0 for one a core", lower_bound=0
)
_ROUNDS = flags.DEFINE_integer("rounds", 3, "turns of each implementation at each batch size", lower_bound=1)
_STEPS = flags.DEFINE_integer(
    "steps", 0, "batches of a pass; 0 for the whole epoch, else the result is scaled to it", lower_bound=0
)
_WITHOUT_XLA = flags.DEFINE_boolean("without_xla", False, "measure training with --nojit_compile as well")
_PROFILE = flags.DEFINE_boolean("profile", False, "say, for each batch size, where the package's time goes")
_OUTPUT = flags.DEFINE_string("output", "", "file for the results, a JSON line for each batch size")

# On a quiet machine other programs use fewer cores, and the product always reaches this share of its best.
_QUIET_CORES, _STEADY_PEAK = 0.2, 0.8

# The architecture and the training recipe of experiments/presets/conll04_fast.flags.
MODEL = ModelConfig(rnn_dropout=0.5, pair_context_size=128, typed_pairs=True, entity_weighted=True)
TRAIN = TrainConfig(learning_rate=1e-3, average_decay=0.99)


def main() -> None:
    """Measures each batch size and prints the table."""
    batch_sizes = parsed_batch_sizes(_BATCHES.value)
    folder = data_dir.located(_DATA_DIR.value)
    sentences = data_dir.read_split(folder, "train")
    threads = _THREADS.value or len(os.sched_getaffinity(0))
    program.import_tensorflow_quietly(threads)
    program.start_xla_quietly()
    from benchmarks.training.trainer import open_task

    task = open_task(MODEL, sentences)
    measurements: list[Measurement] = []
    for batch_size in batch_sizes:
        measurements.append(measure(task, batch_size, threads))
        if _OUTPUT.value:
            lines = [measurement.json_line() + "\n" for measurement in measurements]
            files.write_text(files.user_path(_OUTPUT.value), "".join(lines))
    peaks = [peak for measurement in measurements for peak in measurement.peaks]
    memory = max(measurement.memory for measurement in measurements)
    print(
        f"\n{len(sentences)} sentences an epoch, {threads} threads, largest resident set "
        f"{memory / 2**30:.2f} GiB, matrix product {min(peaks) / 1e9:.0f} to {max(peaks) / 1e9:.0f} GFLOP/s\n"
    )
    print(table(measurements))
    others = max(measurement.other_programs for measurement in measurements)
    if others > _QUIET_CORES or min(peaks) < _STEADY_PEAK * max(peaks):
        print("\nThe machine was not quiet: these speeds say little, and PyTorch's suffer most.")


def parsed_batch_sizes(values: list[str]) -> list[int]:
    """The flag's numbers.

    Raises:
      InputError: one is no positive number.
    """
    for value in values:
        if not value.isdecimal() or int(value) < 1:
            raise InputError(f"batches is {value!r}, expected positive numbers such as 2,8,32")
    return [int(value) for value in values]


def measure(task: Task, batch_size: int, threads: int) -> Measurement:
    """All rounds at one batch size, and the profiles if asked for."""
    from benchmarks.training import stages, trainer
    from benchmarks.training.products import training_operations

    train = dataclasses.replace(TRAIN, batch_size=batch_size)
    trainers = {"jner_re": trainer.Trainer(task, train, _STEPS.value)}
    if _WITHOUT_XLA.value:
        plain = dataclasses.replace(train, jit_compile=False)
        trainers["jner_re, no XLA"] = trainer.Trainer(task, plain, _STEPS.value)
    batches = trainers["jner_re"].arrays()
    others, peaks = OtherPrograms(), []
    with contextlib.ExitStack() as stack:
        first: dict[str, dict[str, Any]] = {}
        turns: dict[str, Callable[[], dict[str, Any]]] = {}
        if _TORCH_PYTHON.value:
            process = stack.enter_context(TorchProcess(_TORCH_PYTHON.value, "benchmarks.training.torch_side"))
            first[TORCH] = build_torch(process, task.architecture(), train, batches, threads)
            turns[TORCH] = functools.partial(process.ask, command="pass")
        for name, one in trainers.items():
            first[name] = {
                **one.one_pass(),
                "version": trainer.VERSION,
                "parameters": one.parameters,
            }
            turns[name] = one.one_pass
        rounds: list[dict[str, dict[str, Any]]] = []
        for i in range(_ROUNDS.value):
            peaks.append(peak_operations())
            rounds.append({name: turn() for name, turn in turns.items()})
            seconds = ", ".join(f"{name} {result['seconds']:.2f} s" for name, result in rounds[-1].items())
            print(f"batch {batch_size}, round {i + 1}: {seconds}", flush=True)
    other_programs = others.cores()
    if _PROFILE.value:
        for name, one in trainers.items():
            print(f"\nbatch {batch_size}, {name}\n{stages.profile(one)}\n", flush=True)
    return Measurement(
        batch_size=batch_size,
        steps=len(batches),
        sentences=sum(len(batch["lengths"]) for batch in batches),
        tokens=sum(int(batch["lengths"].sum()) for batch in batches),
        epoch_sentences=len(task.corpus.sentences),
        operations=sum(
            training_operations(task.config, task.sizes, task.label_set, batch) for batch in batches
        ),
        threads=threads,
        other_programs=other_programs,
        peaks=peaks,
        memory=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        sides={name: side(first[name], [turn[name] for turn in rounds]) for name in [*trainers, *turns]},
    )


def build_torch(
    process: TorchProcess,
    architecture: dict[str, Any],
    train: TrainConfig,
    batches: list[dict[str, np.ndarray]],
    threads: int,
) -> dict[str, Any]:
    """Hands the batches over and waits for the first pass."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "batches.npz"
        write_batches(path, batches)
        return process.ask(
            command="build",
            architecture=architecture,
            train=dataclasses.asdict(train),
            batches=str(path),
            threads=threads,
        )


def side(first: dict[str, Any], rounds: list[dict[str, Any]]) -> Side:
    """The first pass apart from those of the rounds."""
    return Side(
        version=first["version"],
        parameters=first["parameters"],
        first_seconds=first["seconds"],
        seconds=[one["seconds"] for one in rounds],
        losses=[one["loss"] for one in rounds],
    )


if __name__ == "__main__":
    program.run(main)
