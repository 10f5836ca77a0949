"""Odd names of repositories, revisions and files: one line, and nothing outside the cache."""

from __future__ import annotations

import os
import pathlib

import pytest
from hub_stand_in import Hub

from jner_re.assets import hub as hubs
from jner_re.encoders import module
from jner_re.errors import InputError
from jner_re.extraction import client
from jner_re.models import hub_model

_NAMES = [
    "../../x/y", "owner/..", "owner/name@../../x", "owner/name@%2e%2e%2f", "owner%2fname", "owner/name%2f..",
    "owner/na\nme", "owner/name@a\n", "ow\0ner/name", "\u043ewner/name", "owner/name@\u202e",
    "owner/name@?x=1",
    "owner/name?x", "owner/" + "x" * 5000, "o" * 300 + "/n", "owner/name@" + "r" * 5000, "owner/name@a@b",
    "~root/x", "~nobody-here/x", "-rf/x", "a..b/c", "owner/name.git", "owner\\name/x", "\ud800/x",
]  # fmt: skip


@pytest.mark.parametrize("name", _NAMES, ids=lambda name: ascii(name)[1:30])
def test_names(hub: Hub, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    before = set(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)
    for load in (client.load, module.load):
        with pytest.raises(InputError):
            load(name)
    new = {path.relative_to(tmp_path).parts[:3] for path in set(tmp_path.rglob("*")) - before}
    assert new <= {("cache",), ("cache", "downloads"), ("cache", "downloads", "hub")}
    asked = [request for request in hub.requests if not request.startswith("GET /api/models/")]
    assert [request for request in asked if "agent" not in request] == []


@pytest.mark.parametrize(
    "name",
    [
        *("../../evil", "a/../../evil", "{tmp}/evil", "a\\..\\evil", "x\0y", "x" * 300, "a/" * 3000 + "b"),
        *("a\nb", "checksums.json", "9" * 5000 + "/saved_model.pb", "\u202ex", ""),
    ],
    ids=lambda name: ascii(name)[1:20],
)
def test_files(hub: Hub, tmp_path: pathlib.Path, name: str) -> None:
    hub.publish("owner/name", {"saved_model.pb": b"graph", name.format(tmp=tmp_path): b"evil"})
    for _ in range(2):  # fetched, and from the cache
        folder = hub_model.find("owner/name")
        assert (folder / "saved_model.pb").read_bytes() == b"graph"
        assert {path.name for path in folder.rglob("*")} == {"saved_model.pb", "checksums.json"}
    outside = [path for path in tmp_path.rglob("*") if path.is_file() and folder.parent not in path.parents]
    assert not [path for path in outside if path.read_bytes() == b"evil"]


def test_a_hub_that_names_no_commit(hub: Hub) -> None:
    commit = hub.publish("owner/name", {"saved_model.pb": b"graph"})
    repository = hub.repositories["owner/name"]
    repository.commits["../../../evil"] = repository.commits.pop(commit)
    repository.revisions["main"] = "../../../evil"
    with pytest.raises(InputError, match=r"the commit '\.\./\.\./\.\./evil', expected 40 hexadecimal digits"):
        hub_model.find("owner/name")


@pytest.mark.parametrize(
    "endpoint",
    ["ann:secret@127.0.0.1", "http://ann:se/cret@127.0.0.1:9", "http://ann:secret@127.0.0.1:9/?key=secret"],
)
def test_a_password_in_the_hubs_address(hub: Hub, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with pytest.raises(InputError, match=r"is not in the cache, and (http://)?127\.0\.0\.1") as raised:
        hub_model.find("owner/name")
    assert not any(part in str(raised.value) for part in ("ann", "secret", "cret@"))
    assert hubs.endpoint() == os.environ["HF_ENDPOINT"]
