from __future__ import annotations

import pathlib
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Page, sync_playwright

from jner_re.evaluation import strict
from jner_re.evaluation.report import page as make_page
from jner_re.models.decode import without_scores
from jner_re.schema import EntitySpan, LabelSet, RelationPair, Scored, Sentence

HOSTILE = "<script>alert(1)</script>\ud83d\x00"
ATTRIBUTE = "\"><img src=x onerror=alert(2)>'{{script}}"
TOKENS = ("Ada", HOSTILE, "lives", "in", "Oslo", ATTRIBUTE, ".")
ADA, OSLO, BOTH = EntitySpan(0, 1, "Peop"), EntitySpan(4, 5, "Loc"), EntitySpan(4, 6, "Loc")
ODD = EntitySpan(1, 2, ATTRIBUTE)
LIVES, LIVES_BACK = RelationPair(0, 1, "Live_In"), RelationPair(1, 0, "Live_In")
GOLD = [
    Sentence(TOKENS, (ADA, OSLO), (LIVES,), "right"),
    Sentence(TOKENS, (ADA, OSLO), (LIVES,), HOSTILE),
    Sentence(TOKENS, (ADA, OSLO), (LIVES,)),
    Sentence(TOKENS, (ADA,)),
    Sentence(TOKENS),
]
FOUND: list[Scored] = [
    ([(ADA, 0.99), (OSLO, 0.99)], [(LIVES, 0.9), (LIVES_BACK, 0.2)]),
    ([(EntitySpan(0, 1, "Loc"), 0.4), (OSLO, 0.99)], []),  # a type; the relation is missed
    ([(ADA, 0.99), (BOTH, 0.6)], [(LIVES, 0.7)]),  # a boundary; an argument is wrong
    ([(ODD, 0.8)], []),  # one is missed, one is spurious
    ([], []),
]


@pytest.fixture(scope="module")
def html() -> str:
    predicted = without_scores(GOLD, FOUND, 0.5)
    labels = LabelSet.of([*GOLD, *predicted])
    facts = {"Corpus": HOSTILE, "Model directory": ATTRIBUTE}
    return make_page(strict.evaluate(GOLD, predicted, labels), GOLD, FOUND, 0.5, facts)


class Tags(HTMLParser):
    """Collects the tags and the values of attributes that load or lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.addresses += [
            value or "" for name, value in attrs if name in ("src", "href", "action", "srcset")
        ]


def test_nothing_from_elsewhere(html: str) -> None:
    assert all(address.startswith("#") for address in Tags(html).addresses)
    plain = html.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?://|url\(|@import", plain)


def test_text_is_text(html: str) -> None:
    tags = Tags(html).tags
    assert tags.count("script") == 1 and "img" not in tags
    assert tags.count("article") == len(GOLD)
    assert "{{script}}" in html  # the corpus's own is not taken for the template's


@pytest.fixture(scope="module")
def shown(html: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page in a browser; it says nothing on its console and asks for nothing."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium: apt-get install chromium")
    file: pathlib.Path = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(html, encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 400, "height": 800})
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("request", lambda request: said.append(request.url))
        page.goto(file.as_uri())
        yield page
        browser.close()
        assert said == [file.as_uri()]


def sentences(page: Page) -> list[str]:
    return page.locator("article:visible h3 a").all_text_contents()


def kinds(page: Page) -> list[str]:
    return page.locator(".errors li:visible b").all_text_contents()


def test_filters(shown: Page) -> None:
    """With errors of the scores 0.8, 0.7 and 0.6, and 0.4 in sentences 3, 2 and 1."""
    assert sentences(shown) == ["3", "2", "1"]
    assert shown.locator("#shown").text_content() == "3 of 5 sentences, 6 errors"
    assert sorted(kinds(shown)) == ["argument wrong", "boundary", "missed", "missed", "spurious", "type"]
    assert shown.evaluate("document.documentElement.scrollWidth") == 400
    for box in shown.locator("#filters input[data-task]").all():
        task, kind = box.get_attribute("data-task"), box.get_attribute("value")
        count = shown.locator(f'.errors li[data-task="{task}"][data-kind="{kind}"]').count()
        assert box.locator("..").text_content() == f" {kind} ({count})"
    shown.get_by_label("Order").select_option("corpus")
    assert sentences(shown) == ["1", "2", "3"]

    entity_type, relation_type = shown.locator("#ner-type"), shown.locator("#re-type")
    labels = entity_type.locator("option").all_text_contents()
    assert labels[2:] == [f"{ATTRIBUTE} (1 fp, 0 fn)", "Loc (2 fp, 1 fn)", "Peop (0 fp, 2 fn)"]
    relation_type.select_option("none")
    assert sentences(shown) == ["1", "2", "3"] and "argument wrong" not in kinds(shown)
    entity_type.select_option("type:Loc")
    assert kinds(shown) == ["type", "boundary"]
    entity_type.select_option(f"type:{ATTRIBUTE}")
    assert (sentences(shown), kinds(shown)) == (["3"], ["spurious"])

    entity_type.select_option("all")
    relation_type.select_option("all")
    right = shown.get_by_label("show right sentences (2)")
    right.focus()
    shown.keyboard.press("Space")
    assert sentences(shown) == ["0", "1", "2", "3", "4"]
    entity_type.select_option("type:Peop")
    assert sentences(shown) == ["0", "1", "2", "3"]
    for box in shown.locator('#filters input[data-task="ner"]').all():
        box.focus()
        shown.keyboard.press("Space")
    assert kinds(shown) == ["missed", "argument wrong"] and sentences(shown) == ["0", "1", "2"]
