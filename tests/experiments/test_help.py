"""--help of every program: what is required, the most important flags in groups, the presets."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from jner_re import command

_ROOT = pathlib.Path(__file__).parents[2]
_PROGRAMS = command.programs()
# Each in a process of its own, in which what most of them import is there already.
_RUN_ALL = """
import os, runpy, sys
import pandas
import jner_re.document, jner_re.program

folder, *modules = sys.argv[1:]
for module in modules:
    if not os.fork():
        for stream in (1, 2):
            os.dup2(os.open(f"{folder}/{module}.{stream}", os.O_CREAT | os.O_WRONLY), stream)
        sys.argv = [module, "--help"]
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            sys.stdout.flush()
            os._exit(end.code)
        os._exit(99)
for module in modules:
    assert os.wait()[1] == 0
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each prints."""
    folder = tmp_path_factory.mktemp("help")
    modules = {name: module.removeprefix("jner_re.") for name, module in _PROGRAMS.items()}
    subprocess.run([sys.executable, "-c", _RUN_ALL, str(folder), *modules.values()], cwd=_ROOT, check=True)
    assert {(folder / f"{module}.2").read_text() for module in modules.values()} == {""}
    return {name: (folder / f"{module}.1").read_text() for name, module in modules.items()}


def test_every_page_is_in_groups_and_fits(pages: dict[str, str]) -> None:
    assert len(pages) >= 14
    for name, page in pages.items():
        lines = page.splitlines()
        assert lines[0] == command.description(_PROGRAMS[name])
        assert "Options:" in lines and "absl" not in page
        assert [line for line in lines if len(line) > 110] == [], name
        assert ("Required:" in lines) == (name not in ("results", "label-studio")), name


def test_programs_that_train_show_what_matters(pages: dict[str, str]) -> None:
    flags = ("--preset=ade|ade_paper|", "--encoder=", "--epochs=", "--[no]calibrate")
    assert (
        {name for name, page in pages.items() if any(flag in page for flag in flags)}
        == {name for name, page in pages.items() if all(flag in page for flag in flags)}
        == {"ablate", "compare", "cross-validate", "distill", "learning-curve", "train", "trials", "tune"}
    )
    assert not any("--char_embedding_size" in page for page in pages.values())  # --helpfull shows it


def test_flags_of_shared_modules_have_their_groups(pages: dict[str, str]) -> None:
    page = pages["trials"]
    after = page[page.index("\nRequired:") :]
    order = ["--output_dir", "--data_dir", "\nOptions:", "--members", "\nJobs:", "--runs_dir", "\nCorpus:"]
    places = [after.index(text) for text in order]
    assert places == sorted(places)
