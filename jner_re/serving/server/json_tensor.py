"""Bodies of :predict requests to strings, and rows to answers, in TensorFlow Serving's two JSON formats.

All inputs of exported models are strings.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any

from jner_re import json_text
from jner_re.serving.server.errors import invalid

_EXPECTED = '{"instances": [row, …]} or {"inputs": tensor}'


@dataclasses.dataclass(frozen=True)
class PredictRequest:
    """What a body asks for.

    Attributes:
      signature: its name; "" for the default.
      by_row: whether it is in row format ("instances"); else it is in column format ("inputs").
      content: of the one or the other.
    """

    signature: str
    by_row: bool
    content: Any


def parse(body: bytes) -> PredictRequest:
    """Reads a request; `strings` checks its content.

    Raises:
      RequestError: it is no JSON object, or has not just one of instances and inputs.
    """
    found = read_object(body, _EXPECTED)
    signature = found.get("signature_name", "")
    if not isinstance(signature, str):
        raise invalid(f"signature_name is {_shown(signature)}, expected a string")
    by_row = "instances" in found
    if by_row == ("inputs" in found):
        found_keys = "both instances and inputs" if by_row else "neither instances nor inputs"
        raise invalid(f"the body has {found_keys}, expected {_EXPECTED}")
    return PredictRequest(signature, by_row, found["instances" if by_row else "inputs"])


def read_object(body: bytes, expected: str) -> dict[str, Any]:
    """The JSON object of a body.

    Args:
      body: in UTF-8.
      expected: says what the object is, in errors.

    Raises:
      RequestError: it is no JSON object.
    """
    try:
        found = json.loads(
            body.decode("utf-8-sig"),
            parse_int=json_text.finite_integer,
            parse_float=json_text.finite_float,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError as error:
        raise invalid(f"the body is not UTF-8 at byte {error.start}, expected JSON in UTF-8") from None
    except ValueError as error:
        raise invalid(f"the body is not JSON: {error}; expected {expected}") from None
    except RecursionError:
        raise invalid(f"the body is nested too deeply, expected {expected}") from None
    if not isinstance(found, dict):
        raise invalid(f"the body is {_shown(found)}, expected {expected}")
    return found


def strings(request: PredictRequest, name: str, rank: int) -> list[Any]:
    """The tensor of a request.

    Args:
      request: in either format.
      name: of the signature's only input.
      rank: of it: 1 or 2.

    Returns:
      bytes [B] or [B, T], as lists.

    Raises:
      RequestError: it is no tensor of strings of that rank.
    """
    place, content = "instances" if request.by_row else "inputs", request.content
    if not request.by_row and _is_object(content):
        content, place = _member(content, name, place), f"{place}.{name}"
    if not isinstance(content, list):
        raise invalid(f"{place} is {_shown(content)}, expected a list")
    if not content and (request.by_row or rank > 1):
        raise invalid(f"{place} is empty, expected at least one row")
    if request.by_row and any(map(_is_object, content)):
        content = _unnamed(content, name)
    if rank == 1:
        return [_string(row, place, i) for i, row in enumerate(content)]
    for i, row in enumerate(content):
        if not isinstance(row, list):
            raise invalid(f"{place}[{i}] is {_shown(row)}, expected a list of strings")
        if len(row) != len(content[0]):
            expected = f'expected {len(content[0])} as in {place}[0]: pad with ""'
            raise invalid(f"{place}[{i}] has {len(row)} strings, {expected}")
    return [
        [_string(item, f"{place}[{i}]", j) for j, item in enumerate(row)] for i, row in enumerate(content)
    ]


def answer(outputs: dict[str, list[Any]], by_row: bool) -> bytes:
    """The body of an answer.

    Args:
      outputs: of all rows, by name.
      by_row: the format of the request.
    """
    if not by_row:
        return print_json({"outputs": outputs})
    count = len(next(iter(outputs.values())))
    return print_json({"predictions": [{name: outputs[name][i] for name in outputs} for i in range(count)]})


def print_json(value: Any) -> bytes:
    """In UTF-8; half of a surrogate pair, which a message may quote, is escaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode(errors="backslashreplace")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _member(values: dict[str, Any], name: str, place: str) -> Any:
    if others := values.keys() - {name}:
        raise invalid(f'{place} has {_shown(min(others))}, expected "{name}" alone')
    if name not in values:
        raise invalid(f'{place} has no "{name}", expected the input of that name')
    return values[name]


def _unnamed(rows: list[Any], name: str) -> list[Any]:
    """The values of rows {name: value}."""
    for i, row in enumerate(rows):
        if not _is_object(row):
            raise invalid(f"instances[{i}] is {_shown(row)}, expected an object, as other rows are")
    return [_member(row, name, f"instances[{i}]") for i, row in enumerate(rows)]


def _string(value: Any, place: str, index: int) -> bytes:
    try:
        if isinstance(value, str):
            return value.encode()
        if _is_base64(value):
            text = "".join(value["b64"].split()).rstrip("=")
            return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except UnicodeEncodeError:
        raise invalid(f"{place}[{index}] has half of a surrogate pair, expected Unicode") from None
    except ValueError:
        raise invalid(f"{place}[{index}].b64 is {_shown(value['b64'])}, expected base64") from None
    raise invalid(f'{place}[{index}] is {_shown(value)}, expected a string or {{"b64": "…"}}')


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"b64"} and isinstance(value["b64"], str)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not _is_base64(value)


def _shown(value: Any) -> str:
    """A value on one line, shortened; what is nested is not looked into."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:100]}…"
