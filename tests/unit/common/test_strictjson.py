"""JSON as we take it."""

import pytest

from libs.common import strictjson
from libs.common.errors import BadRequest, Unprocessable, WeerklankError


@pytest.mark.parametrize(
    "body",
    [b"null", b"[]", b'{"a": {"a": [1, 1.5, "\\u00e9"]}}', b"[" * 64 + b"]" * 64, b'[{"a": 1}, {"a": 1}]', b'"\\ud83d\\ude00"', b"1" * 300],
)
def test_what_is_json_is_read(body: bytes) -> None:
    strictjson.decode(body)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not valid JSON"),
        (b"{", "line 1"),
        (b"\xff\xfe", "UTF-8"),
        (b'"\\ud800"', "not valid JSON"),
        (b"NaN", "not valid JSON"),
        (b"[1,]", "not valid JSON"),
        (b"1" * 400, "not valid JSON"),
        (b"[" * 65 + b"]" * 65, "deeper than 64"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "deeper than 64"),
        (b"[" * 100_000, "JSON"),
        (b"[" * 500_000 + b"]" * 500_000, "JSON|deeper"),
        (b'{"a": 1, "b": 2, "a": 3}', "'a' stands twice"),
        (b'{"b": [{"a": 1, "\\u0061": 1}]}', "'a' stands twice"),
    ],
)
def test_what_parsers_read_differently_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        strictjson.decode(body)


@pytest.mark.parametrize("value", ["a\0", ["a", "\0"], {"a": {"b": "\0"}}, {"\0": 1}])
def test_a_nul_is_named_by_its_place(value: object) -> None:
    with pytest.raises(Unprocessable, match="body") as caught:
        strictjson.refuse_nul(value)
    assert isinstance(caught.value, WeerklankError)


def test_finding_a_name_that_stands_twice_takes_no_longer_than_reading_it() -> None:
    compared = 0

    class Counted(str):
        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    with pytest.raises(BadRequest, match="'n999' stands twice"):
        strictjson._names_once([(Counted(f"n{number}"), 1) for number in [*range(1000), 999]])
    assert compared < 10_000
