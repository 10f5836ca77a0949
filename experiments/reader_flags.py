"""What the readers of some formats have to be told besides (`formats.OPTIONS`)."""

from __future__ import annotations

from typing import Any

from absl import flags

from jner_re.corpora import doccano_offsets
from jner_re.corpora.formats import OPTIONS

flags.DEFINE_boolean(
    "event_arguments",
    False,
    "brat: the arguments of events are relations too, from the event's trigger to the argument, of the type "
    "that the role names",
)
flags.DEFINE_string(
    "annotator",
    None,
    "label_studio: whose annotations count, by id or e-mail address; by default the newest of a task that "
    "was not cancelled",
)
flags.DEFINE_enum(
    "offsets",
    None,
    list(doccano_offsets.UNITS),
    "doccano: what its places count; by default UTF-16 units, as doccano does unless the project has the "
    "option 'Count grapheme clusters as one character'; files made by scripts often count code points",
)
for _kind in ("span", "relation"):
    flags.DEFINE_string(f"{_kind}_layer", None, f"cas: the layer of {_kind}s, TYPE or TYPE:FEATURE")


def given() -> dict[str, Any]:
    """Those that are given, for `formats.load`."""
    return {name: value for name in OPTIONS if (value := flags.FLAGS[name].value)}
