"""Range headers, whatever is in them."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.api.content import parse_range
from shared.errors import RangeNotSatisfiable


@given(header=st.text(max_size=30), size=st.integers(1, 1000))
def test_whatever_is_asked_the_range_lies_within(header: str, size: int) -> None:
    for text in (header, f"bytes={header}"):
        try:
            span = parse_range(text, size)
        except RangeNotSatisfiable:
            continue
        assert 0 <= span.start <= span.end < size
