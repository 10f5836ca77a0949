from __future__ import annotations

import errno
import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

import pytest

from jner_re import files
from jner_re.errors import InputError


@pytest.mark.parametrize("text", ["", "Zürich\n", "a\r\nb\n"])
def test_round_trip(text: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "new" / "folder" / "file.txt"
    files.write_text(path, text)
    assert path.read_bytes() == text.encode()
    files.write_bytes(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.txt"]


def test_text_is_read_as_utf_8(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file.txt").write_bytes("Zürich".encode())
    assert files.read_text(tmp_path / "file.txt") == "Zürich"


def test_others_may_read_what_is_written(tmp_path: pathlib.Path) -> None:
    files.write_text(tmp_path / "file.txt", "new")
    assert (tmp_path / "file.txt").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("at", ["write", "replace"])
def test_a_failed_write_leaves_the_old_content(
    at: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    if at == "replace":

        def replace(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "replace", replace)
    else:

        def write(path: pathlib.Path, content: bytes) -> None:
            path.touch()
            with open("/dev/full", "wb", buffering=0) as full:  # every write to it fails
                full.write(content)

        monkeypatch.setattr(pathlib.Path, "write_bytes", write)
    with pytest.raises(InputError, match=r"file\.txt: can't be written: No space left on device"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_write_leaves_nothing(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write_text(tmp_path / "file.txt", "new")
    assert list(tmp_path.iterdir()) == []


def test_readers_see_the_old_or_the_new_content(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "file.txt"
    contents = {"a" * 300_000, "b" * 300_000}
    files.write_text(path, "a" * 300_000)

    def write() -> None:
        for _ in range(20):
            for content in contents:
                files.write_text(path, content)

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while writer.is_alive():
        seen.add(path.read_text())
    writer.join()
    assert seen <= contents


def test_where_nothing_can_be_written(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "child.txt", tmp_path / "folder"):
        with pytest.raises(InputError, match=f"{re.escape(str(path))}: can't be written: "):
            files.write_text(path, "new")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"]


def test_what_cannot_be_read(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"missing\.txt: can't be read: No such file or directory"):
        files.read_text(tmp_path / "missing.txt")
    with pytest.raises(InputError, match="can't be read: Is a directory"):
        files.read_text(tmp_path)
    (tmp_path / "latin.txt").write_bytes("Zürich".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.txt: byte 1 is not UTF-8, expected UTF-8 text"):
        files.read_text(tmp_path / "latin.txt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a":\n [1, 2,\n}', "line 3: "),
        ("", "line 1: Expecting value, expected JSON"),
        ("\ufeff{}", "line 1: "),
        ("[" * 100_000, "can't be read: maximum recursion depth"),
        ("1" * 5_000, f"can't be read: {'1' * 40}… is too large a number$"),
    ],
)
def test_what_is_no_json(text: str, message: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "file.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=rf"file\.json: {message}") as error:
        files.read_json(tmp_path / "file.json")
    assert "\n" not in str(error.value)


def test_json(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file.json").write_text('{"a": [1, null, "é"]}', encoding="utf-8")
    assert files.read_json(tmp_path / "file.json") == {"a": [1, None, "é"]}


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "model"
    for version in ("1", "2"):
        with files.atomic_write(folder) as new:
            new.mkdir()
            (new / version).write_text("")
            assert not (folder / version).exists()
        assert [path.name for path in folder.iterdir()] == [version]
    with pytest.raises(ZeroDivisionError), files.atomic_write(folder) as new:
        new.mkdir()
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert [path.name for path in folder.iterdir()] == ["2"]


def test_a_folder_that_can_not_be_replaced_stays(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "1").write_text("")
    replace, broken = os.replace, []

    def once(source: pathlib.Path, target: pathlib.Path) -> None:
        if source.name == "model" and target == tmp_path / "model" and not broken:
            broken.append(source)
            raise OSError(errno.EIO, "Input/output error")
        replace(source, target)

    monkeypatch.setattr(os, "replace", once)
    with pytest.raises(InputError, match="Input/output error"), files.atomic_write(tmp_path / "model") as new:
        new.mkdir()
    assert (tmp_path / "model" / "1").exists()


def test_an_error_of_reading_is_none_of_writing(tmp_path: pathlib.Path) -> None:
    """Of opening, of copying, and in the middle of a file: the memory of a process has nothing at 0."""
    missing, unreadable = tmp_path / "part.txt", pathlib.Path("/proc/self/mem")
    for read, named in (
        (lambda _: missing.read_bytes(), missing),
        (lambda new: shutil.copyfile(missing, new), missing),
        (lambda _: files.open_to_read(unreadable).read(1), unreadable),
        (lambda _: files.open_to_read(unreadable).read(), unreadable),
        (lambda new: shutil.copyfileobj(files.open_to_read(unreadable), new.open("wb")), unreadable),
    ):
        problem = pytest.raises(InputError, match=rf"^{named}: can't be read: ")
        with problem, files.atomic_write(tmp_path / "output.txt") as new:
            read(new)
    for write in (
        lambda new: (new / "child").write_text(""),
        lambda new: shutil.copyfile(pathlib.Path(__file__), new / "child"),
    ):
        problem = pytest.raises(InputError, match=r"output\.txt: can't be written: No such file")
        with problem, files.atomic_write(tmp_path / "output.txt") as new:
            write(new)
    assert list(tmp_path.iterdir()) == []


def test_a_home_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    for given, expected in (("~/a b", "/home/ada/a b"), ("~", "/home/ada"), ("a/~", "a/~"), ("", ".")):
        assert files.user_path(given) == pathlib.Path(expected)
    with pytest.raises(InputError, match=r"^~nobody-of-this-name/x: "):
        files.user_path("~nobody-of-this-name/x")


def test_tensorflow_reads_from_folders_whose_names_look_like_patterns(tmp_path: pathlib.Path) -> None:
    assert files.without_pattern(tmp_path) == tmp_path
    for name in ("a[1]", "a*", "a?", "a\\b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
        for folder in (tmp_path / name, pathlib.Path(os.path.relpath(tmp_path / name))):
            other = files.without_pattern(folder)
            assert (other / "file").read_text() == name and not set("[*?\\") & set(str(other))


def test_one_holder_of_a_lock_at_a_time(tmp_path: pathlib.Path) -> None:
    inside, most, waited = [0], [0], []

    def work() -> None:
        with files.locked(tmp_path / "new" / ".lock", lambda: waited.append(1)):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.02)
            inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert waited
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can't be written"), files.locked(tmp_path / "file" / ".lock"):
        pass


def test_what_killed_writers_leave_is_removed(tmp_path: pathlib.Path) -> None:
    """Killed before and after the renaming, at a file and at a folder; another writer goes on meanwhile."""
    program = """
import os, pathlib, signal, sys
from jner_re import files

def kill(*_): os.kill(os.getpid(), signal.SIGKILL)
replace = os.replace
kinds = [("file", 0), ("file", 1), ("folder", 0), ("folder", 1)]
for kind, after in kinds:
    if os.fork():
        os.wait()
        continue
    os.replace = lambda old, new: (replace(old, new) if after else None, kill())
    with files.atomic_write(pathlib.Path(sys.argv[1], f"{kind}-{after}")) as new:
        if kind == "folder":
            new.mkdir()
            new = new / "inside"
        new.write_text("new")
"""
    root = pathlib.Path(__file__).resolve().parents[1]
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=root, check=True, timeout=60)
    assert len(list(tmp_path.glob(".*"))) == 4
    with files.atomic_write(tmp_path / "other") as new:
        (tmp_path / ".other.settings").mkdir()
        (tmp_path / ".other.settings" / "of-a-user").touch()
        files.remove_unfinished(tmp_path)
        assert len(list(tmp_path.glob(".*"))) == 2
        new.write_text("new")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"file-1", "folder-1", "other", ".other.settings"}
    assert (tmp_path / "folder-1" / "inside").read_text() == (tmp_path / "other").read_text() == "new"


def test_a_writer_whose_folder_is_removed_before_it_is_locked(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, removed = fcntl.flock, []

    def lock_late(file: int, operation: int) -> None:
        if operation == fcntl.LOCK_SH and not removed:
            removed.append(True)
            files.remove_unfinished(tmp_path)
            assert not list(tmp_path.iterdir())
        lock(file, operation)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    files.write_text(tmp_path / "file.txt", "new")
    assert removed and [path.name for path in tmp_path.iterdir()] == ["file.txt"]
