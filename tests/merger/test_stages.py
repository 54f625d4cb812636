"""A stage composed: feet on the ground, a shadow under them, the scene's light on the subject."""

import cv2
import numpy as np

from merger.parts import Part
from merger.stages import compose
from shared.schemas import StageRequest
from shared.video import DecodeLimits, Frames, decode, encode_lossless, encode_mp4, make_ref
from tests.merger.conftest import keyed

BLUE = (40, 60, 200)


def hopping(frames: int) -> np.ndarray:
    """(N, 128, 128) a figure on two legs that is 3 pixels higher in every frame."""
    matte = np.zeros((frames, 128, 128), np.float32)
    for index, picture in enumerate(matte):
        bottom = 118 - 3 * index
        cv2.rectangle(picture, (50, bottom - 70), (78, bottom - 30), 1.0, -1)
        cv2.rectangle(picture, (52, bottom - 30), (60, bottom), 1.0, -1)
        cv2.rectangle(picture, (68, bottom - 30), (76, bottom), 1.0, -1)
    return matte


def composed(matte: np.ndarray, *, floor: tuple[int, int, int] = (190, 190, 190)) -> Frames:
    """The stage (N, 128, 128, 3) of a blue figure over a plain floor."""
    scene = np.full((len(matte), 128, 128, 3), floor, np.uint8)
    clips = [encode_mp4(scene, fps=8), encode_lossless(keyed(matte, colour=BLUE, noise=2), fps=8)]
    request = StageRequest(
        parts=[
            {"digest": "a" * 64, "role": "scene"},
            {"digest": "b" * 64, "role": "foreground", "region": "center"},
        ],
        width=128,
        height=128,
        fps=8,
        seconds=len(matte) / 8,
    )
    parts = [Part(make_ref(name * 64, clip, ""), clip) for name, clip in zip("ab", clips, strict=True)]
    data, _ = compose(request, parts, limits=DecodeLimits(), checkpoint=lambda: None)
    return decode(data)[0]


def lowest_blue(picture: Frames) -> int:
    blue = picture[..., 2].astype(int) - picture[..., 0] > 50
    return int(np.flatnonzero(blue.any(axis=1))[-1])


def test_feet_stay_on_the_ground_while_the_subject_moves_in_its_clip() -> None:
    feet = [lowest_blue(picture) for picture in composed(hopping(6))]
    assert max(feet) - min(feet) <= 3
    assert abs(np.mean(feet) - 0.95 * 128) < 5


def test_a_shadow_lies_under_the_feet_and_nowhere_else() -> None:
    picture = composed(hopping(1))[0].astype(int)
    assert picture[:40].min() > 180
    between_the_feet = picture[118:122, 62:66].mean()
    assert between_the_feet < 160


def test_a_subject_takes_on_the_light_of_its_scene() -> None:
    def body(floor: tuple[int, int, int]) -> np.ndarray:
        picture = composed(hopping(1), floor=floor)[0]
        return picture[60:75, 60:68].reshape(-1, 3).mean(axis=0)

    warm, cold = body((230, 150, 60)), body((60, 110, 200))
    assert warm[0] - cold[0] > 10
    assert np.abs(body((190, 190, 190)) - BLUE).max() < 60
