"""The outputs of an extractor, the one table of them: what both signatures give for a row of a request."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from jner_re.text.long_sentences import MAX_TOKENS


@dataclasses.dataclass(frozen=True)
class Output:
    """A tensor [B, `dimension`], whose rows are made equally long by `padding`.

    Attributes:
      name: without the part before "_" it is a field of a `Document`'s entities or relations.
      dtype: of the tensor.
      dimension: T tokens, M entities, N relations, K breaks.
      meaning: in a line.
    """

    name: str
    dtype: Literal["string", "int32", "float32"]
    dimension: Literal["T", "M", "N", "K"]
    meaning: str

    @property
    def padding(self) -> Any:
        """A value that none of the output's own is equal to."""
        return {"string": "", "int32": -1, "float32": -1.0}[self.dtype]


_PLACE = "place among the row's entities, from 0"
ENTITY = (
    Output("entity_type", "string", "M", "type of each entity; the numbering goes over the whole row"),
    Output("entity_start", "int32", "M", "first character (Unicode code point), or token with `tokens`"),
    Output("entity_end", "int32", "M", "end, exclusive, counted likewise"),
    Output("entity_text", "string", "M", "`text[start:end]`; with `tokens`, the tokens joined by spaces"),
    Output("entity_score", "float32", "M", "the CRF's posterior probability of the span with its type"),
)
RELATION = (
    Output(
        "relation_type",
        "string",
        "N",
        "type of each relation, of entities in one sentence or the model's window",
    ),
    Output("relation_head", "int32", "N", f"its head's {_PLACE}"),
    Output("relation_tail", "int32", "N", f"its tail's {_PLACE}"),
    Output("relation_score", "float32", "N", "the model's, above the lowest score that is given"),
)
BOTH = (Output("token", "string", "T", "the tokens"), *ENTITY, *RELATION)  # signatures
BREAKS = Output(
    "broken_at",
    "int32",
    "K",
    f"of `serving_default` alone: characters where a sentence of more than {MAX_TOKENS:,} tokens was broken",
)  # exports of before have none
OUTPUTS = {output.name: output for output in (*BOTH, BREAKS)}


def markdown_table() -> str:
    """The table for a page."""
    lines = ["| output | tensor | padding | what it is |", "| --- | --- | --- | --- |"]
    for output in OUTPUTS.values():
        padding = '""' if output.padding == "" else "-1"
        lines.append(
            f"| `{output.name}` | {output.dtype} [B, {output.dimension}] | {padding} | {output.meaning} |"
        )
    return "\n".join(lines)
