"""Where the time of a training step goes, from TensorFlow's own trace."""

from __future__ import annotations

import collections
import pathlib
import re
import tempfile
from collections.abc import Iterable, Sequence

from tensorflow.tsl.profiler.protobuf import xplane_pb2

from benchmarks.table import aligned_table
from benchmarks.training.trainer import Trainer

Event = tuple[int, int, str]  # start and end in picoseconds, name

# The first pattern found in an event's name gives its stage; an operation's is "name:Type". TensorFlow gives
# names without a scope to the GRUs' gradients, which are written by hand, and to the moving average.
_TOKENS, _CHARACTERS = r"_birnns/birnn", r"char_encoder/"
_STAGES = (
    ("scheduling of operations, XLA's loops", r"^ExecutorState::Process$"),
    ("optimizer", r"^(Na|A)dam/"),
    ("batches", r"PyFunc|Generator"),
    ("dropout", r"dropout"),
    ("GRU loops, forward, characters", rf"{_CHARACTERS}.*/while"),
    ("GRU loops, forward, tokens", rf"{_TOKENS}.*/while"),
    ("GRU loops, backward", r"^while"),
    ("GRU products outside the loops", rf"({_TOKENS}|{_CHARACTERS}|^MatMul).*MatMul"),
    ("GRU, rest", rf"{_TOKENS}|{_CHARACTERS}|^(TensorArray|Tensor|transpose|strided_slice|concat|Pad|Sum)"),
    ("moving average", r"^(sub|mul|AssignSubVariableOp)(_\d+)?[:/]"),
    ("layer average", r"layer_average"),
    ("CRF", r"training/ner/"),
    ("relations", r"pair_scorer|training/re/|relation_loss|logistic_loss"),
)
_REST = "rest"
# Operations, and what runs them. Other events wait for these. XLA's loops are no operations of the trace.
_EVENT = re.compile(r"[^:]+:_?[A-Z]\w*|ExecutorState::Process")


def profile(trainer: Trainer) -> str:
    """Traces a few training steps and gives a table of their stages."""
    with tempfile.TemporaryDirectory() as folder:
        steps, seconds = trainer.traced_pass(folder)
        threads = read_trace(pathlib.Path(folder))
    return table(stage_times(threads), busy_time(threads), steps, seconds)


def read_trace(folder: pathlib.Path) -> list[list[Event]]:
    """The events of each thread of the host that are operations or run them."""
    (path,) = folder.rglob("*.xplane.pb")
    space = xplane_pb2.XSpace()
    space.ParseFromString(path.read_bytes())
    threads = []
    for plane in space.planes:
        for line in plane.lines if plane.name.startswith("/host:CPU") else ():
            events = []
            for event in line.events:
                start = 1000 * line.timestamp_ns + event.offset_ps
                events.append(
                    (start, start + event.duration_ps, plane.event_metadata[event.metadata_id].name)
                )
            threads.append([event for event in events if _EVENT.fullmatch(event[2])])
    return threads


def self_times(events: Iterable[Event]) -> list[tuple[str, int]]:
    """Name and own time of each event of a thread: without the events that ran inside it."""
    own: list[tuple[str, int]] = []
    running: list[tuple[int, int]] = []  # end, and place in `own`, of the events around the current one
    for start, end, name in sorted(events, key=lambda event: (event[0], -event[1])):
        while running and running[-1][0] <= start:
            running.pop()
        if running:
            around = running[-1][1]
            own[around] = (own[around][0], own[around][1] - (min(end, running[-1][0]) - start))
        running.append((end, len(own)))
        own.append((name, end - start))
    return own


def stage(name: str) -> str:
    """The stage that an operation belongs to."""
    return next((found for found, pattern in _STAGES if re.search(pattern, name)), _REST)


def stage_times(threads: Sequence[Iterable[Event]]) -> dict[str, float]:
    """Seconds that all threads together spent in each stage."""
    times: collections.Counter[str] = collections.Counter()
    for events in threads:
        for name, picoseconds in self_times(events):
            times[stage(name)] += picoseconds
    return {name: picoseconds / 1e12 for name, picoseconds in times.items()}


def busy_time(threads: Sequence[Iterable[Event]]) -> float:
    """Seconds in which any thread ran an operation."""
    busy, until = 0, 0
    for start, end, _ in sorted(event for events in threads for event in events):
        busy += max(end - max(start, until), 0)
        until = max(until, end)
    return busy / 1e12


def table(times: dict[str, float], busy: float, steps: int, seconds: float) -> str:
    """A Markdown table: milliseconds a step on all threads together, and their share."""
    total = sum(times.values())
    rows = [
        [name, f"{1000 * time / steps:.2f}", f"{time / total:.1%}"]
        for name, time in sorted(times.items(), key=lambda item: -item[1])
    ]
    return (
        f"{aligned_table([['stage', 'ms / step', 'share'], *rows])}\n\n"
        f"Traced steps: {steps}. A step took {1000 * seconds / steps:.2f} ms; TensorFlow worked in "
        f"{1000 * busy / steps:.2f} ms of it, on all threads together for {1000 * total / steps:.2f} ms."
    )
