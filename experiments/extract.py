"""Finds entities and relations in a corpus of any size, on several cores or machines.

%s --model=exported/mine --input=corpus/ --output=found/

--input is a file, a folder or else a pattern in quotes ("corpus/*.jsonl"). Files end in .txt (a text a line),
in .jsonl (a JSON object a line) or .parquet (a text a row); --text_field names the field or column of the
text, others are given back. The corpus is divided into shards of --shard_size lines, and each becomes one
file, part-00000.jsonl and so on, in the order of the files and their lines; a file begins a new one. It holds
what predict prints, or with Parquet the columns entities, relations, broken_at and error after those of the
input (if the input is no Parquet, after the text and "fields", the other fields as JSON).

Interrupted, the same command goes on: parts that are there are not made again. manifest.json says from what
they were made; with another input, model or shard size the folder is refused. A worker that dies is replaced
and its shard done again. How far it is is shown, all the time on a terminal, else every ten seconds. A text
that is refused has an "error" in place of the rest, and the exit code is 1.

Needs Ray, the extra "distributed": pip install --editable '.[distributed]' in a checkout. With --ray_address
the workers are on a cluster: --model, --input and --output must be the same shared folders on every machine,
and the package installed there.
"""

from __future__ import annotations

import pathlib
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from absl import flags

from jner_re import files, program
from jner_re.errors import InputError
from jner_re.extraction import client, precision

from . import ray_session
from .sharding import manifest, part_files, shard_pool, shards
from .sharding.part_worker import Outcome, Task
from .sharding.progress import Progress
from .sharding.shards import Shard
from .text_lines import TAKEN, TEXT

_MODEL = flags.DEFINE_string("model", None, "exported folder, or model directory", required=True)
_INPUT = flags.DEFINE_string(
    "input", None, "file, folder, or pattern of .txt, .jsonl or .parquet files", required=True
)
_OUTPUT = flags.DEFINE_string("output", None, "folder of the parts: new, or to go on with", required=True)
_FORMAT = flags.DEFINE_enum(
    "output_format", None, ["jsonl", "parquet"], "of the parts; by default that of the input, of text jsonl"
)
_FIELD = flags.DEFINE_string("text_field", TEXT, "field or column of the text")
_SIZE = flags.DEFINE_integer("shard_size", 2000, "lines or rows a part", lower_bound=1)
_THRESHOLD = flags.DEFINE_float(
    "threshold",
    None,
    "relation threshold in place of the model's; an export gives none below its --min_score",
    lower_bound=0,
    upper_bound=1,
)
_WORKERS = flags.DEFINE_integer("workers", 0, "processes; 0 for one a core (or --threads)", lower_bound=0)
_THREADS = flags.DEFINE_integer("threads", 1, "threads of TensorFlow in each worker", lower_bound=1)
_PRECISION = flags.DEFINE_enum("precision", precision.FLOAT32, precision.CHOICES, precision.HELP)
_BATCH = flags.DEFINE_integer("batch_size", 256, "texts that are answered together", lower_bound=1)
_ADDRESS = flags.DEFINE_string(
    "ray_address",
    None,
    "of a cluster, such as 10.0.0.5:6379 or auto; by default this machine alone works",
)


def main() -> None:
    """Divides the corpus, has the missing parts made, and reports."""
    begin = time.monotonic()
    ray_session.check_installed()
    if not _ADDRESS.value:  # a cluster's machines check their own processors
        precision.check(_PRECISION.value)
    output = files.user_path(_OUTPUT.value).resolve()
    paths = shards.find_files(_INPUT.value)
    if any(path.parent == output for path in paths):
        raise InputError(f"{output}: holds the input, expected another folder as --output")
    task = _task(output, paths[0].suffix.removeprefix("."))
    settings = {
        "model": manifest.fingerprint(pathlib.Path(task.model)),
        "shard_size": _SIZE.value,
        "text_field": task.text_field,
        "threshold": task.threshold,
        "output_format": task.ending,
    }
    if task.precision != precision.FLOAT32:  # folders that are older than the flag don't name it
        settings["precision"] = task.precision
    waiting = f"another program writes to {output}, waiting for it"
    with files.locked(output / ".lock", lambda: print(waiting, file=sys.stderr)):
        everything = shards.divide(paths, _SIZE.value, task.text_field)
        manifest.check_or_write(output, settings, paths)
        _remove_unfinished(output)
        there = [shard for shard in everything if task.part(shard).exists()]
        todo = [shard for shard in everything if shard not in set(there)]
        before = sum(part_files.count(task.part(shard)) for shard in there)
        totals = _make(todo, task, sum(shard.count for shard in there)) if todo else Counter[str]()
        _remove_unfinished(output)
    totals["there already"] += len(there)
    totals["before"] += before
    _report(totals, time.monotonic() - begin)
    if totals["refused"] or totals["failed"]:
        sys.exit(1)


def _task(output: pathlib.Path, input_format: str) -> Task:
    if _FIELD.value in (*TAKEN, "fields"):
        raise InputError(f"--text_field is {_FIELD.value!r}, a field of the answer, expected another name")
    if "://" in _MODEL.value:
        raise InputError(f"{_MODEL.value}: is a URL, expected an exported folder or a model directory")
    model = client.local_folder(_MODEL.value).resolve()
    ending = _FORMAT.value or ("parquet" if input_format == "parquet" else "jsonl")
    return Task(
        model=str(model),
        output=str(output),
        ending=ending,
        text_field=_FIELD.value,
        threshold=_THRESHOLD.value,
        threads=_THREADS.value,
        batch_size=_BATCH.value,
        precision=_PRECISION.value,
    )


def _make(todo: Sequence[Shard], task: Task, done: int) -> Counter[str]:
    """Makes parts, and counts what is in them; `done` lines are in parts that are there."""
    totals: Counter[str] = Counter()
    lines = {shard.name: shard.count for shard in todo}
    with (
        Progress(done + sum(lines.values()), done, task.begun) as progress,
        ray_session.start(_ADDRESS.value, _WORKERS.value * task.threads or None),
    ):
        workers = _WORKERS.value or ray_session.cpus() // task.threads
        if not workers:
            raise InputError(f"--threads is {task.threads}, expected at most {ray_session.cpus()}, the cores")
        for outcome in shard_pool.run(todo, task, min(workers, len(todo))):
            for line in _messages(outcome):
                progress.write(line)
            totals += _counts(outcome)
            progress.add(lines[outcome.name])
    return totals


def _messages(outcome: Outcome) -> Iterator[str]:
    if outcome.problem:
        yield f"error: {outcome.name}: {outcome.problem}; the same command tries it again"
    if outcome.attempts > 1:
        yield f"{outcome.name}: done at attempt {outcome.attempts}, its worker had died"
    yield from (f"error: {line}" for line in outcome.refused)


def _counts(outcome: Outcome) -> Counter[str]:
    if outcome.there:
        return Counter({"there already": 1, "before": outcome.texts, "refused": len(outcome.refused)})
    names = ("texts", "tokens", "entities", "relations")
    return Counter(
        {name: getattr(outcome, name) for name in names}
        | {"refused": len(outcome.refused), "failed" if outcome.problem else "made": 1}
    )


def _remove_unfinished(output: pathlib.Path) -> None:
    """What workers that were killed have left beside their parts."""
    for path in output.glob(".part-*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _report(totals: Counter[str], seconds: float) -> None:
    print(f"parts: {totals['made']} made, {totals['there already']} there already, {totals['failed']} failed")
    before = f", {totals['before']} of them from before; of the others" if totals["before"] else ", of these"
    print(f"texts: {totals['before'] + totals['texts']}{before} {totals['refused']} refused")
    if not totals["made"] and not totals["failed"]:
        return
    print("found: {entities} entities, {relations} relations in {tokens} tokens".format_map(totals))
    print(f"time:  {seconds:.1f} s, {totals['texts'] / seconds:.1f} texts a second")


if __name__ == "__main__":
    program.run(main)
