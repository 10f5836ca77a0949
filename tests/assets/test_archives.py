from __future__ import annotations

import collections
import os
import struct
import zipfile

import pytest

from jner_re.assets import archives
from jner_re.errors import InputError


def make_zip(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def everything_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_only_the_named_member_is_written_and_only_where_the_caller_says(tmp_path):
    inner = tmp_path / "deep" / "inner"
    inner.mkdir(parents=True)
    evil = {
        "model/vocab.txt": "words",
        "../vocab.txt": "evil",
        "../../outside.txt": "evil",
        f"{tmp_path}/absolute.txt": "evil",
        "model/../../up.txt": "evil",
        "vocab.txt": "other",
    }
    archive = make_zip(inner / "a.zip", evil)
    archives.extract(archive, "model/vocab.txt", inner / "vocab.txt")
    assert (inner / "vocab.txt").read_text() == "words"
    assert everything_in(tmp_path) == ["deep", "deep/inner", "deep/inner/a.zip", "deep/inner/vocab.txt"]


def test_a_member_that_climbs_out_goes_where_the_caller_says(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    archive = make_zip(inner / "a.zip", {"../up.txt": "content"})
    archives.extract(archive, "../up.txt", inner / "kept.txt")
    assert everything_in(tmp_path) == ["inner", "inner/a.zip", "inner/kept.txt"]


def test_a_symbolic_link_in_an_archive_is_content_not_a_link(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, str(secret))
    archives.extract(tmp_path / "a.zip", "link", tmp_path / "out")
    assert not (tmp_path / "out").is_symlink()
    assert (tmp_path / "out").read_text() == str(secret)


def test_a_missing_member(tmp_path):
    archive = make_zip(tmp_path / "a.zip", {"other": "x"})
    with pytest.raises(InputError, match=r"a\.zip: has no member wanted$"):
        archives.extract(archive, "wanted", tmp_path / "out")
    assert everything_in(tmp_path) == ["a.zip"]


def test_what_is_no_zip(tmp_path):
    (tmp_path / "a.zip").write_text("<html>please log in</html>")
    with pytest.raises(InputError, match=r"a\.zip: x can't be unpacked"):
        archives.extract(tmp_path / "a.zip", "x", tmp_path / "out")
    assert everything_in(tmp_path) == ["a.zip"]


def test_a_damaged_member_leaves_what_was_there(tmp_path):
    archive = make_zip(tmp_path / "a.zip", {"x": b"a" * 1000}, zipfile.ZIP_STORED)
    content = bytearray(archive.read_bytes())
    content[500] ^= 1
    archive.write_bytes(content)
    (tmp_path / "out").write_text("old")
    with pytest.raises(InputError, match=r"x can't be unpacked: Bad CRC"):
        archives.extract(archive, "x", tmp_path / "out")
    assert (tmp_path / "out").read_text() == "old"
    assert everything_in(tmp_path) == ["a.zip", "out"]


def test_a_member_that_holds_more_than_it_declares_is_refused(tmp_path):
    archive = make_zip(tmp_path / "a.zip", {"x": os.urandom(100_000)})
    content = bytearray(archive.read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = struct.pack("<I", 10)  # the declared size
    archive.write_bytes(content)
    with pytest.raises(InputError, match="can't be unpacked"):
        archives.extract(archive, "x", tmp_path / "out")
    assert everything_in(tmp_path) == ["a.zip"]


def test_a_declared_size_beyond_what_compression_can_do_is_refused(tmp_path):
    archive = make_zip(tmp_path / "a.zip", {"x": b"small"})
    content = bytearray(archive.read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = struct.pack("<I", 1 << 30)
    archive.write_bytes(content)
    with pytest.raises(InputError, match="x unpacks to 1,073,741,824 bytes from 7, expected at most"):
        archives.extract(archive, "x", tmp_path / "out")


def test_a_member_larger_than_the_disk_has_free_is_refused(tmp_path, monkeypatch):
    usage = collections.namedtuple("Usage", "total used free")
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 999, 999))
    archive = make_zip(tmp_path / "a.zip", {"x": b"a" * 1000})
    with pytest.raises(InputError, match="x has 1,000 bytes, but the disk has 999 free"):
        archives.extract(archive, "x", tmp_path / "out")


def test_parts_are_joined_in_order(tmp_path):
    whole = make_zip(tmp_path / "whole.zip", {"x": os.urandom(5000)}).read_bytes()
    parts = [
        (make_zip(tmp_path / f"{i}.zip", {f"p.{i}": whole[2000 * i : 2000 * (i + 1)], "q": b"no"}), f"p.{i}")
        for i in range(3)
    ]
    archives.join_members(parts, tmp_path / "joined.zip")
    assert (tmp_path / "joined.zip").read_bytes() == whole
