"""Uploading models to the Hugging Face hub and opening them by name, with a stand-in for the hub."""

from __future__ import annotations

import dataclasses
import pathlib
import shutil

import pytest
import untrained
from hub_stand_in import TOKEN, Hub, go_offline

import jner_re
from jner_re.errors import InputError
from jner_re.extraction import client
from jner_re.extraction.in_process import SavedModel
from jner_re.models import model_files
from jner_re.serving import hub_upload

_TINY = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "encoders" / "tiny_bert"
_TEXTS = [untrained.EXAMPLE, "Bob saw Ann.", ""]


@pytest.fixture
def token(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The stand-in, to which one may write."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return hub


def files_of(hub: Hub, name: str = "ann/model", revision: str = "main") -> dict[str, bytes]:
    repository = hub.repositories[name]
    return repository.commits[repository.revisions[revision]]


def test_a_model_directory(token: Hub, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token.publish("someone/tiny", _TINY)
    small = dataclasses.replace(untrained.WEIGHTED, char_rnn_size=0, ner_layers=0, re_layers=0)
    config = dataclasses.replace(small, encoder="someone/tiny", pair_context_size=0)
    model = untrained.write(tmp_path / "mine", config)
    for left in ("logs/train/events", "checkpoints/state.index", ".lock", "metrics.json"):
        (model / left).parent.mkdir(parents=True, exist_ok=True)
        (model / left).write_text("{}")
    url = hub_upload.upload(model, "ann/model", private=True)
    repository = token.repositories["ann/model"]
    assert url == f"{token.url}/ann/model/commit/{repository.revisions['main']}" and repository.private
    uploaded = files_of(token)
    weights = model_files.WEIGHTS
    ours = {"config.json", "vocabulary.json", weights, "metrics.json", "README.md", ".gitattributes"}
    assert uploaded.keys() == ours
    assert uploaded[weights] == (model / weights).read_bytes()
    card = uploaded["README.md"].decode()
    assert card.startswith("---\nlibrary_name: jner_re\npipeline_tag: token-classification\n")
    assert 'jner_re.load("ann/model")' in card
    expected = client.load(model)(_TEXTS)
    assert any(document.entities for document in expected)
    token.publish("someone/tiny", {"config.json": b"{}"})  # the branch of the encoder moves
    monkeypatch.setenv("JNER_RE_CACHE", str(tmp_path / "another machine"))
    token.requests.clear()
    opened = jner_re.load("ann/model")
    assert opened(_TEXTS) == expected
    assert [request for request in token.requests if "/main" in request] == [
        "GET /api/models/ann/model/revision/main"
    ]
    go_offline(monkeypatch)
    folder = client.local_folder("ann/model@main")
    assert folder.is_relative_to(tmp_path / "another machine")


def test_an_export_in_its_place(
    token: Hub, exported: pathlib.Path, loaded: SavedModel, tmp_path: pathlib.Path
) -> None:
    """The newest version, with its card; of the model directory that was there nothing is left."""
    token.publish("ann/model", {"config.json": b"{}", "vocabulary.json": b"{}", "LICENSE": b"free"})
    shutil.copytree(exported, tmp_path / "export" / "2")
    (tmp_path / "export" / "card.md").write_text("# Mine\n")
    hub_upload.upload(tmp_path / "export", "ann/model", "v1")
    assert files_of(token).keys() == {"config.json", "vocabulary.json", "LICENSE"}
    uploaded = files_of(token, revision="v1")
    names = {str(path.relative_to(exported)) for path in exported.rglob("*") if path.is_file()}
    assert uploaded.keys() == {*names, "LICENSE", "README.md"}
    assert uploaded["README.md"] == b"# Mine\n"
    assert jner_re.load("ann/model@v1")(_TEXTS) == client.Client(loaded)(_TEXTS)
    hub_upload.upload(exported, "ann/model", "v1")  # the same, and no card: the card stays
    assert files_of(token, revision="v1") == uploaded
    token.publish("ann/versions", {f"{n}/saved_model.pb": b"x" for n in ("9", "10", "x")} | {"a.md": b""})
    assert client.local_folder("ann/versions").name == "10"


def test_what_only_this_machine_has(
    token: Hub, model_folder: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    hub_upload.contents(model_folder)
    assert f"{model_folder}: needs {model_folder.parent / 'encoder'}, which isn't uploaded" in caplog.text
    assert f"{model_folder}: needs {model_folder.parent / 'glove.tiny.txt'}, which" in caplog.text


def test_refusals(
    hub: Hub, exported: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def error(*arguments: object, **options: object) -> str:
        with pytest.raises(InputError) as raised:
            hub_upload.upload(*arguments, **options)
        assert "\n" not in str(raised.value)
        return str(raised.value)

    assert "ann/model: no token of the hub, expected one that can write there: log in" in error(
        exported, "ann/model"
    )
    monkeypatch.setenv("HF_TOKEN", "hf_of_another")
    assert "ann/model: can't be uploaded: " in error(exported, "ann/model")
    assert not hub.repositories
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert "repository is 'model', expected owner/name" in error(exported, "model")
    assert "expected a branch or refs/pr/N" in error(exported, "ann/model", "0" * 40)
    assert "no config.json and no saved_model.pb" in error(tmp_path, "ann/model")
    commit = hub.publish("ann/model", {"a": b""})
    assert "is there already and public, expected a private or a new one" in error(
        exported, "ann/model", private=True
    )
    assert hub.repositories["ann/model"].revisions == {"main": commit}
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "http://127.0.0.1:9 can't be reached: Connection refused" in error(exported, "ann/model")


def test_what_is_no_model(hub: Hub, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.publish("someone/tiny", _TINY)
    for name, expected in (
        ("someone/tiny", r"has no saved_model\.pb, nor config\.json with .*; a checkpoint is for --encoder"),
        ("someone/none", r"no such folder here, and of the hub: .* has no repository someone/none"),
    ):
        with pytest.raises(InputError, match=expected):
            jner_re.load(name)
    assert not hub.asked_for("model.safetensors")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "someone" / "none").mkdir(parents=True)
    with pytest.raises(InputError, match=r"^someone/none: no config\.json and no saved_model\.pb"):
        jner_re.load("someone/none")
