"""Where sentences begin among the words of a text, in the graph.

Words are what stands between white space. A sentence ends after one like "go." or "go!)", unless it is an
abbreviation or the next word goes on in lower case; the abbreviations are those of English.
"""

from __future__ import annotations

from collections.abc import Iterable

import tensorflow as tf

from jner_re.text.tokenization import ABBREVIATIONS, STATES

# They stand before a number, and elsewhere end a sentence ("He said no."). The last: born, circa, died, note.
_BEFORE_NUMBER = (
    "No|Nos|Art|Ch|Chap|Eq|Eqs|Ex|Fig|Figs|Par|Pt|Ref|Refs|Sec|Secs|Sect|Tab|Vol|Vols|Pp|"
    "no|nos|art|ch|chap|eq|eqs|ex|fig|figs|par|pt|ref|refs|sec|secs|sect|tab|vol|vols|p|pp|"
    "b|c|d|n"
)
# Besides those of the tokenization: these in lower case and with a capital,
_LOWER_ABBREVIATIONS = (
    "al|approx|apt|assn|assoc|asst|attn|avg|bldg|ca|capt|cf|cont|corp|dept|dist|div|ed|eds|encl|esp|est|"
    "etc|ff|fl|gen|gov|govt|hwy|ibid|incl|inst|intl|mfg|mgr|misc|natl|nr|orig|pkwy|prob|prof|pseud|publ|"
    "resp|rev|sgt|sp|spp|sr|st|ste|subsp|supp|suppl|supt|syn|tel|temp|trans|univ|v|var|viz|vs"
)
# these as they are: people, bodies and places, months and days, degrees.
_MORE_ABBREVIATIONS = (
    "Messrs|Mmes|Mme|Mlle|Msgr|Fr|Br|Insp|Det|Cpl|Pvt|Pfc|Brig|Comdr|Cdr|Ens|Atty|Amb|Dir|Drs|Esq|Gens|Govs|"
    "Lts|Cols|Profs|Reps|Revs|Sens|Sgts|Spc|Treas|Rt|Ven|"
    "Cos|Cie|Int'l|Nat'l|Labs|Alta|Hts|Mts|Pk|Rte|Sq|Sta|Twp|"
    "Jun|Jul|Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|"
    "Ph.D|Pharm.D|Ed.D|Litt.D|M.Sc|B.Sc|D.Phil"
)
# They begin sentences and are hardly ever part of a name: after what may stand inside a sentence ("the U.S.",
# "Acme Inc.") they tell that it ended.
_STARTERS = (
    "A|According|After|All|Also|Although|An|And|Another|Any|As|At|Because|Before|Besides|Both|But|By|"
    "Despite|During|Each|Earlier|Finally|For|From|Further|Furthermore|He|Her|Here|His|How|However|I|If|In|"
    "Indeed|Instead|It|Its|Later|Likewise|Many|Meanwhile|More|Moreover|Most|Mr[.]|Mrs[.]|Ms[.]|My|"
    "Nevertheless|No|None|Nor|On|One|Only|Or|Other|Our|Perhaps|Recently|Several|She|Since|So|Some|Still|"
    "Such|That|The|Their|Then|There|Therefore|These|They|This|Those|Though|Thus|To|Today|Two|Under|Until|"
    "We|What|When|Where|Whether|Which|While|Who|Why|With|Yet|You"
)
# A letter that follows them is no initial: "hepatitis C."
_BEFORE_LETTER = (
    "hepatitis|influenza|vitamin|vitamins|coenzyme|factor|protein|immunoglobulin|amphotericin|cyclosporin|"
    "mitomycin|type|types|grade|class|group|groups|category|stage|phase|level|plan|part|section|appendix|"
    "exhibit|figure|table|case|patient|point|option|war"
)


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(word.replace(".", "[.]") for word in sorted(words))


def _either_case(words: str) -> list[str]:
    """With a capital as first letter, too."""
    return [form for word in words.split("|") for form in (word, word[0].upper() + word[1:])]


_IN_SENTENCE = {*ABBREVIATIONS, *_MORE_ABBREVIATIONS.split("|"), *_either_case(_LOWER_ABBREVIATIONS)}
_IN_SENTENCE -= set(_BEFORE_NUMBER.split("|"))

_OPEN = "[`“‘„‚«‹(\\[{¿¡]"  # a quote or bracket that opens
_CLOSE = "['”’»›)\\]}]"  # one that closes
_STRAIGHT = '"'  # either
_OPENING = f"(?:{_OPEN}|['{_STRAIGHT}])*"  # what may be before a word
_CLOSING = f"(?:{_CLOSE}|{_STRAIGHT})*"  # and after it
# Words of nothing else; the codes are the Penn Treebank's.
_OPENING_WORD = f"{_OPEN}+{_STRAIGHT}?|{_STRAIGHT}{_OPEN}+|-L[CRS]B-"
_CLOSING_WORD = f"{_CLOSE}+{_STRAIGHT}?|{_STRAIGHT}{_CLOSE}+|-R[CRS]B-"
# What may end a sentence: "go.", "go!?", 'go."', "go.)".
_END = f"(?s).*[.?!…。！？]{_CLOSING}"
# What rather stands in it: "U.S.", "S.", "J.-P.", "a.m.", "Mr.", "(etc.", "D-Ariz."
_ABBREVIATED = (
    rf"(?s){_OPENING}(?:.*[-–—/])?"
    rf"(?:\p{{Lu}}[.]|\p{{L}}[.](?:-?\p{{L}}[.])+|(?:{_alternatives(_IN_SENTENCE)})[.])"
)
_NUMBERED = f"{_OPENING}(?:{_BEFORE_NUMBER})[.]"  # "No.", "(fig."
# Unless it is "C." after "hepatitis", or "Ala." after "Danville," and not before "(AP)".
_LETTERED = f"{_OPENING}(?:{_alternatives(_either_case(_BEFORE_LETTER))})"
_LETTER = r"\p{Lu}[.]"
_PLACE = "(?s).*,"
_BRACKET = r"(?s)\(.*"
_STATE = f"(?:{'|'.join(STATES)}|N[.][CDHJMY]|S[.][CD]|R[.]I|W[.]Va|D[.]C)[.]"
# What the next word looks like if the sentence goes on.
_NUMBER = rf"(?s){_OPENING}\p{{Nd}}.*"
_GOING_ON = rf"(?s){_OPENING}(?:\p{{Ll}}|[,;:]).*|[.?!…]+"  # lower case, or punctuation that stands alone
# And if a sentence begins, even after an abbreviation: "He", "(It's".
_STARTER = rf"(?s){_OPENING}(?:{_STARTERS})(?:['’,:;…].*)?"


def begins_sentence(words: tf.Tensor, text_ids: tf.Tensor) -> tf.Tensor:
    """Whether each word begins a sentence.

    Args:
      words: string [W], of all texts.
      text_ids: int64 [W], in order.

    Returns:
      bool [W], true for the first word of each text.
    """
    # With a word before and after all texts, so that there always are neighbours.
    words = tf.concat([[""], words, [""]], axis=0)
    text_ids = tf.concat([tf.constant([-1], tf.int64), text_ids, [tf.int64.max]], axis=0)
    first = tf.concat([[True], text_ids[1:] != text_ids[:-1]], axis=0)
    opening, closing = _opening_and_closing(words, first)

    def at(indices: tf.Tensor) -> tf.Tensor:
        """The word at each of the indices, "" if it is of another text."""
        return tf.where(tf.gather(text_ids, indices) == text_ids, tf.gather(words, indices), "")

    # What stands before and after a break, quotes and brackets of their own aside: he said . " | ( The
    last = _previous(~closing)
    following = at(_next(~opening))
    going_on = (
        _matches(following, _GOING_ON)
        | (tf.gather(_abbreviated(words, first), last) & ~_matches(following, _STARTER))
        | (tf.gather(_matches(words, _NUMBERED), last) & _matches(following, _NUMBER))
    )
    return (first | (_matches(at(last), _END) & ~going_on & ~closing))[1:-1]


def _abbreviated(words: tf.Tensor, first: tf.Tensor) -> tf.Tensor:
    """Which words end in a period that rather ends no sentence.

    Args:
      words: string [W].
      first: bool [W], which are the first of their text.
    """
    before = tf.where(first, "", tf.concat([[""], words[:-1]], axis=0))
    last_of_name = _matches(before, _LETTERED) & _matches(words, _LETTER)
    after = tf.concat([words[1:], [""]], axis=0)
    last_of_place = _matches(before, _PLACE) & _matches(words, _STATE) & ~_matches(after, _BRACKET)
    return _matches(words, _ABBREVIATED) & ~last_of_name & ~last_of_place


def _opening_and_closing(words: tf.Tensor, first: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Which words are nothing but opening quotes and brackets, and which but closing ones: bool [W] each.

    Straight double quotes open and close in turn, in each text anew.
    """
    straight = words == _STRAIGHT
    before = tf.cumsum(tf.cast(straight, tf.int32), exclusive=True)
    before_text = tf.gather(tf.boolean_mask(before, first), tf.cumsum(tf.cast(first, tf.int32)) - 1)
    even = (before - before_text) % 2 == 0
    opening = _matches(words, _OPENING_WORD) | (straight & even)
    closing = _matches(words, _CLOSING_WORD) | (straight & ~even)
    return opening, closing


def _previous(mask: tf.Tensor) -> tf.Tensor:
    """The last position before each one where the mask is true, 0 if there is none: bool [W] to int64 [W]."""
    true = tf.concat([tf.constant([0], tf.int64), tf.where(mask)[:, 0]], axis=0)
    return tf.gather(true, tf.cumsum(tf.cast(mask, tf.int32), exclusive=True))


def _next(mask: tf.Tensor) -> tf.Tensor:
    """The first position from each one on where the mask is true, the last if there is none."""
    true = tf.concat([tf.where(mask)[:, 0], [tf.size(mask, tf.int64) - 1]], axis=0)
    return tf.gather(true, tf.cumsum(tf.cast(mask, tf.int32), exclusive=True))


def _matches(words: tf.Tensor, pattern: str) -> tf.Tensor:
    """Whether the whole word does."""
    return tf.strings.regex_full_match(words, pattern)
