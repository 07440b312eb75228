"""What a sidecar was is kept as it differs from what it became."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalog.written import is_before, packed, unpacked


@given(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=40), st.binary(max_size=40))
def test_it_comes_back_byte_for_byte(head: bytes, tail: bytes, old: bytes, new: bytes) -> None:
    before, after = head + old + tail, head + new + tail
    pack = packed(before, after)
    assert unpacked(pack, after) == before
    assert is_before(pack, before)
    assert is_before(pack, after) == (before == after)


def test_it_is_small_and_belongs_to_what_it_was_packed_against() -> None:
    before = bytes(range(256)) * 400
    after = before[:50_000] + b"<rdf:li>Dog</rdf:li>" + before[50_000:]
    pack = packed(before, after)
    assert len(pack) < 100
    with pytest.raises(ValueError, match="other bytes"):
        unpacked(pack, after + b" ")
