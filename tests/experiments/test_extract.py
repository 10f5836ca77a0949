"""A corpus through a pool of workers: nothing lost, nothing doubled, whoever dies."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import types
from collections.abc import Iterator

import pyarrow as pa
import pytest
from pyarrow import parquet
from test_programs import assert_one_line_error, run

from experiments import answers, ray_session, text_lines
from experiments.sharding import manifest, part_files, progress, shards
from experiments.sharding.part_worker import ATTEMPTS, Outcome, PartWorker, Task
from experiments.sharding.shards import Shard
from jner_re import Document
from jner_re.errors import InputError
from jner_re.extraction import client

TEXTS = [f"Ann lives in Rome, {i} years. Bob saw Ann {'😀 ' * (i % 3)}in Rome." for i in range(40)]
REFUSED = "so \ud83d"  # half of a pair
LONG = "so " * 2001  # more tokens than a sentence may have: it is broken


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a Ray on two cores."""
    with ray_session.start(None, 2):
        import ray

        yield ray.get_runtime_context().gcs_address


@pytest.fixture(scope="module")
def model(exported: pathlib.Path) -> client.Client:
    return client.load(exported)


def write_lines(path: pathlib.Path) -> None:
    """Lines of JSON with ids, one wrong, one blank, one that is refused."""
    records = [{"id": i, "text": text} for i, text in enumerate([*TEXTS, REFUSED])]
    lines = [json.dumps(record) for record in records]
    path.write_text("\n".join([*lines[:7], "", "no JSON", *lines[7:]]))


def expected_lines(path: pathlib.Path, model: client.Client) -> list[str]:
    """What predict prints."""
    lines = list(text_lines.read([str(path)], None))
    found = answers.answers(model, lines, None)
    return [answers.as_json(*pair) for pair in zip(lines, found, strict=True)]


def kill_the_first_worker(output: pathlib.Path, killed: list[str]) -> None:
    """Kills a worker as soon as it has begun a shard, while it loads the model."""
    for _ in range(600):
        for path in output.glob(".*.attempts"):
            if path.stat().st_size:
                os.kill(int(path.read_text()), signal.SIGKILL)
                killed.append(path.name.split(".")[1])
                return
        time.sleep(0.1)


def told(result: subprocess.CompletedProcess[str]) -> list[str]:
    """What is on standard error besides the progress."""
    return [line for line in result.stderr.splitlines() if not line.startswith("texts: ")]


def test_a_killed_worker_loses_nothing_and_the_next_run_makes_what_is_missing(
    address: str, exported: pathlib.Path, model: client.Client, tmp_path: pathlib.Path
) -> None:
    corpus, output = tmp_path / "a.jsonl", tmp_path / "found"
    write_lines(corpus)
    command = [
        "experiments.extract", f"--model={exported.parent}", f"--input={corpus}", f"--output={output}",
        "--shard_size=9", "--batch_size=4", f"--ray_address={address}",
    ]  # fmt: skip
    killed: list[str] = []
    killer = threading.Thread(target=kill_the_first_worker, args=(output, killed))
    killer.start()
    first = run(*command, "--workers=2")
    killer.join()
    assert first.returncode == 1, first.stderr
    messages = sorted(told(first))
    assert len(messages) == 3 and "Traceback" not in first.stderr, first.stderr
    assert messages[0].startswith(f"error: {corpus}: line 43: character 3 is ")
    assert messages[1].startswith(f"error: {corpus}: line 9: ")
    assert messages[2] == f"{killed[0]}: done at attempt 2, its worker had died"

    parts = [output / f"part-{i:05d}.jsonl" for i in range(5)]
    assert sorted(output.glob("*part-*")) == parts
    lines = [line for part in parts for line in part.read_text(encoding="utf-8").splitlines()]
    assert lines == expected_lines(corpus, model)
    records = [json.loads(line) for line in lines]
    assert [record.get("id") for record in records if "error" in record] == [None, 40]
    entities, relations = (
        sum(len(record.get(name, ())) for record in records) for name in ("entities", "relations")
    )
    assert first.stdout.startswith(
        f"parts: 5 made, 0 there already, 0 failed\ntexts: {len(TEXTS) + 2}, of these 2 refused\n"
    )
    assert f"found: {entities} entities, {relations} relations in " in first.stdout and entities

    before = [(part.stat().st_ino, part.read_bytes()) for part in parts]
    (kept := output / "kept").mkdir()
    for part in parts[1:4]:
        part.rename(kept / part.name)
    (output / ".part-00001.jsonl.xyz").mkdir()  # of a worker that was killed
    second = run(*command, "--workers=1")
    assert (second.returncode, told(second)) == (0, [])  # what is refused is in other parts
    assert "parts: 3 made, 2 there already, 0 failed" in second.stdout
    kept_texts = sum(len(parts[i].read_text(encoding="utf-8").splitlines()) for i in (0, 4))
    assert f"texts: {len(lines)}, {kept_texts} of them from before; of the others 0 refused" in second.stdout
    assert sorted(output.glob("*part-*")) == parts
    after = [(part.stat().st_ino, part.read_bytes()) for part in parts]
    assert [content for _, content in after] == [content for _, content in before]
    assert [i for i in range(5) if before[i][0] == after[i][0]] == [0, 4]

    again = run(*command, "--ray_address=127.0.0.1:1")  # all is there: nobody is asked
    assert again.returncode == 0 and "parts: 0 made, 5 there already, 0 failed" in again.stdout
    assert f"texts: {len(lines)}, {len(lines)} of them from before" in again.stdout
    assert_one_line_error(run(*command, "--shard_size=8"), "manifest.json", "shard_size", "9", "8")


def test_a_cluster_that_is_not_there() -> None:
    with (
        pytest.raises(InputError, match=r"127\.0\.0\.1:1: .*refused"),
        ray_session.start("127.0.0.1:1", None),
    ):
        pass


def test_a_head_that_is_gone_ends_the_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ends: list[int] = []
    ended = threading.Event()

    def end(code: int) -> None:
        ends.append(code)
        ended.set()

    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(ray_session, "_SECONDS_BETWEEN_LOOKS", 0.05)
    monkeypatch.setattr(ray_session, "_SECONDS_WITHOUT_HEAD", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as head:
        address = f"127.0.0.1:{head.getsockname()[1]}"
        looking = threading.Thread(target=ray_session._end_without, args=(address, ended))
        looking.start()
        time.sleep(0.6)  # longer than a head may be gone
        assert not ends
    looking.join(20)
    told = rf"error: Ray at {address}: its head has not been there for \d+ s; the same command goes on\n"
    assert ends == [1] and re.fullmatch(told, capsys.readouterr().err)


def test_a_cluster_that_asks_for_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: str | None, cpus: int | None) -> None:
        try:
            raise RuntimeError("RPC error: InvalidAuthToken: Authentication token is missing or incorrect.")
        except RuntimeError as error:
            raise ConnectionError("Failed to connect to Ray cluster") from error

    monkeypatch.setattr(ray_session, "_init", refuse)
    expected = (
        r"^Ray at 10\.0\.0\.1:1: the cluster asks for another token, expected RAY_AUTH_MODE=token .* machine$"
    )
    with pytest.raises(InputError, match=expected), ray_session.start("10.0.0.1:1", None):
        pass


def test_what_can_go_wrong_with_a_shard(tmp_path: pathlib.Path) -> None:
    corpus = tmp_path / "a.txt"
    corpus.write_text("one\n")
    (shard,) = shards.divide([corpus], 9, "text")
    row, task = (
        dataclasses.asdict(shard),
        Task("model", str(tmp_path), "jsonl", "text", None, 1, 8, "float32"),
    )
    task.attempts(shard).write_text("1\n" * ATTEMPTS)
    outcome = Outcome(**PartWorker(task)(row))
    assert outcome.problem == "its worker died 4 times" and not outcome.fatal
    task.attempts(shard).unlink()

    def damaged(texts: list[str], threshold: float | None) -> list[Document]:
        raise InputError("model: damaged")

    worker = PartWorker(task)
    vars(worker)["_model"] = types.SimpleNamespace(documents_or_errors=damaged)
    outcome = Outcome(**worker(row))
    assert outcome.problem == "model: damaged" and outcome.fatal

    def gone(texts: list[str], threshold: float | None) -> list[Document]:
        rows.unlink()
        return [Document("one")]

    rows = tmp_path / "b.parquet"
    parquet.write_table(pa.table({"text": ["one"]}), rows)
    (of_rows,) = shards.divide([rows], 9, "text")
    worker = PartWorker(dataclasses.replace(task, ending="parquet"))
    vars(worker)["_model"] = types.SimpleNamespace(documents_or_errors=gone)
    outcome = Outcome(**worker(dataclasses.asdict(of_rows)))  # its columns are read again for the part
    assert "FileNotFoundError" in outcome.problem and not outcome.fatal
    corpus.unlink()
    outcome = Outcome(**worker(row))
    assert "FileNotFoundError" in outcome.problem and not outcome.fatal
    assert not list(tmp_path.glob("part-*"))


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_a_part_that_an_unreachable_worker_made_is_not_made_again(
    ending: str, tmp_path: pathlib.Path
) -> None:
    corpus, output = tmp_path / "a.jsonl", tmp_path / "found"
    corpus.write_text('{"text": "one"}\n{"text": "two"}\n')
    output.mkdir()
    (shard,) = shards.divide([corpus], 9, "text")
    task = Task("model", str(output), ending, "text", None, 1, 8, "float32")

    def answer(texts: list[str], threshold: float | None) -> list[Document | str]:
        return [Document("one\u2028"), "is refused"]

    first = PartWorker(task)
    vars(first)["_model"] = types.SimpleNamespace(documents_or_errors=answer)
    made = Outcome(**first(dataclasses.asdict(shard)))
    part, inode = task.part(shard), task.part(shard).stat().st_ino
    again = Outcome(**PartWorker(task)(dataclasses.asdict(shard)))  # without a model, which is not asked
    assert (made.there, again.there, again.texts, again.problem) == (False, True, 2, "")
    assert made.refused == [f"{corpus}: line 2: is refused"]
    assert again.refused == [f"{part}: {'line' if ending == 'jsonl' else 'row'} 2: is refused"]
    assert part.stat().st_ino == inode and list(output.iterdir()) == [part]


def test_a_machine_without_the_shared_folder(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.txt").write_text("one\n")
    (shard,) = shards.divide([tmp_path / "a.txt"], 9, "text")
    task = Task("model", str(tmp_path / "found"), "jsonl", "text", None, 1, 8, "float32")
    outcome = Outcome(**PartWorker(task)(dataclasses.asdict(shard)))
    where = f"{tmp_path / 'found'}: is not there on {socket.gethostname()}"
    assert outcome.fatal and outcome.problem == f"{where}, expected a folder that all machines share"


def test_the_progress_counts_what_workers_have_begun(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A part that ends is counted once, and what an earlier run has done is counted, too."""
    corpus = tmp_path / "a.txt"
    corpus.write_text("one\ntwo\nthree\n")
    (shard,) = shards.divide([corpus], 9, "text")
    task = Task("model", str(tmp_path), "jsonl", "text", None, 1, 2, "float32")
    seen = []

    def answer(texts: list[str], threshold: float | None) -> list[Document]:
        seen.append(task.begun())
        return [Document(text) for text in texts]

    worker = PartWorker(task)
    vars(worker)["_model"] = types.SimpleNamespace(documents_or_errors=answer)
    assert Outcome(**worker(dataclasses.asdict(shard))).texts == part_files.count(task.part(shard)) == 3
    assert seen == [0, 2] and task.begun() == 0 and not list(tmp_path.glob(".part-*"))

    monkeypatch.setattr(progress, "LOG_SECONDS", 0.01)
    begun = [4]
    with progress.Progress(20, 10, lambda: begun[0]) as shown:
        for texts in (4, 0, 6):  # begun, counted as done, all done
            begun[0] = texts if texts != 6 else 0
            shown.add({4: 0, 0: 4, 6: 6}[texts])
            time.sleep(0.05)
    lines = [line.partition(", ")[0] for line in capsys.readouterr().err.splitlines()]
    assert list(dict.fromkeys(lines)) == ["texts: 14 of 20 (70%)", "texts: 20 of 20 (100%)"]


def test_on_a_terminal_a_line_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.Progress(20, 5, lambda: 2) as shown:
        shown.add(10)
        shown.write("error: a.txt: line 3: too long")
    assert "error: a.txt: line 3: too long\n" in terminal.getvalue()
    assert "texts:  25%" in terminal.getvalue() and " 17/20 " in terminal.getvalue()


def test_parquet_keeps_its_columns(model: client.Client, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.parquet"
    columns = {"n": list(range(7)), "body": [*TEXTS[:5], None, LONG], "x": [[i / 7] for i in range(7)]}
    parquet.write_table(pa.table(columns), path, row_group_size=3)
    tables = []
    for shard in shards.divide([path], 4, "body"):
        lines, part = part_files.read(shard, "body"), tmp_path / f"{shard.name}.parquet"
        part_files.write(part, shard, "body", lines, answers.answers(model, lines, None))
        tables.append(parquet.read_table(part))
    table = pa.concat_tables(tables)
    assert table.select(list(columns)).to_pydict() == columns
    records = table.select(["entities", "relations", "broken_at", "error"]).to_pylist()
    assert [record["error"] for record in records[:5]] == [None] * 5 and records[0]["entities"]
    told = [
        {"broken_at": None, **answers.as_fields(found), "error": None} for found in model([*TEXTS[:5], LONG])
    ]
    assert told == [*records[:5], records[6]] and records[6]["broken_at"] == [3 * 2000]
    assert records[5]["entities"] is None and "null" in records[5]["error"]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_shards_have_every_line_once(
    size: int, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = ["\ufeffone\r\ntwo\n\n \nthree\u2028four", "", "\n", "five\nsix\n"]
    for i, content in enumerate(contents):
        (tmp_path / f"{i}.txt").write_bytes(content.encode())
    (tmp_path / ".hidden.txt").write_text("no text")
    paths = shards.find_files(str(tmp_path))
    assert paths == shards.find_files(str(tmp_path / "*.txt"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert paths == shards.find_files("~/*.txt") and shards.find_files("~/1.txt") == paths[1:2]
    divided = shards.divide(paths, size, "text")
    assert divided == shards.divide(paths, size, "text")
    assert [shard.name for shard in divided] == [f"part-{i:05d}" for i in range(len(divided))]
    assert all(0 < shard.count <= size for shard in divided)
    lines = [line for shard in divided for line in part_files.read(shard, "text")]
    assert lines == list(text_lines.read([str(path) for path in paths], None))
    assert [line.text for line in lines] == ["one", "two", "three\u2028four", "five", "six"]


@pytest.mark.parametrize("size", [1, 4, 7, 100])
def test_shards_have_every_row_once(size: int, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.parquet"
    rows = [{"text": f"text {i}", "n": i} for i in range(23)]
    parquet.write_table(pa.Table.from_pylist(rows), path, row_group_size=5)
    divided = shards.divide([path], size, "text")
    assert sum(shard.count for shard in divided) == 23 and all(shard.count <= size for shard in divided)
    lines = [line for shard in divided for line in part_files.read(shard, "text")]
    assert [line.fields for line in lines] == rows
    assert [line.place for line in lines] == [f"{path}: row {i + 1}" for i in range(23)]


def test_json_lines_become_parquet(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 1, "text": "a \\ud800"}\n[]\n')
    shard = Shard("part-00000", str(path), 0, 2, 0)
    lines = part_files.read(shard, "text")
    part_files.write(tmp_path / "part.parquet", shard, "text", lines, ["refused", lines[1].error])
    first, second = parquet.read_table(tmp_path / "part.parquet").to_pylist()
    assert first == {
        "text": "a ?", "fields": '{"id": 1}', "entities": None, "relations": None, "broken_at": None,
        "error": "refused",
    }  # fmt: skip
    assert second["text"] == "[]" and "expected a JSON object" in second["error"]


def test_a_file_or_folder_goes_before_a_pattern(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "folder [12]*"
    folder.mkdir()
    names = ["part[1].txt", "part1.txt", "part[*].txt"]
    for name in names:
        (folder / name).write_text("one")
    for name in ("part[1].txt", "part[*].txt"):
        assert shards.find_files(str(folder / name)) == [(folder / name).resolve()]
    assert [path.name for path in shards.find_files(str(folder / "part[0-9].txt"))] == ["part1.txt"]
    assert [path.name for path in shards.find_files(str(folder / "**" / "*.txt"))] == sorted(names)
    assert [path.name for path in shards.find_files(str(folder))] == sorted(names)


def test_input_that_is_refused(tmp_path: pathlib.Path) -> None:
    parquet.write_table(pa.table({"text": [1], "t": ["a"], "error": ["b"]}), tmp_path / "a.parquet")
    (tmp_path / "b.txt").write_text("one")
    (tmp_path / "c.parquet").write_text("one")
    for pattern in ("none.txt", "*", "", "*.rel"):
        with pytest.raises(InputError, match=f"{re.escape(str(tmp_path / pattern))}: .*expected files"):
            shards.find_files(str(tmp_path / pattern))
    for name, field, problem in (
        ("a.parquet", "text", "its type is int64"),
        ("a.parquet", "u", "'u': no such column"),
        ("a.parquet", "t", "'error' has the name of an answer"),
        ("c.parquet", "text", "can't be read as Parquet"),
    ):
        with pytest.raises(InputError, match=f"{name}: .*{problem}"):
            shards.divide([tmp_path / name], 9, field)


def test_the_manifest_knows_its_input_and_settings(tmp_path: pathlib.Path) -> None:
    corpus, other, output = tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "found"
    corpus.write_text("one\n")
    other.write_text("two\n")
    settings = {"model": "abc", "shard_size": 9}
    manifest.check_or_write(output, {}, [corpus, other])
    manifest.check_or_write(output, settings, [corpus])  # no parts yet: it can be replaced
    (output / "part-00000.jsonl").touch()
    os.utime(corpus, (1, 1))  # touched, and the same
    manifest.check_or_write(output, settings, [corpus])
    with pytest.raises(InputError, match=r"manifest\.json: .*model 'abc', expected 'xyz'"):
        manifest.check_or_write(output, settings | {"model": "xyz"}, [corpus])
    with pytest.raises(InputError, match=r"manifest\.json: .*b\.txt is only an input of this run"):
        manifest.check_or_write(output, settings, [corpus, other])
    corpus.write_text("two\n")
    with pytest.raises(InputError, match=r"a\.txt: sha256 is .*, expected "):
        manifest.check_or_write(output, settings, [corpus])
    with pytest.raises(InputError, match="has files but no manifest"):
        manifest.check_or_write(tmp_path, settings, [corpus])


def test_the_fingerprint_is_of_what_a_model_answers_with(
    model_folder: pathlib.Path, exported: pathlib.Path
) -> None:
    of_folder = manifest.fingerprint(model_folder)
    note = model_folder / "notes.txt"
    note.write_text("not of the model")
    assert manifest.fingerprint(model_folder) == of_folder != manifest.fingerprint(exported)
    note.unlink()
