"""Where foregrounds stand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merger.layer import Box, is_bust
from merger.placement import Subject, busyness, free_regions, place
from tests.merger.conftest import classroom

CALM = np.zeros((64, 64), np.float32)


def subject(region: str | None, *, width: int = 40, height: int = 90, bust: bool = False) -> Subject:
    return Subject(Box(20, 110 - height, 20 + width, 110), region, bust)


@pytest.mark.parametrize(("region", "middle"), [("left", 0.24), ("center", 0.5), ("right", 0.76)])
def test_a_subject_stands_in_its_region_with_feet_on_the_ground(region: str, middle: float) -> None:
    (box,) = place([subject(region)], CALM, width_px=320, height_px=240)
    assert (box.left + box.right) / 2 / 320 == pytest.approx(middle, abs=0.02)
    assert box.bottom == round(0.95 * 240)
    assert box.width / box.height == pytest.approx(40 / 90, rel=0.05)


def test_the_scenes_own_subject_is_found_and_left_visible() -> None:
    busy = busyness(classroom(4))
    assert busy[30:45, 28:36].mean() > 0.5
    assert busy[:, :8].mean() < 0.1
    (box,) = place([subject("center")], busy, width_px=160, height_px=120)
    assert not box.left < 80 < box.right, "it makes room for the figure in the middle"


def test_a_bust_is_cut_by_the_scenes_lower_edge() -> None:
    (box,) = place([subject("left", bust=True)], CALM, width_px=320, height_px=240)
    assert box.bottom == 240


def test_a_bust_is_told_from_a_figure() -> None:
    figure = np.zeros((100, 100, 4), np.uint8)
    figure[20:60, 30:70, 3] = 255
    figure[60:80, 35:42, 3] = figure[60:80, 58:65, 3] = 255
    assert not is_bust(figure, Box(30, 20, 70, 80))
    bust = figure.copy()
    bust[60:80, 25:75, 3] = 255
    assert not is_bust(bust[:, 40:60], Box(0, 20, 20, 80)), "narrow and tall is a figure, feet together"
    assert is_bust(bust, Box(25, 20, 75, 80))
    figure[80:, 35:42, 3] = 255
    assert is_bust(figure, Box(30, 20, 70, 100)), "the picture's edge cuts the legs"


def test_without_a_region_the_first_free_one_is_taken() -> None:
    assert free_regions([None, "right", None, None]) == ["left", "right", "center", "center"]
    assert free_regions([None, None], scene="right") == ["left", "center"]


REGION = st.sampled_from(["left", "center", "right", None])
SIZES = st.tuples(REGION, st.integers(4, 120), st.integers(4, 120))


@given(st.lists(SIZES, min_size=1, max_size=3), st.integers(0, 1))
def test_every_subject_is_inside_the_picture_in_its_proportions(sizes: list, cut: int) -> None:
    subjects = [subject(region, width=w, height=h, bust=bool(cut)) for region, w, h in sizes]
    for item, box in zip(subjects, place(subjects, CALM, width_px=256, height_px=256), strict=True):
        assert 0 <= box.left < box.right <= 256
        assert 0 <= box.top < box.bottom <= 256
        assert box.height <= 0.63 * 256
        assert box.width <= 0.5 * 256
        assert item.box.width * box.height == pytest.approx(item.box.height * box.width, rel=0.35)


@pytest.mark.parametrize(
    "regions", [("left", "right"), ("right", "right"), ("center", "center"), (None, None)]
)
def test_two_subjects_do_not_cover_each_other(regions: tuple) -> None:
    boxes = place([subject(region) for region in regions], CALM, width_px=256, height_px=256)
    first, second = sorted(boxes, key=lambda box: box.left)
    assert first.right <= second.left + 8


def test_three_subjects_share_the_picture() -> None:
    boxes = place(
        [subject(region) for region in ("left", "center", "right")], CALM, width_px=256, height_px=256
    )
    first, second, third = sorted(boxes, key=lambda box: box.left)
    assert first.right <= second.left
    assert second.right <= third.left
