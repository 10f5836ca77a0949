"""The page in a browser, on a model that takes every capitalized word for an entity."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from running import listening

from jner_re.drawing.colors import color
from jner_re.extraction.rows import RefusedInputError, Row
from jner_re.serving import page as page_files
from jner_re.serving.server import app
from jner_re.serving.server.metrics import Metrics
from jner_re.serving.server.versions import Version

NAME = 'a "model" & <more>'
EXAMPLES = ["Ada knows <b>Bo</b>.", "Berta überquert die Straße nach Köln."]
TEXT = "Ada lives in Oslo. Bo knows Cy."
WORDS = "svg text[font-size='14']"


def answer(text: str) -> dict[str, list[Any]]:
    """Entities Peop and Loc in turn; relations from each to the next of its line, with scores .05, .15, …"""
    words = [m for m in re.finditer(r"[^\W\d_][\w’]*", text) if m[0][0].isupper() or m[0][0] >= "א"]
    pairs = [i for i, (a, b) in enumerate(itertools.pairwise(words)) if "\n" not in text[a.end() : b.start()]]
    return {
        "token": re.findall(r"\w+|[^\w\s]", text),
        "entity_type": [("Peop", "Loc")[i % 2] for i in range(len(words))],
        "entity_text": [m[0] for m in words],
        "entity_start": [m.start() for m in words],
        "entity_end": [m.end() for m in words],
        "entity_score": [0.875] * len(words),
        "relation_type": ["Live_In" for _ in pairs],
        "relation_head": pairs,
        "relation_tail": [i + 1 for i in pairs],
        "relation_score": [round((i % 10) / 10 + 0.05, 2) for i in range(len(pairs))],
        "broken_at": [text.index("#")] if "#" in text else [],
    }


class Model:
    """The one version that is served, and its model."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find(self, number: int | None) -> Version:
        about = {"examples": EXAMPLES, "min_score": 0.04}
        return Version(1, self, {}, about)  # type: ignore[arg-type]

    def texts(self, texts: list[bytes], threshold: float | None) -> list[Row]:
        (text,) = [text.decode() for text in texts]
        self.asked.append(text)
        if text == "refuse":
            raise RefusedInputError("text", 0, "sentence 0 has <b>")
        return [answer(text)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Model]]:
    model = Model()
    api = app.Api(model, app.Limits(), Metrics())  # type: ignore[arg-type]
    with listening(app.create(api, page_files.files(NAME), page_files.HEADERS)) as port:
        yield f"http://127.0.0.1:{port}", model


@pytest.fixture
def page(browser: Browser, server: tuple[str, Model]) -> Iterator[Page]:
    """A page that is closed without a word on its console."""
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(server[0])
    yield page
    page.close()
    assert [text for text in said if not text.startswith("Failed to load resource: ")] == []


def extract(page: Page, text: str) -> None:
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Extract").click()
    page.locator("#status").filter(has_text=re.compile(r" s\.( |$)")).wait_for()


def entities(page: Page) -> list[str]:
    return page.locator(".jner-entity text:first-of-type").all_text_contents()


def arcs(page: Page) -> int:
    return page.locator(".jner-relation:visible").count()


def test_what_is_found_is_drawn_and_listed(page: Page, server: tuple[str, Model]) -> None:
    extract(page, TEXT)
    assert server[1].asked[-1] == TEXT
    assert (page.locator("#status").text_content() or "").startswith("4 entities and 3 relations in ")
    assert entities(page) == ["Ada", "Oslo", "Bo", "Cy"]
    assert page.locator("#legend li").all_text_contents() == ["Loc (2)", "Peop (2)"]
    assert page.locator(".jner-entity text:last-of-type").all_text_contents() == [
        "Peop 0.87", "Loc 0.87", "Peop 0.87", "Loc 0.87"
    ]  # fmt: skip
    assert page.locator(WORDS).all_text_contents() == [
        "Ada", "lives in", "Oslo", ".", "Bo", "knows", "Cy", "."
    ]  # fmt: skip
    assert arcs(page) == 3
    rows = [row.locator("td").all_text_contents() for row in page.locator("tbody tr").all()]
    assert rows == [
        ["Bo", "Live_In", "Cy", "0.250"],
        ["Oslo", "Live_In", "Bo", "0.150"],
        ["Ada", "Live_In", "Oslo", "0.050"],
    ]
    assert not page.locator("#json").is_visible()
    page.get_by_text("JSON", exact=True).click()
    assert json.loads(page.locator("#json").text_content() or "") == {"predictions": [answer(TEXT)]}


def test_broken_sentences_are_told(page: Page) -> None:
    extract(page, "Ada # Bo")
    told = " Sentences that are too long were broken at 1 place."
    assert (page.locator("#status").text_content() or "").endswith(told)


def test_the_threshold_hides_relations_without_a_request(page: Page, server: tuple[str, Model]) -> None:
    extract(page, TEXT)
    asked = len(server[1].asked)
    slider = page.get_by_label("Relations with a score above")
    assert (slider.get_attribute("min"), slider.input_value()) == ("0.04", "0.04")  # the export's lowest
    for value, shown in (("0.05", 2), ("0.2", 1), ("1", 0), ("0.04", 3)):
        slider.fill(value)
        assert arcs(page) == page.locator("tbody tr:visible").count() == shown
        assert page.locator("#shown").text_content() == f"{shown} of 3 relations"
    assert len(server[1].asked) == asked


def test_scores_on_hover_and_focus(page: Page) -> None:
    extract(page, TEXT)
    tip = page.locator("#tip")
    page.locator(".jner-entity").first.hover()
    assert tip.is_visible() and tip.text_content() == "Ada: Peop 0.8750"
    page.locator(".jner-relation text").last.hover()
    assert tip.text_content() == "Ada → Oslo: Live_In 0.0500"
    page.mouse.move(0, 0)
    assert not tip.is_visible()
    page.locator(".jner-entity").nth(1).focus()
    assert tip.is_visible() and tip.text_content() == "Oslo: Loc 0.8750"
    page.keyboard.press("Escape")
    assert not tip.is_visible()


_FOCUSED = "document.activeElement.id || document.activeElement.getAttribute('class')"
_HAS_FOCUS_RING = "getComputedStyle(document.activeElement).outlineStyle !== 'none'"


def test_with_the_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.type("Ada lives in Oslo")
    page.keyboard.press("Control+Enter")
    page.locator("#result").wait_for()
    reached = []
    for _ in range(9):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(_FOCUSED))
        assert page.evaluate(_HAS_FOCUS_RING), reached
    expected = ["extract", "threshold", "skip", "jner-relation", "jner-entity"]
    assert [name for name in expected if name in reached] == expected
    slider = page.get_by_label("Relations with a score above")
    slider.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert slider.input_value() == "0.06" and arcs(page) == 0


def test_text_is_text(page: Page) -> None:
    text = "Ada <script>alert(1)</script> <img src=x onerror=alert(2)> & Oslo"
    extract(page, text)
    shown = "".join(page.locator(WORDS).all_text_contents())
    assert "<script>" in shown and "onerror" in shown
    assert page.locator("#drawing script, #drawing img").count() == 0
    assert page.title() == f"{NAME}: entities and relations"


def test_scripts_from_elsewhere_are_forbidden(browser: Browser, server: tuple[str, Model]) -> None:
    page = browser.new_page()
    response = page.goto(server[0])
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.evaluate("""document.body.append(
        Object.assign(document.createElement("script"), {text: "window.bad = 1"}))""")
    assert page.evaluate("window.bad") is None and "Content Security Policy" in said[0]
    page.close()


def test_offsets_count_code_points(page: Page) -> None:
    extract(page, "😀🇳🇴 Åse é́ lives in 👩‍👩‍👧 Oslo")
    assert entities(page) == ["Åse", "Oslo"]


def test_from_right_to_left(page: Page) -> None:
    extract(page, "שלום עולם")
    first, second = (box.bounding_box() for box in page.locator(".jner-entity rect").all())
    assert first and second and first["x"] > second["x"]


def test_errors_are_told_and_go_again(page: Page, server: tuple[str, Model]) -> None:
    extract(page, TEXT)
    page.get_by_label("Text", exact=True).fill("refuse")
    page.get_by_role("button", name="Extract").click()
    alert = page.get_by_role("alert").filter(has_text="Error")
    alert.wait_for()
    assert alert.text_content() == "Error: sentence 0 has <b>"
    assert not page.locator("#result").is_visible()
    page.route("**/drawing.json", lambda route: route.abort())
    page.get_by_role("button", name="Extract").click()
    page.get_by_role("alert").filter(has_text="The server can't be reached.").wait_for()
    page.unroute("**/drawing.json")
    extract(page, "nothing here")
    assert page.get_by_role("alert").text_content() == ""
    assert not page.locator("table").is_visible() and arcs(page) == 0


def test_a_text_without_words_is_not_sent(page: Page, server: tuple[str, Model]) -> None:
    extract(page, TEXT)
    asked = len(server[1].asked)
    for text in ("", " \n\t "):
        page.get_by_label("Text", exact=True).fill(text)
        page.get_by_role("button", name="Extract").click()
        page.get_by_text("Write or paste a text first.").wait_for()
    assert len(server[1].asked) == asked


def test_examples_are_the_models(page: Page) -> None:
    buttons = page.locator("#examples button")
    buttons.first.wait_for()
    assert buttons.all_text_contents() == EXAMPLES
    buttons.last.click()
    page.locator("#result").wait_for()
    assert entities(page) == ["Berta", "Straße", "Köln"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_types_have_the_colours_of_every_drawing_and_contrast(
    browser: Browser, server: tuple[str, Model], scheme: Any
) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(server[0])
    extract(page, "Ada lives in Oslo")
    rects = page.locator(".jner-entity rect")
    assert [rect.get_attribute("stroke") for rect in rects.all()] == [color("Peop"), color("Loc")]
    legend = page.locator("#legend li")
    shades = legend.evaluate_all("items => items.map((item) => item.style.getPropertyValue('--type'))")
    assert shades == [color("Loc"), color("Peop")]
    for type in map(str, range(50)):  # all hues
        fill = f"color-mix(in srgb,{color(type)} 70%,currentColor)"
        page.locator(".jner-entity text").last.evaluate("(e, fill) => e.setAttribute('fill', fill)", fill)
        rects.last.evaluate("(e, fill) => e.setAttribute('fill', fill)", color(type))
        assert contrast(page, ".jner-entity:last-of-type text:last-of-type", "rect") >= 4.5
    page.close()


def test_no_line_begins_with_a_full_stop(browser: Browser, server: tuple[str, Model]) -> None:
    """Also where a line that relations hold together is too wide; that it is, is said. Lines fit the page."""
    page = browser.new_page(viewport={"width": 400, "height": 800})
    page.goto(server[0])
    extract(page, "nothing")
    assert not page.locator("#beyond").is_visible()
    for words in (4, 7, 9):
        extract(page, "Ada " + "knows " * words + "Bo. Then nothing is known ( or so ) , it seems : no .")
        firsts = page.locator("#drawing svg text:first-of-type").all_text_contents()
        lines = page.locator("#drawing svg").count()
        assert not {".", ",", ")", ":"} & set(firsts) and lines > 1, firsts
    assert page.locator("#beyond").is_visible()
    page.set_viewport_size({"width": 1200, "height": 800})
    page.wait_for_function("lines => document.querySelectorAll('#drawing svg').length < lines", arg=lines)
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_telephone_light_and_dark(browser: Browser, server: tuple[str, Model], scheme: Any) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 640}, color_scheme=scheme)
    page.goto(server[0])
    extract(page, "Ada lives in Oslo and " + "knows " * 20 + "Bo" + "x" * 200)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("document.querySelector('#drawing').scrollWidth") > 360  # which scrolls by itself
    for selector, ground in (
        (".note", "body"),
        ("#status", "body"),
        ("#examples button", "#examples button"),
        ("#extract", "#extract"),
        ("#legend li", "#legend li"),
        (".jner-entity text", "body"),
        (".jner-entity text:last-of-type", "body"),
        (".jner-relation text", "body"),
    ):
        assert contrast(page, selector, ground) >= 4.5, selector
    page.close()


def contrast(page: Page, selector: str, ground: str) -> float:
    """The ratio of WCAG between the colours of a text and of what it stands on, which is on the page."""
    luminances = []
    for last, is_text in ((selector, True), (ground, False)):
        rgb = page.evaluate(_PAINTED, [["body", last], is_text])
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in rgb]
        luminances.append(sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))
    return (max(luminances) + 0.05) / (min(luminances) + 0.05)


# What is seen of the grounds and the text, painted on each other: red, green and blue from 0 to 1.
_PAINTED = """([selectors, isText]) => {
    const canvas = document.createElement("canvas").getContext("2d");
    for (const [i, selector] of selectors.entries()) {
        const element = document.querySelector(selector);
        const style = getComputedStyle(element);
        const isDrawn = element instanceof SVGElement;
        canvas.globalAlpha = isDrawn ? style.fillOpacity : 1;
        canvas.fillStyle = isDrawn ? style.fill : isText && i === 1 ? style.color : style.backgroundColor;
        canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255);
}"""


def test_long_texts_stay_readable(page: Page) -> None:
    sentence = "Ada lives in Oslo with many others and knows nothing of the rest of the world. "
    text = "\n".join([sentence * 3] * 120)  # 5,400 words, 720 entities
    start = time.monotonic()
    extract(page, text)
    assert time.monotonic() - start < 20
    drawn = page.locator("svg").count()
    assert 100 < drawn <= 400
    tall = page.evaluate("document.querySelector('#drawing').clientHeight")
    assert tall <= 0.75 * page.viewport_size["height"] + 1  # type: ignore[index]
