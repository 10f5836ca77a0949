"""The worst sentences, as TensorBoard shows them: its own Markdown renderer is the reference."""

from __future__ import annotations

import html
import re

from tensorboard.plugin_util import markdown_to_safe_html

from jner_re.schema import EntitySpan, RelationPair, Sentence
from jner_re.training.worst_sentences import worst_sentences

ANN = Sentence(
    ("Ann", "Lee", "in", "Rome"),
    (EntitySpan(0, 2, "Peop"), EntitySpan(3, 4, "Loc")),
    (RelationPair(0, 1, "Live_In"),),
)


def rows(gold: list[Sentence], predicted: list[Sentence], limit: int = 20) -> list[list[str]]:
    """The cells' HTML."""
    shown = markdown_to_safe_html(worst_sentences(gold, predicted, limit))
    shown = re.sub(r"<br>\s+", "<br>", shown)  # whether there is a space depends on TensorBoard's version
    assert shown.count("<table>") == 1
    return [re.findall("<td>(.*?)</td>", row, re.S) for row in re.findall("<tr>(.*?)</tr>", shown, re.S)[1:]]


def test_errors_are_counted_and_bold() -> None:
    predicted = Sentence(
        ANN.tokens, (EntitySpan(3, 4, "Loc"), EntitySpan(1, 2, "Peop")), (RelationPair(1, 0, "Live_In"),)
    )
    ((gold, found),) = rows([ANN], [predicted])
    assert html.unescape(gold) == (  # an entity and a relation missed, and as many wrong
        "errors: 4<br><strong>[Ann Lee <em>Peop</em>]</strong> in [Rome <em>Loc</em>]<br>"
        "<strong>Live_In(Ann Lee, Rome)</strong>"
    )
    assert html.unescape(found) == (
        "Ann <strong>[Lee <em>Peop</em>]</strong> in [Rome <em>Loc</em>]<br>"
        "<strong>Live_In(Lee, Rome)</strong>"
    )


def test_the_worst_come_first_and_ties_stay_in_order() -> None:
    gold = [Sentence((f"s{i}", "x"), (EntitySpan(0, 1, "Loc"), EntitySpan(1, 2, "Org"))) for i in range(5)]
    kept = [2, 1, 0, 1, 0]  # entities found, all right
    predicted = [Sentence(s.tokens, s.entities[:count]) for s, count in zip(gold, kept, strict=True)]
    cells = rows(gold, predicted, limit=3)
    shown = [re.findall(r"errors: (\d)<br>.*(s\d)", first) for first, _ in cells]
    assert shown == [[("2", "s2")], [("2", "s4")], [("1", "s1")]]
    assert worst_sentences(gold, gold) == "No errors."


def test_what_looks_like_markdown_or_html_is_shown_as_it_is() -> None:
    tokens = (
        "|", "a|b", "<script>alert(1)</script>", "&amp;", "**bold**", "_it_", "`code`", "[x](http://y)",
        "\\|", "http://a.b", "![i](j)", "~~", "#", "-", "1.", "é", "😀",
    )  # fmt: skip
    sentence = Sentence(
        tokens, (EntitySpan(1, 2, "A|<b>*"), EntitySpan(4, 5, "B")), (RelationPair(0, 1, "r|*_"),)
    )
    ((gold, found),) = rows([sentence], [Sentence(tokens)])
    assert html.unescape(found) == " ".join(tokens)
    plain = html.unescape(re.sub("</?(strong|em)>", "", gold))
    marked = [*tokens]
    marked[1], marked[4] = "[a|b A|<b>*]", "[**bold** B]"
    assert plain == "errors: 3<br>" + " ".join(marked) + "<br>r|*_(a|b, **bold**)"
