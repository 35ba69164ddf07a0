from __future__ import annotations

import re

import pytest

from kwhy.model.expressions import expression


def test_an_expression_matches_like_a_compiled_one() -> None:
    lazy, compiled = expression(r"(?P<word>a+)b", re.IGNORECASE), re.compile(r"(?P<word>a+)b", re.IGNORECASE)
    for _ in range(2):
        found = lazy.search("xxAAB")
        assert found is not None
        assert found["word"] == "AA"
    assert lazy.fullmatch("ab c") is None
    assert lazy.sub("-", "ab AB c") == compiled.sub("-", "ab AB c")
    assert lazy.groupindex == compiled.groupindex
    assert (lazy.pattern, lazy.flags) == (compiled.pattern, compiled.flags)


def test_an_expression_over_bytes_matches_bytes() -> None:
    assert expression(rb"\d+").findall(b"1 22") == [b"1", b"22"]


def test_a_wrong_expression_is_told_on_first_use() -> None:
    wrong = expression("(")
    with pytest.raises(re.error):
        wrong.match("")
