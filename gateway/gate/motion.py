"""How a clip moves, from its words: what the camera does, else whether its subject goes anywhere.

A `Motion` moves the whole picture. Its signs are the paper's: with positive x what is seen moves to the left,
as when the camera goes to the right; with positive y it moves up.
"""

import re
from typing import Literal

from shared.schemas import Motion

#: Per frame, in 1/512 of the picture, as the paper has it; relative growth; degrees.
_STEP, _GROWTH, _TURN = 12.0, 0.02, 2.0


def _eased(x: float = 0.0, y: float = 0.0, *, zoom: float = 0.0, rotation: float = 0.0) -> Motion:
    return Motion(x=x, y=y, zoom=zoom, rotation=rotation, easing="in_out")


STILL = Motion(x=0, y=0)
#: A scene that says nothing of motion: the camera comes a little closer.
DRIFT = _eased(zoom=_GROWTH / 2)

_LEFT, _RIGHT, _UP, _DOWN = _eased(_STEP), _eased(-_STEP), _eased(y=_STEP), _eased(y=-_STEP)
_CLOSER, _FARTHER = _eased(zoom=_GROWTH), _eased(zoom=-_GROWTH)

_PAN = (
    r"\b(?:pans?|panning|tracks|tracking shot|camera (?:moves|turns|swings|tracks|slides))"
    r"(?: slowly)?(?: to(?: the)?)? "
)
_TILT = r"\b(?:tilts?|tilting|cranes?|camera (?:moves|rises|looks))(?: slowly)? "
#: What the camera does. What is seen moves the other way.
_CAMERA = (
    (r"\bzoom(?:s|ing)?[- ]?in\b|\b(?:push|dolly|dollie|move)(?:s|es|ing)?[- ](?:in|closer)\b", _CLOSER),
    (r"\bzoom(?:s|ing)?[- ]?out\b|\b(?:pull|dolly|dollie)(?:s|ing)?[- ](?:back|out|away)\b", _FARTHER),
    (_PAN + "left", _RIGHT),
    (_PAN + "right", _LEFT),
    (_TILT + "up", _DOWN),
    (_TILT + "down", _UP),
    (r"\b(?:camera|view|shot) (?:rotates|rolls|spins|turns around)\b", _eased(rotation=_TURN)),
)
_STANDS = re.compile(
    r"\bclose-?ups?\b|\bmacro\b|\bportrait\b|\bmotionless\b|\bstatic\b|\bstill (?:life|image|picture|shot)\b"
    r"|\b(?:stands?|sits?|lies|stays?|keeps?|remains?|standing|sitting|lying|perfectly|completely) still\b",
    re.I,
)
_GOES = re.compile(
    r"(?<!-)\b(?:walk|run|jog|stroll|march|rid|driv|fly|flie|swim|rac|chas|gallop|crawl|sail|skat|ski|surf|hik|sprint|dash"
    r"|wander|cycl|row|hop|glid|slid|roll|mov|head|fall|sink|ris|climb|ascend|descend|float|jump|leap|soar)"
    r"(?:s|es|e|[gmnp]?ing)?\b(?!-)|\btakes? off\b|\blaunch(?:es|ing)?\b",
    re.I,
)
#: Where a subject goes.
_WAYS = (
    (r"\bto(?:wards?)? the left\b|\bleftwards?\b|\bright to left\b", _LEFT),
    (r"\bto(?:wards?)? the right\b|\brightwards?\b|\bleft to right\b", _RIGHT),
    (r"\btowards? (?:us|the (?:camera|viewer))\b", _CLOSER),
    (r"\baway\b|\binto the distance\b", _FARTHER),
    (r"\bup(?:wards?)?\b|\b(?:ris|climb|ascend|soar|jump|leap)\w*|\btakes? off\b|\blaunch\w*", _UP),
    (r"\bdown(?:wards?)?\b|\b(?:fall|sink|descend)\w*", _DOWN),
    (r"", _LEFT),
)


def motion_of(prompt: str, *, role: Literal["scene", "foreground"] = "scene") -> Motion:
    """The motion a clip's prompt asks for; a foreground that goes nowhere stands still on its key colour."""
    camera = _first(_CAMERA, prompt)
    if camera is not None:
        return camera
    if _STANDS.search(prompt):
        return STILL
    if _GOES.search(prompt):
        return _first(_WAYS, prompt) or _LEFT
    return DRIFT if role == "scene" else STILL


def _first(rules: tuple[tuple[str, Motion], ...], prompt: str) -> Motion | None:
    return next((motion for pattern, motion in rules if re.search(pattern, prompt, re.I)), None)
