from __future__ import annotations

import pathlib
import re
import shutil
import threading
from collections.abc import Sequence

import pytest
from running import NAME, serving

from jner_re.errors import InputError
from jner_re.extraction.rows import Row
from jner_re.extraction.version_folders import SAVED_MODEL
from jner_re.serving import warmup
from jner_re.serving.server.errors import RequestError
from jner_re.serving.server.versions import Versions


def states(versions: Versions) -> list[tuple[str, str]]:
    return [(status["version"], status["state"]) for status in versions.status(None)]


def test_a_folder_without_versions(tmp_path: pathlib.Path) -> None:
    (tmp_path / "1").mkdir()
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(InputError, match=r"has no version, expected folders 1, 2, … with a saved_model"):
            Versions(folder, NAME)
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"damaged")
    with pytest.raises(InputError, match="1: can't be loaded as a SavedModel"):
        Versions(tmp_path, NAME)


def test_what_is_given_in_place_of_a_folder_of_versions(tmp_path: pathlib.Path) -> None:
    exported, trained = tmp_path / "exported", tmp_path / "trained"
    (exported / "mine" / "1").mkdir(parents=True)
    (exported / "mine" / "1" / SAVED_MODEL).write_bytes(b"model")
    trained.mkdir()
    (trained / "config.json").write_text("{}")
    for folder, hint in (
        (exported / "mine" / "1", f"; it is one version: give the folder it is in, {exported}/mine"),
        (trained, f"; it is a model directory: export it first, export.saved_model --model={trained}"),
        (exported, "; folders of versions in it: mine"),
    ):
        with pytest.raises(InputError, match=f"has no version, .*{re.escape(hint)}$"):
            Versions(folder, NAME)


def test_versions_come_fail_and_go(
    exported: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("2", "03", "x9", ".new-9"):
        shutil.copytree(exported, tmp_path / name)
    versions = Versions(tmp_path, NAME)
    assert states(versions) == [("2", "AVAILABLE")]
    (tmp_path / "10").mkdir()  # a copy that has just begun
    versions.refresh()
    assert states(versions) == [("2", "AVAILABLE")]
    shutil.copytree(exported, tmp_path / "10", dirs_exist_ok=True)
    warmup.write(tmp_path / "10", NAME, ["Ann"], [["Ann"]])
    requests = tmp_path / "10" / warmup.FILE
    requests.write_bytes(requests.read_bytes()[:20])
    for _ in range(2):
        versions.refresh()
        assert states(versions) == [("10", "END"), ("2", "AVAILABLE")]
    assert f"{tmp_path}/10: can't be warmed up: " in versions.status(10)[0]["status"]["error_message"]
    assert versions.find(None).number == versions.find(2).number == 2

    model, asked, let = versions.find(2).model, threading.Event(), threading.Event()
    answer = model.texts

    def held(texts: Sequence[str | bytes], threshold: float | None) -> list[Row]:
        asked.set()
        assert let.wait(60)
        return answer(texts, threshold)

    monkeypatch.setattr(model, "texts", held)
    with serving(versions) as server:
        answers = []
        in_flight = threading.Thread(
            target=lambda: answers.append(server.post({"instances": ["Ann in Rome."]}))
        )
        in_flight.start()
        assert asked.wait(60)
        requests.unlink()  # put right, and saved_model.pb is as it was
        versions.refresh()
        assert states(versions) == [("10", "AVAILABLE")]
        let.set()
        in_flight.join()
        assert answers[0].status_code == 200 and answers[0].json()["predictions"][0]["entity_type"]
        assert server.get(f"/v1/models/{NAME}/versions/10/metadata").ok
        assert server.get(f"/v1/models/{NAME}/versions/2/metadata").status_code == 404
        (tmp_path / "11").mkdir()
        (tmp_path / "11" / SAVED_MODEL).write_bytes(b"damaged")
        versions.refresh()
        assert states(versions) == [("11", "END"), ("10", "AVAILABLE")]
        for name in ("11", "10"):  # a roll-back
            shutil.rmtree(tmp_path / name)
        versions.refresh()
        assert states(versions) == [("2", "AVAILABLE")]
        shutil.rmtree(tmp_path / "2")
        versions.refresh()
        assert server.get(f"/v1/models/{NAME}/versions/2/metadata").ok  # what is loaded stays
    with pytest.raises(RequestError, match="there is no version 11 of news"):
        versions.status(11)


def test_a_version_that_goes_while_it_is_loaded(
    exported: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(folder: pathlib.Path, precision: str) -> object:
        if folder.name == "2":
            shutil.rmtree(folder)
            raise InputError("can't be loaded")
        return object()

    monkeypatch.setattr("jner_re.serving.server.versions.SavedModel", load)
    for name in ("1", "2"):
        (tmp_path / name).mkdir()
    shutil.copy(exported / SAVED_MODEL, tmp_path / "1")
    versions = Versions(tmp_path, NAME)
    shutil.copy(exported / SAVED_MODEL, tmp_path / "2")
    versions.refresh()
    assert states(versions) == [("2", "END"), ("1", "AVAILABLE")]
    versions.refresh()
    assert states(versions) == [("1", "AVAILABLE")]
