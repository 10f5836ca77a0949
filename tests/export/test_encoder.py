"""`python -m export.encoder`, run as a program."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import elmo_files
import pytest
from hub_stand_in import Hub

from jner_re.encoders import checkpoint_source, module
from jner_re.errors import InputError

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_FIXTURES = _ROOT / "tests" / "fixtures" / "encoders"


def _run(*flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "export.encoder", *flags],
        cwd=_ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def _error(*flags: str, **environment: str) -> str:
    """What a run that fails as it should says."""
    run = _run(*flags, **environment)
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.startswith("error: ")
    assert run.stderr.count("\n") == 1
    return run.stderr


def test_converts_a_folder(tmp_path: pathlib.Path) -> None:
    output = tmp_path / "encoders" / "tiny"
    checkpoint = _FIXTURES / "tiny_mpnet"
    run = _run(f"--checkpoint={checkpoint}", f"--output={output}", "--subword_pooling=first")
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"{output}: tiny_mpnet, 3 layers, 32 wide, first of subwords\n"
    assert json.loads((output / "encoder.json").read_text())["pooling"] == "first"
    assert module.load(str(output)).width == 32


def test_converts_an_elmo(tmp_path: pathlib.Path) -> None:
    folder, output = elmo_files.write(tmp_path / "elmo"), tmp_path / "module"
    files = (f"--elmo_options={folder / 'options.json'}", f"--elmo_weights={folder / 'weights.hdf5'}")
    run = _run(*files, f"--output={output}")
    assert run.returncode == 0, run.stderr
    assert module.load(str(output)).width == 10
    (folder / "weights.hdf5").write_bytes((folder / "weights.hdf5").read_bytes()[:1000])
    assert f"{folder / 'weights.hdf5'}: can't be read as HDF5" in _error(*files, f"--output={tmp_path / 'x'}")
    assert sorted(os.listdir(tmp_path)) == ["elmo", "module"]


def test_an_elmo_on_a_disk_that_fills_up(tmp_path: pathlib.Path) -> None:
    folder, output = elmo_files.write(tmp_path / "elmo"), tmp_path / "module"
    files = f"--elmo_options={folder / 'options.json'} --elmo_weights={folder / 'weights.hdf5'}"
    command = f"ulimit -f 8 && {sys.executable} -m export.encoder {files} --output={output}"  # 8 KiB a file
    run = subprocess.run(["bash", "-c", command], cwd=_ROOT, capture_output=True, text=True)
    assert run.returncode == 1 and run.stdout == ""
    (error,) = (line for line in run.stderr.splitlines() if line.startswith("error: "))
    assert error.startswith(f"error: {output}: can't be written: ") and error.endswith("File too large")
    assert os.listdir(tmp_path) == ["elmo"]


def test_published_weights_out_of_reach(tmp_path: pathlib.Path) -> None:
    cache = {"JNER_RE_CACHE": str(tmp_path / "cache"), "HTTPS_PROXY": "http://127.0.0.1:9"}
    run = _run("--name=elmo-5.5b", f"--output={tmp_path / 'output'}", **cache)
    assert run.returncode == 1 and run.stdout == "" and "Traceback" not in run.stderr
    (error,) = (line for line in run.stderr.splitlines() if line.startswith("error: "))
    assert "elmo-5.5b: can't be fetched: " in error and "put options.json, weights.hdf5 into" in error
    assert not (tmp_path / "output").exists() and not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((), "give one of --name, --checkpoint, or --elmo_options with --elmo_weights"),
        (("--name=minilm", "--checkpoint=x"), "give one of --name, --checkpoint, or "),
        (("--elmo_options=x",), "or --elmo_options with --elmo_weights"),
        (("--elmo_options=x.json", "--elmo_weights=x.hdf5"), "x.json: can't be read: No such file"),
        (("--name=glove-6b-50d",), "encoder 'glove-6b-50d' is not known, expected one of minilm, mpnet"),
    ],
)
def test_wrong_flags(tmp_path: pathlib.Path, flags: tuple[str, ...], expected: str) -> None:
    assert expected in _error(*flags, f"--output={tmp_path / 'output'}")
    assert os.listdir(tmp_path) == []


def test_broken_checkpoint(tmp_path: pathlib.Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text('{"model_type": "t5"}')
    message = _error(f"--checkpoint={tmp_path / 'broken'}", f"--output={tmp_path / 'output'}")
    assert "broken/config.json: model_type is 't5', expected bert or mpnet or " in message
    assert os.listdir(tmp_path) == ["broken"]


def test_of_the_hub(hub: Hub, tmp_path: pathlib.Path) -> None:
    commit = hub.publish("someone/tiny", _FIXTURES / "tiny_bert", "v1")
    flags = ("--checkpoint=someone/tiny@v1", f"--output={tmp_path / 'output'}")
    run = _run(*flags, HF_HUB_DISABLE_XET="1")
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"{tmp_path / 'output'}: someone/tiny@v1, 3 layers, 32 wide, mean of subwords\n"
    assert f"someone/tiny@{commit}: fetching from hub someone/tiny\n" in run.stderr
    message = _error(*flags, JNER_RE_CACHE=str(tmp_path / "empty"), HF_HUB_OFFLINE="1")
    assert "checkpoint 'someone/tiny@v1': no such folder here, and of the hub: " in message
    assert f"is not in the cache, and {hub.url} is not asked: HF_HUB_OFFLINE is set" in message


def test_neither_a_folder_nor_an_id() -> None:
    with pytest.raises(InputError, match="'no/such/folder', expected a folder or an id of the"):
        checkpoint_source.find("no/such/folder")
