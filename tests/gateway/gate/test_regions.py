"""Left, right and middle."""

import pytest

from gateway.gate.regions import find_region, place_clips
from shared.schemas import Region


@pytest.mark.parametrize(
    ("text", "region", "relative"),
    [
        ("a cat on the left", "left", False),
        ("a cat on the left of", "left", True),
        ("to the right side of", "right", True),
        ("in the middle a tree", "center", False),
        ("in the middle of the street", None, False),
        ("Left: a cat", "left", False),
        ("a left-handed guitarist", None, False),
        ("the right answer", None, False),
    ],
)
def test_regions_are_found(text: str, region: Region | None, relative: bool) -> None:
    assert find_region(text) == (region, relative)


def test_the_other_of_two_is_on_the_other_side() -> None:
    assert place_clips(["a cat on the right of", "a dog"]) == ["right", "left"]
    assert place_clips(["a cat", "a dog on the left"]) == ["right", "left"]
    assert place_clips(["a cat in the middle", "a dog"]) == ["center", None]
    assert place_clips(["a cat on the left"]) == [None]
