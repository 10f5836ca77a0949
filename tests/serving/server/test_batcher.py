"""Batches of a model that only remembers what it is asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from jner_re.extraction.rows import BATCH_SIZE, RefusedInputError, Row
from jner_re.serving.server.batcher import Batcher
from jner_re.serving.server.versions import Version


class Echo:
    """Gives each text back once it is let."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.let = threading.Event()

    def texts(self, texts: Sequence[str], threshold: float | None) -> list[Row]:
        self.asked.append(list(texts))
        assert self.let.wait(10)
        if "refused" in texts:
            raise RefusedInputError("text", list(texts).index("refused"), "too long")
        if "broken" in texts:
            raise OSError("broken")
        return [{"token": [text]} for text in texts]

    def sentences(self, sentences: Sequence[str], threshold: float | None) -> list[Row]:
        return [{"token": [f"tokens {row['token'][0]}"]} for row in self.texts(sentences, threshold)]


async def answers(model: Echo, requests: Sequence[tuple[str, list[str]]]) -> list[Any]:
    """The answers to requests that all wait while the first one runs."""
    version, batcher = Version(1, model, {}), Batcher(1)  # type: ignore[arg-type]
    tasks = []
    for signature, texts in requests:
        tasks.append(asyncio.create_task(batcher.run(version, signature, texts)))
        await asyncio.sleep(0)
        while not model.asked:
            await asyncio.sleep(0.001)
    model.let.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.to_thread(batcher.stop)
    return found


@hypothesis.settings(max_examples=50, deadline=None)
@hypothesis.given(
    st.lists(
        st.tuples(st.sampled_from(["serving_default", "tokens"]), st.lists(st.text(max_size=2), max_size=40)),
        min_size=1,
    )
)
def test_every_request_gets_its_own_rows(requests: list[tuple[str, list[str]]]) -> None:
    model = Echo()
    for (signature, texts), rows in zip(requests, asyncio.run(answers(model, requests)), strict=True):
        prefix = "tokens " if signature == "tokens" else ""
        assert [row["token"][0] for row in rows] == [prefix + text for text in texts]
    assert sum(map(len, model.asked)) == sum(len(texts) for _, texts in requests)
    longest = max(len(texts) for _, texts in requests)
    assert all(len(asked) <= max(BATCH_SIZE, longest) for asked in model.asked)


def test_what_waits_goes_together() -> None:
    model = Echo()
    asyncio.run(answers(model, [("serving_default", [str(i)]) for i in range(40)]))
    assert [len(asked) for asked in model.asked] == [1, 32, 7]


def test_long_texts_are_not_padded_to_each_other() -> None:
    model = Echo()
    texts = ["first", "a" * 2**19, "b" * 2**19, "c", "d" * 2**21, "e"]
    asyncio.run(answers(model, [("serving_default", [text]) for text in texts]))
    assert [[text[0] for text in asked] for asked in model.asked] == [["f"], ["a", "b"], ["c", "e"], ["d"]]


def test_a_refused_text_does_not_take_others_with_it() -> None:
    model = Echo()
    requests = [("serving_default", [text]) for text in ("first", "fine", "refused", "fine, too")]
    first, fine, refused, too = asyncio.run(answers(model, requests))
    assert [rows[0]["token"][0] for rows in (first, fine, too)] == ["first", "fine", "fine, too"]
    assert isinstance(refused, RefusedInputError) and refused.number == 0


def test_the_models_faults_are_told_and_the_threads_go_on() -> None:
    model = Echo()
    requests = [("serving_default", ["broken"]), ("serving_default", ["fine"])]
    broken, fine = asyncio.run(answers(model, requests))
    assert isinstance(broken, OSError) and fine == [{"token": ["fine"]}]


def test_what_is_given_up_before_it_runs_is_not_asked() -> None:
    async def give_up() -> None:
        version, batcher = Version(1, model, {}), Batcher(1)  # type: ignore[arg-type]
        first = asyncio.create_task(batcher.run(version, "serving_default", ["first"]))
        while not model.asked:
            await asyncio.sleep(0.001)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(batcher.run(version, "serving_default", ["second"]), 0.01)
        model.let.set()
        await first
        await asyncio.to_thread(batcher.stop)

    model = Echo()
    asyncio.run(give_up())
    assert model.asked == [["first"]]
