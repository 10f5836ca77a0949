"""Four processes that share stores, of which one is killed."""

from __future__ import annotations

import multiprocessing
import pathlib
import random
import signal
import time
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerContext

from benchmarks.faults import store_worker
from benchmarks.faults.store_worker import Content, Corpus, Work

PROCESSES = 4
_PART = 25  # sentences that are encoded at once, at most, of which a process's next parts share some
_PARTS = 6  # of a process
_CALLS = (4, 60)  # of writing, of which the killed one dies in one: of making a store, or of all
_SECONDS = 120  # that nothing here takes


def context() -> ForkServerContext:
    """What starts processes that have TensorFlow already: from a process that has, but hasn't used it."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([store_worker.__name__])
    return found


def one_round(
    folder: pathlib.Path,
    corpora: Sequence[Sequence[Corpus]],
    expected: Mapping[str, Content],
    draws: random.Random,
    *,
    in_a_call: bool,
    seconds: float,
) -> tuple[str, list[str]]:
    """Four processes of which one is killed.

    Args:
      folder: of the stores, new.
      corpora: of each process.
      expected: of each store, at least what these corpora have.
      draws: of what is killed and when.
      in_a_call: the killed one does it itself while it writes; else it is killed at any moment.
      seconds: in which that moment lies.

    Returns:
      How the one that was to be killed has ended, and what was not as promised.
    """
    victim = draws.randrange(PROCESSES)
    call = draws.randrange(draws.choice(_CALLS)) if in_a_call else None
    works = [
        Work(folder, own, expected, call if i == victim else None, seed=i) for i, own in enumerate(corpora)
    ]
    started = context()
    ready = started.Barrier(PROCESSES + 1)
    processes = [started.Process(target=store_worker.start, args=(work, ready)) for work in works]
    for process in processes:
        process.start()
    ready.wait(_SECONDS)
    if not in_a_call:
        time.sleep(draws.uniform(0, seconds))
        processes[victim].kill()
    problems = []
    for i, process in enumerate(processes):
        process.join(_SECONDS)
        if process.exitcode is None:
            problems.append(f"process {i} waits for ever")
            process.kill()
        elif process.exitcode and (i, process.exitcode) != (victim, -signal.SIGKILL):
            problems.append(f"process {i} ended with {process.exitcode}")
    killed = processes[victim].exitcode == -signal.SIGKILL
    wanted = {sentence.tokens for own in corpora for corpus in own for sentence in corpus}
    all_of_it = {name: {k: v for k, v in had.items() if k in wanted} for name, had in expected.items()}
    if store_worker.content(folder, [corpus for own in corpora for corpus in own]) != all_of_it:
        problems.append("the stores give something else than that of one process")
    problems += store_worker.problems(folder, all_of_it, int(killed))
    if not killed:
        return "ended before", problems
    return "killed in a writing call" if in_a_call else "killed at any moment", problems


def drawn(sentences: Corpus, draws: random.Random) -> list[Corpus]:
    """Parts of a corpus for one process."""
    return [draws.sample(sentences, draws.randint(1, _PART)) for _ in range(_PARTS)]
