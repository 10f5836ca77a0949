"""Encoders of the Hugging Face hub and of checkpoints' folders, with a stand-in for the hub."""

from __future__ import annotations

import hashlib
import json
import logging
import pathlib
import shutil

import pytest
from hub_stand_in import TOKEN, Hub, go_offline

from jner_re import config_paths
from jner_re.assets import download
from jner_re.assets import hub as hubs
from jner_re.config import ModelConfig
from jner_re.encoders import checkpoint_source, module, saved_encoder
from jner_re.encoders.checkpoint_source import Origin
from jner_re.errors import InputError

_TINY = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "encoders" / "tiny_bert"
_WEIGHTS = (_TINY / "model.safetensors").read_bytes()
_FILES = {path.name: path.read_bytes() for path in _TINY.iterdir()}
_SHA256 = hashlib.sha256(_WEIGHTS).hexdigest()
_UNREACHABLE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def fingerprint(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of the tiny checkpoint, converted as export.encoder does."""
    folder = tmp_path_factory.mktemp("converted") / "tiny"
    saved_encoder.convert(_TINY, folder, "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JNER_RE_CACHE", str(folder.parent / "cache"))
        return module.load(str(folder)).fingerprint


@pytest.fixture
def converted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of checkpoints that were to be converted; where that takes long and shows nothing."""
    names: list[str] = []

    def convert(checkpoint: pathlib.Path, output: pathlib.Path, name: str) -> None:
        names.append(name)
        output.mkdir(parents=True)
        sha256 = download.sha256_of(checkpoint / "model.safetensors")
        description = {"format": 1, "graph": saved_encoder._GRAPH, "pooling": "mean", "sha256": sha256}
        sizes = {"layers": 3, "width": 32, "fine_tuning": None}
        (output / "encoder.json").write_text(json.dumps(description | sizes))

    monkeypatch.setattr(saved_encoder, "convert", convert)
    return names


@pytest.mark.parametrize(
    ("text", "repository", "revision"),
    [
        ("owner/name", "owner/name", "main"),
        ("FacebookAI/xlm-roberta-base@main", "FacebookAI/xlm-roberta-base", "main"),
        ("a.b/c_d.e@refs/pr/12", "a.b/c_d.e", "refs/pr/12"),
        ("owner/name@v1.0+x", "owner/name", "v1.0+x"),
    ],
)
def test_ids(text: str, repository: str, revision: str) -> None:
    assert hubs.parse(text) == hubs.HubId(repository, revision)


@pytest.mark.parametrize(
    "text", ["", "name", "a/b/c", "/a/b", "./a", "../a", "a/..", "~/a", "a/b@", "a/b@x@y", "a/b c", "a/b,c/d"]
)
def test_no_ids(text: str) -> None:
    assert hubs.parse(text) is None


def test_by_name_and_again_without_the_hub(
    hub: Hub, fingerprint: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    commit = hub.publish("someone/tiny", {**_FILES, "pytorch_model.bin": b"x", "onnx/model.onnx": b"x"})
    encoder = module.load("someone/tiny")
    assert encoder.fingerprint == fingerprint
    assert encoder.origin == Origin(commit, _SHA256)
    assert hub.ranges == [None]
    assert not hub.asked_for("pytorch_model.bin") and not hub.asked_for("model.onnx")
    hub.requests.clear()
    assert module.load("someone/tiny").folder == encoder.folder
    assert hub.requests == ["GET /api/models/someone/tiny/revision/main"]
    go_offline(monkeypatch)
    caplog.set_level(logging.WARNING)
    assert module.load("someone/tiny").folder == encoder.folder
    assert f"HF_HUB_OFFLINE is set; taken from the cache as of commit {commit}" in caplog.text
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_ENDPOINT", _UNREACHABLE)
    assert module.load("someone/tiny@main").folder == encoder.folder
    assert f"{_UNREACHABLE} can't be reached: Connection refused; taken from the cache" in caplog.text
    shutil.rmtree(encoder.folder)  # what was fetched is still there
    assert module.load(f"someone/tiny@{commit}", fine_tuning=True).fingerprint == fingerprint


def test_revisions(hub: Hub, converted: list[str]) -> None:
    main = hub.publish("someone/tiny", {"config.json": _FILES["config.json"], "pytorch_model.bin": b"x"})
    request = hub.publish("someone/tiny", _FILES, "refs/pr/1")
    with pytest.raises(InputError) as raised:
        module.load("someone/tiny")
    assert str(raised.value) == (
        f"encoder 'someone/tiny': someone/tiny@{main}: has no model.safetensors: its weights are "
        "pytorch_model.bin; often a pull request of the repository has it: someone/tiny@refs/pr/N"
    )
    for revision in ("refs/pr/1", request):
        assert module.load(f"someone/tiny@{revision}").origin == Origin(request, _SHA256)
    assert converted == [f"someone/tiny@{request}"]


def test_sharded_weights(hub: Hub) -> None:
    shards = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    index = json.dumps({"weight_map": {}}).encode()
    files = {name: content for name, content in _FILES.items() if name != "model.safetensors"}
    sharded = {
        **files,
        "model.safetensors.index.json": index,
        **dict.fromkeys(shards, b"x"),
        "other.bin": b"",
    }
    hub.publish("someone/large", sharded)
    folder = checkpoint_source.find("someone/large")
    names = {path.name for path in folder.iterdir()} - {"checksums.json"}
    assert names == sharded.keys() - {"other.bin"}


def test_goes_on_after_a_cut(
    hub: Hub, converted: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    """Within a call, and in the next one after the connection broke again and again."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1000)  # what is kept is whole chunks
    hub.publish("someone/tiny", _FILES)
    hub.breaks = [10_000, 5_000]
    folder = checkpoint_source.find("someone/tiny")
    assert (folder / "model.safetensors").read_bytes() == _WEIGHTS
    assert hub.ranges == [None, "bytes=10000-", "bytes=15000-"]
    monkeypatch.setenv("JNER_RE_CACHE", str(tmp_path / "another"))
    hub.ranges.clear()
    hub.breaks = [20_000, *[0] * 20]
    with pytest.raises(InputError, match=rf"^checkpoint 'someone/tiny': .*{hub.url} can't be reached: "):
        checkpoint_source.find("someone/tiny")
    assert hub.ranges[0] is None and set(hub.ranges[1:]) == {"bytes=20000-"}
    hub.ranges.clear()
    hub.breaks.clear()
    folder = checkpoint_source.find("someone/tiny")
    assert (folder / "model.safetensors").read_bytes() == _WEIGHTS
    assert hub.ranges == ["bytes=20000-"]


def test_a_wrong_checksum(hub: Hub, tmp_path: pathlib.Path) -> None:
    hub.publish("someone/tiny", _FILES)
    hub.repositories["someone/tiny"].recorded["model.safetensors"] = "0" * 64
    with pytest.raises(InputError, match=rf"model.safetensors: sha256 is {_SHA256}, expected {'0' * 64}"):
        module.load("someone/tiny")
    assert not list((tmp_path / "cache").rglob("model.safetensors"))


def test_private_and_gated(hub: Hub, converted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("private", "gated"):
        hub.publish(f"someone/{kind}", _FILES)
        setattr(hub.repositories[f"someone/{kind}"], kind, True)
    for name, reason in (
        (
            "private",
            f"{hub.url} has no repository someone/private, or it is private: for a private one, log in",
        ),
        ("gated", f"the repository is gated: accept its conditions at {hub.url}/someone/gated, and log in"),
        (
            "missing",
            f"{hub.url} has no repository someone/missing, or it is private: for a private one, log in",
        ),
    ):
        with pytest.raises(InputError) as raised:
            module.load(f"someone/{name}")
        message = str(raised.value)
        assert message.startswith(f"encoder 'someone/{name}': ") and "\n" not in message
        assert f"{reason} (`hf auth login`) or set HF_TOKEN" in message
    assert not hub.ranges
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    for name in ("private", "gated"):
        assert module.load(f"someone/{name}").origin
    with pytest.raises(InputError, match=r"no repository someone/missing, .* use a token with access to it"):
        module.load("someone/missing")


def test_what_is_no_checkpoint_of_ours(hub: Hub) -> None:
    """Weights are asked for only if the config is one that can be read."""
    hub.publish("someone/t5", {**_FILES, "config.json": b'{"model_type": "t5"}'})
    hub.publish("someone/data", {"README.md": b"", "model.safetensors": _WEIGHTS})
    hub.publish("someone/empty", {"config.json": _FILES["config.json"], "../model.safetensors": b""})
    for name, expected in (
        ("t5", r"config\.json: model_type is 't5', expected bert or "),
        ("data", r"has no config\.json, expected a checkpoint"),
        ("empty", r"has no model\.safetensors: it has no file of weights"),
        ("t5@v2", r"has no revision 'v2', expected a branch, a tag, a commit or refs/pr/N"),
    ):
        with pytest.raises(InputError, match=rf"^encoder 'someone/{name}': .*{expected}"):
            module.load(f"someone/{name}")
    assert not hub.asked_for("model.safetensors")


def test_nothing_in_the_cache_and_no_hub(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", _UNREACHABLE)
    with pytest.raises(InputError) as raised:
        module.load("someone/tiny")
    assert str(raised.value) == (
        "encoder 'someone/tiny': no such folder here, and of the hub: someone/tiny: is not in the cache, and "
        f"{_UNREACHABLE} can't be reached: Connection refused"
    )
    go_offline(monkeypatch)
    with pytest.raises(InputError, match=r"is not in the cache, and .* is not asked: HF_HUB_OFFLINE is set"):
        module.load("someone/tiny@v1")


def test_a_trained_models_commit(hub: Hub, converted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """However the branch has moved; and its weights must be those of the training."""
    first = hub.publish("someone/tiny", _FILES)
    hub.publish("someone/tiny", {**_FILES, "model.safetensors": b"other"})
    origin = Origin(first, _SHA256)
    encoder = module.load("someone/tiny", origin=origin)
    assert encoder.origin == origin and converted == [f"someone/tiny@{first}"]
    go_offline(monkeypatch)
    assert module.load("someone/tiny", origin=origin).folder == encoder.folder
    with pytest.raises(
        InputError, match=rf"at commit {first} is {_SHA256}, expected 00, with which the model"
    ):
        module.load("someone/tiny", origin=Origin(first, "00"))


def test_several(hub: Hub, converted: list[str]) -> None:
    hub.publish("someone/tiny", _FILES, "v1")
    handles = module.handles(f"{_TINY}, someone/tiny@v1")
    assert handles == (str(_TINY), "someone/tiny@v1")
    assert [bool(module.load(handle).origin) for handle in handles] == [False, True]


def test_a_checkpoints_folder(
    hub: Hub, fingerprint: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is converted once, as long as it stays what it is; it wins over the hub."""
    folder = tmp_path / "someone" / "tiny"
    shutil.copytree(_TINY, folder)
    monkeypatch.chdir(tmp_path)
    encoder = module.load("someone/tiny")
    assert encoder.fingerprint == fingerprint and encoder.origin is None
    assert config_paths.with_absolute_paths(ModelConfig(encoder="someone/tiny")).encoder == str(folder)
    assert module.load(str(folder)).folder == encoder.folder
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "layer_norm_eps": 0.1}))
    changed = module.load(str(folder))
    assert changed.folder != encoder.folder and changed.fingerprint != fingerprint
    (folder / "config.json").write_text('{"model_type": "t5"}')
    with pytest.raises(InputError, match=r"someone/tiny/config\.json: model_type is 't5', expected bert"):
        module.load("someone/tiny")
    shutil.rmtree(folder)
    folder.mkdir()
    with pytest.raises(InputError, match=r"^encoder is 'someone/tiny', expected minilm, mpnet, "):
        module.load("someone/tiny")
    assert not hub.requests
