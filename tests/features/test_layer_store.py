"""The store on disk under kills, damage and many processes. Nothing here needs an encoder."""

from __future__ import annotations

import itertools
import os
import pathlib
import threading
import traceback
from collections.abc import Callable, Iterable

import numpy as np
import pytest

from jner_re.features.layer_store import LayerStore, Snapshot, sentence_key

SHAPE = (2, 3)
COUNT = 8
KEYS = [sentence_key((f"w{i}",)) for i in range(COUNT)]
LAYERS = {
    key: np.random.default_rng(i).normal(size=(i % 4 + 1, *SHAPE)).astype(np.float16)
    for i, key in enumerate(KEYS)
}


def write(store: LayerStore, keys: Iterable[bytes], at_once: int = 2) -> list[bytes]:
    """Writes the sentences that are missing; returns them."""
    with store.writer(lambda: SHAPE) as writer:
        missing = [key for key in keys if key not in writer.known]
        for at in range(0, len(missing), at_once):
            writer.append({key: LAYERS[key] for key in missing[at : at + at_once]})
        assert writer.known.keys() >= set(keys)
    return missing


def read(store: LayerStore) -> Snapshot:
    snapshot = store.read()
    assert snapshot is not None
    return snapshot


def assert_right(snapshot: Snapshot) -> None:
    """Whatever the store says that it has is right."""
    for key, (start, count) in snapshot.spans.items():
        np.testing.assert_array_equal(snapshot.layers[start : start + count], LAYERS[key], strict=True)


def in_child(work: Callable[[], object]) -> int:
    """Runs `work` in a forked process; returns its id."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return child


def test_nothing_is_made_by_reading(tmp_path: pathlib.Path) -> None:
    store = LayerStore(tmp_path, "encoder")
    assert store.shape() is None
    assert store.read() is None
    assert not list(tmp_path.iterdir())


def test_what_was_written_never_moves(tmp_path: pathlib.Path) -> None:
    store = LayerStore(tmp_path, "encoder")
    write(store, KEYS[:5])
    before, content = read(store), (store.folder / "layers.float16").read_bytes()
    write(store, KEYS)
    assert (store.folder / "layers.float16").read_bytes().startswith(content)
    assert list(before.spans) == KEYS[:5]
    assert_right(before)
    after = read(store)
    assert before.spans.items() <= after.spans.items()
    assert list(after.spans) == KEYS
    assert_right(after)


def test_layers_reach_the_disk_before_their_records(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def logged(name: str) -> Callable[..., object]:
        call = getattr(os, name)

        def log(file: int, *arguments: object) -> object:
            calls.append(f"{name} {pathlib.Path(os.readlink(f'/proc/self/fd/{file}')).name}")
            return call(file, *arguments)

        return log

    for name in ("write", "fsync"):
        monkeypatch.setattr(os, name, logged(name))
    write(LayerStore(tmp_path, "encoder"), KEYS[:4])
    assert calls == 2 * ["write layers.float16", "fsync layers.float16", "write index", "fsync index"]


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_killed_at_every_step(share: float, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process dies in its first, second, … call that changes files, of a write having done a share."""

    def die_in(last: int) -> None:
        steps = iter(range(last + 1))
        for name in ("write", "fsync", "ftruncate", "replace"):
            call = getattr(os, name)

            def counted(*arguments: object, name: str = name, call: Callable = call) -> object:
                if next(steps) == last:
                    if name == "write":
                        file, content = arguments
                        call(file, content[: int(share * len(content))])
                    os._exit(9)
                return call(*arguments)

            monkeypatch.setattr(os, name, counted)
        write(store, KEYS)

    statuses = []
    while 0 not in statuses:
        store = LayerStore(tmp_path / str(len(statuses)), "encoder")
        child = in_child(lambda: die_in(len(statuses)))
        statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        assert statuses[-1] in (0, 9)
        snapshot = store.read() or Snapshot({}, np.zeros(0))
        assert_right(snapshot)
        assert write(store, KEYS) == [key for key in KEYS if key not in snapshot.spans]
        assert list(read(store).spans) == KEYS
        assert_right(read(store))
    assert len(statuses) == 23  # 2 to make about.json and the index, 5 for every two sentences, and no kill
    assert len(snapshot.spans) == COUNT


def test_many_kills_in_a_row(tmp_path: pathlib.Path) -> None:
    """Each process writes some and leaves torn layers and a torn record."""
    store = LayerStore(tmp_path, "encoder")
    for number, key in enumerate(KEYS):
        assert write(store, KEYS[: number + 1]) == [key]
        for name in ("layers.float16", "index"):
            with (store.folder / name).open("ab") as file:
                file.write(b"\x01" * (7 * number % 31 + 1))
        assert_right(read(store))
    assert list(read(store).spans) == KEYS


@pytest.mark.parametrize("lost", [1, 4, 31, 32, 33, 100])
def test_shortened_index(lost: int, tmp_path: pathlib.Path) -> None:
    store = LayerStore(tmp_path, "encoder")
    write(store, KEYS)
    before = read(store)
    os.truncate(store.folder / "index", 32 * COUNT - lost)
    kept = COUNT - -(-lost // 32)
    assert list(read(store).spans) == KEYS[:kept]
    assert write(store, KEYS) == KEYS[kept:]
    assert list(read(store).spans) == KEYS
    assert_right(read(store))
    assert_right(before)  # its bytes are still there


def test_every_flipped_byte_of_the_index(tmp_path: pathlib.Path) -> None:
    store = LayerStore(tmp_path, "encoder")
    write(store, KEYS[:4], at_once=4)
    index = (store.folder / "index").read_bytes()
    for at in range(len(index)):
        damaged = bytearray(index)
        damaged[at] ^= 1 << at % 8
        (store.folder / "index").write_bytes(damaged)
        assert list(read(store).spans) == [key for i, key in enumerate(KEYS[:4]) if i != at // 32]
        assert_right(read(store))
    assert write(store, KEYS) == KEYS[3:]
    assert_right(read(store))


def test_index_of_another_store(tmp_path: pathlib.Path) -> None:
    store, other = LayerStore(tmp_path, "encoder"), LayerStore(tmp_path, "another")
    write(store, KEYS)
    write(other, KEYS[::-1])
    (store.folder / "index").write_bytes((other.folder / "index").read_bytes())
    assert not read(store).spans
    assert write(store, KEYS) == KEYS
    assert_right(read(store))


def test_processes_that_write_at_once(tmp_path: pathlib.Path) -> None:
    """Overlapping sets in several orders: every sentence is written once."""
    store = LayerStore(tmp_path, "encoder")
    wanted = [KEYS, KEYS[::-1], KEYS[3:9], KEYS[::2]]
    children = [in_child(lambda keys=keys: write(store, keys, at_once=1)) for keys in wanted]
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    assert_right(read(store))
    assert read(store).spans.keys() == set(KEYS)
    tokens = sum(map(len, LAYERS.values()))
    assert (store.folder / "layers.float16").stat().st_size == tokens * 12
    assert (store.folder / "index").stat().st_size == COUNT * 32


def test_reading_while_another_writes(tmp_path: pathlib.Path) -> None:
    store = LayerStore(tmp_path, "encoder")
    write(store, KEYS[:1])
    thread = threading.Thread(target=lambda: write(store, KEYS, at_once=1))
    thread.start()
    snapshots = []
    while thread.is_alive():
        snapshots.append(read(store))
    thread.join()
    snapshots.append(read(store))
    for snapshot in snapshots:
        assert_right(snapshot)
    for earlier, later in itertools.pairwise(snapshots):
        assert earlier.spans.items() <= later.spans.items()
    assert list(read(store).spans) == KEYS
