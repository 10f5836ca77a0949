from __future__ import annotations

import pathlib
import shlex

import pytest

from jner_re import extras


def test_the_command_fits_where_the_package_is(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a checkout"
    folder.mkdir()
    monkeypatch.setattr(extras, "_ROOT", folder)
    assert str(extras.missing("ray", "distributed")) == (
        "ray is missing, expected: pip install 'jner-re[distributed]'"
    )
    (folder / "setup.cfg").touch()
    assert shlex.split(extras.install("serving")) == ["pip", "install", "--editable", f"{folder}[serving]"]
