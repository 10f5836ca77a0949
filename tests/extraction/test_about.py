"""What an export says of itself, and what is known of one that says nothing."""

from __future__ import annotations

import pathlib

import pytest

from jner_re.extraction import about

NOTHING = {"examples": [], "min_score": 0.0}


def test_what_is_written_is_read(tmp_path: pathlib.Path) -> None:
    about.write(tmp_path, ["Früher 患者", "b"], 0.25)
    assert about.read(tmp_path) == {"examples": ["Früher 患者", "b"], "min_score": 0.25}


@pytest.mark.parametrize("content", [None, "", "[]", '{"examples": '])
def test_a_version_that_says_nothing(content: str | None, tmp_path: pathlib.Path) -> None:
    """One that was exported before there was the file, or whose file is damaged, is served all the same."""
    if content is not None:
        (tmp_path / about.FILE).parent.mkdir()
        (tmp_path / about.FILE).write_text(content)
    assert about.read(tmp_path) == NOTHING
