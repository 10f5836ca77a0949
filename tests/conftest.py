"""Fixtures that several test folders use."""

from __future__ import annotations

import logging
import pathlib
from collections.abc import Iterator

import hypothesis
import pytest

from jner_re import program

program.import_tensorflow_quietly()

pytest_plugins = ["exported_model", "hub_stand_in"]

# A shared machine can be slow: no example fails for its time. The examples are the same in every run.
hypothesis.settings.register_profile("shared", deadline=None, derandomize=True)
hypothesis.settings.load_profile("shared")


# Files whose tests take long, to be begun first: else a process would wait for the other at the end.
_LONG = (
    "test_training.py",
    "test_fine_tuning.py",
    "test_extract.py",
    "test_trials.py",
    "test_programs.py",
    "test_serve.py",
    "test_saved_model.py",
    "test_distillation.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in _LONG)


@pytest.fixture(autouse=True)
def messages() -> Iterator[None]:
    """Leaves the package's messages to pytest again after a test that has run a program in this process."""
    yield
    logger = logging.getLogger("jner_re")
    logger.handlers = []
    logger.propagate = True


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache folder of a module's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JNER_RE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def shared() -> pathlib.Path:
    """The folder of real corpora beside the checkout."""
    folder = pathlib.Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the shared corpora are not beside the checkout")
    return folder
