"""Faults of the machine, for all that writes: a folder that can't be written to, a full disk, no memory.

Short forms of what `benchmarks.faults.machine` tries on whole programs. sysfs has no folders but the
kernel's, for root neither; the largest size of a file stands for a full disk.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys
from collections.abc import Callable

import pytest
from full_disk import largest_file

from benchmarks.faults import store_worker
from experiments.jobs import pool, records
from experiments.sharding import part_files
from experiments.sharding.shards import Shard
from experiments.tables import folder_tables
from experiments.text_lines import Line
from jner_re import files
from jner_re.config import ModelConfig, TrainConfig
from jner_re.constraints import NONE
from jner_re.corpora import data_dir
from jner_re.errors import InputError
from jner_re.features.cache import cached_layers
from jner_re.features.layer_store import LayerStore
from jner_re.models.model_vocabulary import ModelVocabulary
from jner_re.serving import saved_model
from jner_re.training.run_directory import RunDirectory
from jner_re.word_vectors import glove_file
from tests.experiments.make_record import evaluation, record

_READ_ONLY = pathlib.Path("/sys")
_APPENDED = ("layers.float16", "index")  # of a store, which tells what of them counts
_CORPUS = data_dir.read_sample("dev")[:20]


def write_store(folder: pathlib.Path) -> None:
    cached_layers(store_worker.Hashed("one"), _CORPUS, folder)


def write_run(folder: pathlib.Path) -> None:
    vocabulary = ModelVocabulary((), (), "", (), {"glove": "abc"}, {})
    run = RunDirectory(folder, ModelConfig(), TrainConfig())
    with run.claimed(vocabulary, NONE, [" ".join(sentence.tokens) for sentence in _CORPUS]):
        pass


def write_version(folder: pathlib.Path) -> None:
    with saved_model.new_version(folder) as new:
        files.write_bytes(new.folder / "saved_model.pb", bytes(5000))


def write_records(folder: pathlib.Path) -> None:
    records.write(folder, record("seed-1", test=evaluation(0.5, 0.25)))
    folder_tables.write(folder, records.read_folder(folder))


def write_part(folder: pathlib.Path) -> None:
    texts = [" ".join(sentence.tokens) for sentence in _CORPUS]
    lines = [Line(f"line {i}", str(i), text, {"text": text}, "") for i, text in enumerate(texts)]
    shard = Shard("part-0", "texts.txt", 0, len(lines), 0)
    part_files.write(folder / "part-0.jsonl", shard, "text", lines, ["refused"] * len(lines))


def begin_job(folder: pathlib.Path) -> None:
    with pool.working(folder / "job", 1):
        raise AssertionError("a job began in a folder that can't be written to")


WRITERS = [write_store, write_run, write_version, write_records, write_part]


@pytest.mark.parametrize("write", [*WRITERS, begin_job])
def test_a_folder_that_can_not_be_written_to(write: Callable[[pathlib.Path], None]) -> None:
    with pytest.raises(InputError, match=r"^/sys/new-folder.* can't be written: [^\n]+$"):
        write(_READ_ONLY / "new-folder")


def content(folder: pathlib.Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("size", [100, 1000])
@pytest.mark.parametrize("write", WRITERS)
def test_a_full_disk(
    write: Callable[[pathlib.Path], None],
    size: int,
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # capsys, since else standard error is a file, too
    """One line; nothing half-written has a finished name, and the next attempt ends as a first one does."""
    write(tmp_path / "undisturbed")
    expected = content(tmp_path / "undisturbed")
    folder = tmp_path / "disturbed"
    with largest_file(size), pytest.raises(InputError, match=r"can't be written: [^\n]*File too large$"):
        write(folder)
    for name, left in content(folder).items():
        whole = expected[name]
        assert whole.startswith(left) if pathlib.Path(name).name in _APPENDED else whole == left
    write(folder)
    assert content(folder) == {
        name: value.replace(b"/undisturbed", b"/disturbed") for name, value in expected.items()
    }


def run_jobs(folder: pathlib.Path) -> None:
    assert pool.run_all([], pool.Folders(folder, folder), pool.Workers()) == 0


@pytest.mark.parametrize("write", [write_store, write_run, run_jobs])
def test_what_a_killed_writer_left_is_removed_by_the_next(
    write: Callable[[pathlib.Path], None], tmp_path: pathlib.Path
) -> None:
    """Of another file, too, which the next one doesn't write."""
    left = ".metrics.json.abcdefgh"
    folder = tmp_path if write is not write_store else LayerStore(tmp_path, "one").folder
    (folder / left).mkdir(parents=True)
    (folder / left / "metrics.json").write_text('{"hal')
    write(tmp_path)
    assert not (folder / left).exists()


def test_vectors_that_a_killed_program_was_unpacking_are_removed(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JNER_RE_CACHE", str(tmp_path / "cache"))
    left = tmp_path / "cache" / "glove" / ".0123456789abcdef.abcdefgh" / "0123456789abcdef"
    left.mkdir(parents=True)
    (left / "vectors.f32").write_bytes(bytes(1000))
    (tmp_path / "glove.txt").write_text("a 1 2\nb 3 4\n")
    words, _ = glove_file.load(str(tmp_path / "glove.txt"))
    assert words == ("a", "b")
    assert not left.parent.exists()


def test_no_memory_is_one_line() -> None:
    program = """
import numpy, resource
from jner_re import program
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
program.run(lambda: numpy.zeros(1 << 28).sum())
"""
    root = pathlib.Path(__file__).resolve().parents[1]
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: there is not enough memory: Unable to allocate 2.00 GiB")
    assert done.stderr.count("\n") == 1
