from __future__ import annotations

import pathlib
import shutil
import threading

import pytest
from running import NAME, serving

from jner_re.errors import InputError
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


def test_versions_come_fail_and_go(exported: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for name in ("2", "x9", ".new-9"):
        shutil.copytree(exported, tmp_path / name)
    versions = Versions(tmp_path, NAME)
    assert states(versions) == [("2", "AVAILABLE")]
    (tmp_path / "10").mkdir()  # a copy that has just begun
    versions.refresh()
    assert states(versions) == [("2", "AVAILABLE")]
    (tmp_path / "10" / "saved_model.pb").write_bytes(b"damaged")
    for _ in range(2):
        versions.refresh()
        assert states(versions) == [("10", "END"), ("2", "AVAILABLE")]
    assert "can't be loaded" in versions.status(10)[0]["status"]["error_message"]
    assert versions.find(None).number == versions.find(2).number == 2
    with serving(versions) as server:
        answers = []

        def ask() -> None:
            answers.append(server.post({"instances": ["Ann in Rome. " * 500]}))

        in_flight = threading.Thread(target=ask)
        in_flight.start()
        shutil.rmtree(tmp_path / "10")
        shutil.copytree(exported, tmp_path / "11")
        versions.refresh()
        assert states(versions)[0] == ("11", "AVAILABLE")
        in_flight.join()
        assert answers[0].status_code == 200 and answers[0].json()["predictions"][0]["entity_type"]
        assert server.post({"instances": ["Ann"]}, f"/v1/models/{NAME}/versions/11:predict").ok
        assert server.post({"instances": ["Ann"]}, f"/v1/models/{NAME}/versions/2:predict").status_code == 404
        shutil.rmtree(tmp_path / "11")  # a roll-back
        versions.refresh()
        assert states(versions)[0][0] != "11" and versions.find(None).number == 2
        shutil.rmtree(tmp_path / "2")
        versions.refresh()
        assert server.post({"instances": ["Ann"]}).ok  # what is loaded stays
    with pytest.raises(RequestError, match="Could not find version 11"):
        versions.status(11)
