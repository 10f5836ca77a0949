from __future__ import annotations

import collections
import hashlib
import os
import pathlib
import random
import sys

import pytest

from jner_re.assets import download
from jner_re.errors import InputError

CONTENT = random.Random(1).randbytes(1_000_000)
SUM = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)


@pytest.fixture
def page(web):
    return web.add("/file", CONTENT)


def fetch_broken(web, target, monkeypatch):
    """What a first command leaves that lost its connection: returns the size of the part."""
    with monkeypatch.context() as patch:
        patch.setattr(download, "ATTEMPTS", 1)
        web.pages["/file"].break_at = [600_000]
        with pytest.raises(InputError, match=r"/file: the connection broke"):
            download.fetch(f"{web.url}/file", target)
    web.requests.clear()
    assert not target.exists()
    return (target.parent / "file.part").stat().st_size


def test_fetch_writes_only_the_file_and_shows_its_progress(web, page, tmp_path, capsys):
    target = tmp_path / "new" / "folder" / "file"
    download.fetch(f"{web.url}/file", target, SUM)
    assert target.read_bytes() == CONTENT
    assert os.listdir(target.parent) == ["file"]
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "file: 100%" in captured.err
    assert "1.00M/1.00M" in captured.err


def test_an_empty_file(web, tmp_path):
    web.add("/empty", b"")
    download.fetch(f"{web.url}/empty", tmp_path / "file", hashlib.sha256().hexdigest())
    assert (tmp_path / "file").read_bytes() == b""


def test_breaks_are_resumed_where_they_were(web, page, tmp_path):
    page.break_at = [400_000, 0, 300_000]
    download.fetch(f"{web.url}/file", tmp_path / "file", SUM)
    assert (tmp_path / "file").read_bytes() == CONTENT
    begins = [int(asked.removeprefix("bytes=").removesuffix("-")) for _, asked, _ in web.requests[1:]]
    assert len(begins) == 3
    assert 0 < begins[0] <= 400_000
    assert begins[1] == begins[0]
    assert begins[1] < begins[2] <= begins[1] + 300_000
    assert {condition for _, _, condition in web.requests[1:]} == {'"one"'}


def test_a_later_call_resumes(web, page, tmp_path, monkeypatch):
    kept = fetch_broken(web, tmp_path / "file", monkeypatch)
    download.fetch(f"{web.url}/file", tmp_path / "file", SUM)
    assert kept > 0
    assert web.requests == [("/file", f"bytes={kept}-", '"one"')]
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert os.listdir(tmp_path) == ["file"]


def test_a_server_that_always_breaks_is_given_up(web, page, tmp_path):
    page.break_at = [1000] * 100
    with pytest.raises(InputError, match="the connection broke"):
        download.fetch(f"{web.url}/file", tmp_path / "file", SUM)
    assert len(web.requests) == download.ATTEMPTS


def test_a_server_without_ranges_starts_over(web, page, tmp_path):
    page.ranges = False
    page.break_at = [600_000]
    download.fetch(f"{web.url}/file", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_not_glued(web, page, tmp_path, monkeypatch):
    fetch_broken(web, tmp_path / "file", monkeypatch)
    other = web.add("/file", CONTENT[::-1] + b"longer", etag='"two"')
    download.fetch(f"{web.url}/file", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == other.content


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_what_cannot_be_recognized_is_begun_anew(web, page, tmp_path, monkeypatch, etag):
    page.etag = etag
    fetch_broken(web, tmp_path / "file", monkeypatch)
    download.fetch(f"{web.url}/file", tmp_path / "file")
    assert web.requests == [("/file", None, None)]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_date_is_enough_to_recognize_a_file(web, page, tmp_path, monkeypatch):
    page.etag, page.date = 'W/"weak"', "Sat, 22 Nov 2025 10:00:00 GMT"
    kept = fetch_broken(web, tmp_path / "file", monkeypatch)
    download.fetch(f"{web.url}/file", tmp_path / "file", SUM)
    assert web.requests == [("/file", f"bytes={kept}-", page.date)]


def test_a_whole_part_is_only_renamed(web, page, tmp_path, monkeypatch):
    fetch_broken(web, tmp_path / "file", monkeypatch)
    (tmp_path / "file.part").write_bytes(CONTENT)
    download.fetch(f"{web.url}/file", tmp_path / "file", SUM)
    assert web.requests == [("/file", f"bytes={len(CONTENT)}-", '"one"')]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_part_that_is_too_long_is_begun_anew(web, page, tmp_path, monkeypatch):
    fetch_broken(web, tmp_path / "file", monkeypatch)
    (tmp_path / "file.part").write_bytes(CONTENT + b"x")
    download.fetch(f"{web.url}/file", tmp_path / "file", SUM)
    assert len(web.requests) == 2
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_another_range_than_the_asked_one_is_not_glued(web, page, tmp_path, monkeypatch):
    fetch_broken(web, tmp_path / "file", monkeypatch)
    page.forced_begin = 7
    download.fetch(f"{web.url}/file", tmp_path / "file", SUM)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [asked is None for _, asked, _ in web.requests] == [False, True]


def test_a_server_that_sends_a_range_bit_by_bit(web, page, tmp_path, monkeypatch):
    kept = fetch_broken(web, tmp_path / "file", monkeypatch)
    page.longest = (len(CONTENT) - kept) // 3 + 1
    download.fetch(f"{web.url}/file", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert len(web.requests) == 3


def test_a_wrong_checksum_names_both_and_leaves_nothing(web, page, tmp_path):
    with pytest.raises(InputError) as raised:
        download.fetch(f"{web.url}/file", tmp_path / "file", "0" * 64)
    message = str(raised.value)
    assert f"{web.url}/file: sha256 is {SUM}, expected {'0' * 64}" in message
    assert "\n" not in message
    assert os.listdir(tmp_path) == []


def test_what_was_there_outlives_a_failure(web, page, tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(InputError):
        download.fetch(f"{web.url}/file", tmp_path / "file", "0" * 64)
    assert (tmp_path / "file").read_text() == "old"


def test_not_found(web, tmp_path):
    with pytest.raises(InputError, match=r"/none: the server answered 404 Not Found$"):
        download.fetch(f"{web.url}/none", tmp_path / "file")
    assert os.listdir(tmp_path) == []


def test_an_unreachable_server(unreachable, tmp_path):
    with pytest.raises(InputError) as raised:
        download.fetch(f"{unreachable}/file", tmp_path / "file")
    assert str(raised.value).startswith(f"{unreachable}/file: can't be reached: ")
    assert "Connection refused" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/file", "/no/url", "http://"])
def test_what_is_no_web_address(url, tmp_path):
    with pytest.raises(InputError, match="can't be reached"):
        download.fetch(url, tmp_path / "file")


def test_a_full_disk_is_found_before_the_transfer(web, page, tmp_path, monkeypatch):
    usage = collections.namedtuple("Usage", "total used free")
    monkeypatch.setattr(download.shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 999, 999))
    with pytest.raises(InputError, match=r"1,000,000 bytes are to come, but the disk has 999 free"):
        download.fetch(f"{web.url}/file", tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_a_place_that_cannot_be_written(web, page, tmp_path):
    (tmp_path / "blocked").write_text("a file, not a folder")
    with pytest.raises(InputError, match=r"blocked/file: can't be written: "):
        download.fetch(f"{web.url}/file", tmp_path / "blocked" / "file")


@pytest.mark.parametrize(
    ("own", "xdg", "expected"),
    [
        ("/a/b", "/x", "/a/b"),
        ("~/c", "/x", "/home/someone/c"),
        (None, "/x", "/x/jner_re"),
        (None, None, "/home/someone/.cache/jner_re"),
        ("", "", "/home/someone/.cache/jner_re"),
    ],
)
def test_cache_dir(monkeypatch, own, xdg, expected):
    monkeypatch.setenv("HOME", "/home/someone")
    for name, value in (("JNER_RE_CACHE", own), ("XDG_CACHE_HOME", xdg)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert download.cache_dir() == pathlib.Path(expected)


def test_without_a_home_the_variable_is_named(monkeypatch, tmp_path):
    """Neither HOME nor an entry in the table of users, as in containers."""
    monkeypatch.setattr(pathlib.Path, "expanduser", _no_home)
    for name in ("JNER_RE_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError, match=r"^JNER_RE_CACHE is not set, and there is no such home folder, exp"):
        download.cache_dir()
    monkeypatch.setenv("JNER_RE_CACHE", "~nobody/x")
    with pytest.raises(InputError, match=r"^JNER_RE_CACHE is '~nobody/x', and there is no such home folder"):
        download.cache_dir()
    monkeypatch.setenv("JNER_RE_CACHE", str(tmp_path))
    assert download.cache_dir() == tmp_path


def _no_home(path):
    if str(path).startswith("~"):
        raise RuntimeError("Could not determine home directory.")
    return path


def test_a_standard_error_that_is_closed_shows_nothing(web, page, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    download.fetch(f"{web.url}/file", tmp_path / "file", SUM)
    assert (tmp_path / "file").read_bytes() == CONTENT and capsys.readouterr().out == ""
