"""Bodies of :predict requests to strings, and rows to answers, as TensorFlow Serving's json_tensor.cc.

RapidJSON parses and prints, as there, so that its messages are the same. All inputs of exported models are
strings.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from typing import Any, NamedTuple, NoReturn

import rapidjson

from jner_re.serving.server.errors import invalid

_INPUTS, _INSTANCES, _SIGNATURE = "inputs", "instances", "signature_name"
_TYPES = {type(None): "Null", dict: "Object", list: "Array", str: "String"}

Shape = tuple[int, ...]


class Values(NamedTuple):
    """A tensor of strings.

    Attributes:
      nested: lists of byte strings.
      shape: of it.
    """

    nested: Any
    shape: Shape


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object of a request.

    Raises:
      RequestError: it is none.
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    try:
        document = rapidjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except rapidjson.JSONDecodeError as error:
        offset, _, problem = str(error).removeprefix("Parse error at offset ").partition(": ")
        raise invalid(f"JSON Parse error: {problem} at offset: {offset}") from None
    except UnicodeDecodeError as error:
        raise invalid(f"JSON Parse error: Invalid encoding in string. at offset: {error.start}") from None
    except RecursionError:
        raise invalid("JSON Parse error: Maximum parse recursion depth exceeded!") from None
    if not isinstance(document, dict):
        _refuse(document, "Is not object")
    return document


def signature_of(document: dict[str, Any]) -> str:
    """The name of the signature; "" for the default.

    Raises:
      RequestError: it is not a string.
    """
    name = document.get(_SIGNATURE, "")
    if not isinstance(name, str):
        _refuse(document, f"not formatted correctly. '{_SIGNATURE}' key must be a string value.")
    return name


def is_by_row(document: dict[str, Any]) -> bool:
    """Whether it is in row format; else it is in column format.

    Raises:
      RequestError: it is in both or neither.
    """
    if _INSTANCES in document and _INPUTS in document:
        _refuse(
            document,
            f"Not formatted correctly expecting only one of '{_INPUTS}' or '{_INSTANCES}' keys to exist ",
        )
    if _INSTANCES in document:
        return True
    if _INPUTS in document:
        return False
    raise invalid(f"Missing '{_INPUTS}' or '{_INSTANCES}' key")


def rows(document: dict[str, Any], name: str) -> Values:
    """The instances of a request in row format.

    Args:
      document: has instances.
      name: of the signature's only input.

    Raises:
      RequestError: they are not strings, or not of one shape.
    """
    instances = document[_INSTANCES]
    if not isinstance(instances, list):
        _refuse(document, f"Excepting '{_INSTANCES}' to be an list/array")
    if not instances:
        _refuse(document, f"No values in '{_INSTANCES}' array")
    named = _is_object(instances[0])
    converted: list[Values] = []
    for number, instance in enumerate(instances):
        if named != _is_object(instance):
            kinds = ("object", "list") if named else ("value/list", "object")
            raise invalid(f"Expecting {kinds[0]} but got {kinds[1]} at item {number} of input list")
        if named:
            converted.append(_named(instance, name, number, converted))
        else:
            converted.append(_instance(instance, converted, f"element: {number}"))
    return Values([values.nested for values in converted], (len(converted), *converted[0].shape))


def columns(document: dict[str, Any], name: str) -> Values:
    """The inputs of a request in column format; arguments and errors as of `rows`."""
    value = document[_INPUTS]
    if _is_object(value):
        if name not in value:
            raise invalid(f"Missing named input: {name} in '{_INPUTS}' object.")
        value = value[name]
    return _tensor(value)


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
    """In UTF-8."""
    return rapidjson.dumps(value, ensure_ascii=False).encode()


def _named(item: dict[str, Any], name: str, number: int, before: list[Values]) -> Values:
    for key in item:
        if key != name:
            raise invalid(
                f"Failed to process element: {number} key: {key} of '{_INSTANCES}' list. Error: "
                f"INVALID_ARGUMENT: JSON object: does not have named input: {key}"
            )
    if name not in item:
        raise invalid(
            f"Failed to process element: {number} of '{_INSTANCES}' list. JSON object: {_printed(item)} "
            f"keys must be equal to: {name}"
        )
    return _instance(item[name], before, f"element: {number} key: {name}")


def _instance(item: Any, before: list[Values], place: str) -> Values:
    """An instance, which has the shape of those before."""
    try:
        values = _tensor(item)
        if before:
            expected, found = before[0].shape, values.shape
            if math.prod(expected) != math.prod(found):
                raise invalid(f"Expecting tensor size: {math.prod(expected)} but got: {math.prod(found)}")
            if expected != found:
                raise invalid(f"Expecting shape {_bracketed(expected)} but got: {_bracketed(found)}")
    except Exception as error:
        problem = f"INVALID_ARGUMENT: {error}"
        raise invalid(f"Failed to process {place} of '{_INSTANCES}' list. Error: {problem}") from None
    return values


def _tensor(value: Any) -> Values:
    shape = []
    first = value
    while isinstance(first, list):
        shape.append(len(first))
        if not first:
            break
        first = first[0]
    return Values(_strings(value, 0, tuple(shape)), tuple(shape))


def _strings(value: Any, level: int, shape: Shape) -> Any:
    """The strings in nested lists, which are of one shape."""
    if isinstance(value, list):
        if level >= len(shape):
            raise invalid(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
        if len(value) != shape[level]:
            raise invalid(
                f"Encountered list at unexpected size: {len(value)} at level: {level} "
                f"expected size: {shape[level]}"
            )
        return [_strings(item, level + 1, shape) for item in value]
    if level != len(shape):
        raise invalid(
            f"JSON Value: {_printed(value)} found at incorrect level: {level + 1} in the JSON DOM. "
            f"Expected at level: {len(shape)}"
        )
    if isinstance(value, dict):
        return _decoded(value)
    if not isinstance(value, str):
        _refuse(value, f"Type: {_type(value)} is not of expected type: string")
    return value.encode()


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"b64"} and isinstance(value["b64"], str)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not _is_base64(value)


def _decoded(value: dict[str, Any]) -> bytes:
    if not _is_base64(value):
        _refuse(value, "not formatted correctly for base64 data")
    text = re.sub(r"\s", "", value["b64"]).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise invalid("Unable to base64 decode") from None


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return str(value)
    return _TYPES.get(type(value), "Number")


def _refuse(value: Any, problem: str) -> NoReturn:
    raise invalid(f"JSON Value: {_printed(value)} {problem}")


def _printed(value: Any) -> str:
    """As JSON, shortened: TensorFlow Serving gives a value of any length back whole."""
    text = rapidjson.dumps(value, indent=4, ensure_ascii=False)
    return text if len(text) <= 1000 else text[:1000] + "…"


def _bracketed(shape: Shape) -> str:
    return f"[{','.join(map(str, shape))}]"
