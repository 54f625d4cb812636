"""Motion from words: the camera, then the subject, then stillness."""

import pytest

from gateway.gate.motion import DRIFT, STILL, motion_of
from shared.schemas import Motion


def goes(motion: Motion) -> str:
    """Where what is seen goes; the signs are the camera's."""
    ways = {"left": motion.x, "right": -motion.x, "up": motion.y, "down": -motion.y}
    ways |= {"closer": 99 * motion.zoom, "farther": -99 * motion.zoom, "turns": motion.rotation}
    return max(ways, key=lambda way: ways[way]) if any(ways.values()) else "still"


@pytest.mark.parametrize(
    ("prompt", "way"),
    [
        ("School students walking in classroom", "left"),
        ("a dog runs in a park", "left"),
        ("a cat swimming to the right", "right"),
        ("a horse gallops from left to right through a field", "right"),
        ("a knight riding to the left", "left"),
        ("a bear walks towards the camera", "closer"),
        ("a train drives away", "farther"),
        ("a rocket takes off from a launch pad", "up"),
        ("a balloon rises over the sea", "up"),
        ("leaves fall in a forest", "down"),
        ("the camera zooms in on a castle", "closer"),
        ("a slow zoom out of a city", "farther"),
        ("the camera pans left over a beach", "right"),
        ("a dog runs on the beach, the camera pans to the right", "left"),
        ("the camera tilts up along a tower", "down"),
        ("a desert at night, camera rotates", "turns"),
        ("close-up of a woman walking", "still"),
        ("a cat sits still on the beach", "still"),
        ("a macro shot of a running ant", "still"),
    ],
)
def test_a_prompt_says_where_its_picture_goes(prompt: str, way: str) -> None:
    motion = motion_of(prompt)
    assert goes(motion) == way
    assert motion.easing == ("linear" if way == "still" else "in_out")


@pytest.mark.parametrize(
    "prompt", ["School teacher teaching in a classroom", "a brunette is reading", "a drive-in cinema"]
)
def test_without_motion_a_scene_drifts_and_a_foreground_stands(prompt: str) -> None:
    assert motion_of(prompt) == DRIFT
    assert motion_of(prompt, role="foreground") == STILL


def test_still_as_an_adverb_is_no_stillness() -> None:
    assert goes(motion_of("a man who is still walking at night")) == "left"
