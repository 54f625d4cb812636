"""Where in the picture a clip belongs, from what its words say of left, right and middle."""

import re

from shared.schemas import Region

_OTHER_SIDE: dict[Region, Region] = {"left": "right", "right": "left"}
_AT = (
    r"\b(?:on|to|at|in|from)\s+(?:the\s+|its\s+|her\s+|his\s+|their\s+)?"
    r"(?:far\s+|very\s+|upper\s+|lower\s+|top\s+|bottom\s+)?"
)
_PLACE = re.compile(
    _AT + r"(?P<side>left|right)\b(?:[- ]hand)?(?:\s+(?:side|half|edge|corner))?(?P<of>\s+(?:side\s+)?of\b)?",
    re.I,
)
_MIDDLE = re.compile(r"\b(?:in|at)\s+the\s+(?:very\s+)?(?:middle|cent(?:er|re))\b(?!\s+of\b)", re.I)
_BARE = re.compile(r"^(?P<side>left|right|middle|cent(?:er|re))\s*[:–—-]", re.I)


def find_region(text: str) -> tuple[Region | None, bool]:
    """The region a clip's words name, and whether they name it relative to the next clip ("left of …")."""
    match = _PLACE.search(text)
    if match:
        return ("left" if match["side"].lower() == "left" else "right"), match["of"] is not None
    if _MIDDLE.search(text):
        return "center", False
    match = _BARE.search(text)
    if match:
        side = match["side"].lower()
        return ("left" if side == "left" else "right" if side == "right" else "center"), False
    return None, False


def place_clips(texts: list[str]) -> list[Region | None]:
    """Regions of one stage's clips; of two, the one not placed takes the other side."""
    found = [find_region(text) for text in texts]
    regions: list[Region | None] = [region for region, _ in found]
    for index, (region, relative) in enumerate(found[:-1]):
        if region in _OTHER_SIDE and relative and regions[index + 1] is None:
            regions[index + 1] = _OTHER_SIDE[region]
    if len(regions) == 2 and regions.count(None) == 1:
        known = next(region for region in regions if region is not None)
        regions[regions.index(None)] = _OTHER_SIDE.get(known)
    return regions if len(texts) > 1 else [None]
