"""Sizes: from the one asked for to the one a checkpoint generates well."""

import math


def generated_size(width_px: int, height_px: int, *, native_px: int, multiple: int) -> tuple[int, int]:
    """Width and height with the checkpoint's native area and the asked aspect, in multiples of `multiple`."""
    aspect = math.sqrt(width_px / height_px)
    return _nearest(native_px * aspect, multiple), _nearest(native_px / aspect, multiple)


def _nearest(size: float, multiple: int) -> int:
    return max(1, round(size / multiple)) * multiple
