"""Four processes share stores of encoded sentences, and one of them is killed while it writes.

    python -m benchmarks.faults.store --minutes=4

Each round begins with an empty folder: four processes encode overlapping parts of the sample corpus with two
encoders, a store each; their vectors follow from the words in no time, so that it is writing that counts.
One dies by SIGKILL: in every other round in one of its own writing calls, of which a part is done, in the
others at any moment. What the survivors are given is compared bit by bit with what one undisturbed process
had; they must end without an error. Then the killed one's corpora are encoded again, and the stores must give
the same, each sentence once, no lock held, and no other file left; layers that no record tells of stay, at
most those of one write for each kill. The exit code is 1 if something is not so.
"""

from __future__ import annotations

import collections
import contextlib
import multiprocessing
import os
import pathlib
import random
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from absl import flags

from benchmarks.table import aligned_table
from jner_re import program
from jner_re.corpora import data_dir
from jner_re.errors import InputError

if TYPE_CHECKING:
    from benchmarks.faults.store_worker import Content, Corpus

_MINUTES = flags.DEFINE_float("minutes", 4, "how long", lower_bound=0)
_SEED = flags.DEFINE_integer("seed", 1, "of corpora and moments")

PROCESSES = 4
_PART = 25  # sentences that are encoded at once, at most, of which a program's next parts share some
_PARTS = 6  # of a process
_CALLS = (4, 60)  # of writing, of which the killed one dies in one: of making a store, or of all
_SECONDS = 120  # that nothing here takes


def main() -> None:
    """Rounds, and prints a table."""
    program.import_tensorflow_quietly(1)
    from benchmarks.faults import store_worker

    draws = random.Random(_SEED.value)
    sentences = data_dir.read_sample("train")
    counts: collections.Counter[str] = collections.Counter()
    wrong: list[str] = []
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(standard_error_in(folder / "log"))
        alone = time.monotonic()
        expected = store_worker.content(folder / "alone", [sentences])
        alone = time.monotonic() - alone
        end = time.monotonic() + 60 * _MINUTES.value
        while time.monotonic() < end:
            counts["rounds"] += 1
            corpora = [drawn(sentences, draws) for _ in range(PROCESSES)]
            in_a_call = bool(counts["rounds"] % 2)
            ended, problems = one_round(
                folder / str(counts["rounds"]), corpora, expected, draws, in_a_call=in_a_call, seconds=alone
            )
            counts[ended] += 1
            wrong += problems
            for line in problems:
                print(f"round {counts['rounds']}: {line}", flush=True)
        if wrong:
            print((folder / "log").read_text(errors="replace")[-4000:])
    print(aligned_table([["", "times"], *([name, str(count)] for name, count in sorted(counts.items()))]))
    if wrong:
        raise InputError(f"{len(wrong)} times something was not as promised")


@contextlib.contextmanager
def standard_error_in(log: pathlib.Path) -> Iterator[None]:
    """What this process and those that it starts say goes to a file."""
    before = os.dup(2)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


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
    from benchmarks.faults import store_worker

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([store_worker.__name__])
    victim = draws.randrange(PROCESSES)
    call = draws.randrange(draws.choice(_CALLS)) if in_a_call else None
    works = [
        store_worker.Work(folder, own, expected, call if i == victim else None, seed=i)
        for i, own in enumerate(corpora)
    ]
    ready = context.Barrier(PROCESSES + 1)
    processes = [context.Process(target=store_worker.start, args=(work, ready)) for work in works]
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


if __name__ == "__main__":
    program.run(main)
