"""A merger on a real Redis, and clips drawn with known mattes."""

from collections.abc import AsyncIterator, Callable

import cv2
import httpx
import hypothesis
import numpy as np
import pytest

from merger.app import create_app
from merger.settings import MergerSettings
from shared.schemas import SubvideoRef
from shared.store import SubvideoStore, connect
from shared.video import Frames, encode_lossless, encode_mp4, make_ref, probe

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("merger", deadline=None)
hypothesis.settings.load_profile("merger")

GREEN = (0, 200, 60)


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[SubvideoStore]:
    async with connect(redis_url) as client:
        yield SubvideoStore(client, ttl_s=60, limit_bytes=2**24)


@pytest.fixture
def settings(redis_url: str) -> MergerSettings:
    return MergerSettings(redis_url=redis_url, limit_decoded_bytes=2**26, limit_pixels=256 * 256)


@pytest.fixture
async def client(settings: MergerSettings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://merger") as client,
    ):
        yield client


@pytest.fixture
def put(store: SubvideoStore) -> Callable:
    """Store bytes under a digest made of one hexadecimal digit."""

    async def put(name: str, data: bytes, *, media_type: str = "video/mp4") -> SubvideoRef:
        return await store.put(data, make_ref(name * 64, data, media_type, probe(data)))

    return put


def classroom(frames: int, *, width: int = 160, height: int = 120) -> Frames:
    """A wall, a board and a floor, and a figure in front of the board that sways."""
    video = np.empty((frames, height, width, 3), np.uint8)
    video[:] = (235, 225, 200)
    video[:, int(height * 0.75) :] = (150, 110, 70)
    video[:, height // 8 : height // 2, width // 8 : -width // 8] = (30, 90, 60)
    for index, picture in enumerate(video):
        centre = (width // 2 + index % 3 - 1, int(height * 0.6))
        cv2.ellipse(picture, centre, (width // 12, height // 4), 0, 0, 360, (200, 40, 60), -1, cv2.LINE_AA)
    return video


def subject_matte(frames: int, *, width: int = 128, height: int = 128) -> np.ndarray:
    """(N, H, W) 0–1: a disc on a body that drifts to the right, with soft edges."""
    matte = np.zeros((frames, height, width), np.float32)
    for index, picture in enumerate(matte):
        x = width // 2 - 8 + index
        cv2.circle(picture, (x, height // 3), height // 7, 1.0, -1, cv2.LINE_AA)
        cv2.ellipse(
            picture, (x, int(height * 0.66)), (width // 6, height // 4), 0, 0, 360, 1.0, -1, cv2.LINE_AA
        )
        picture[:] = cv2.GaussianBlur(picture, (0, 0), 1.0)
    return matte


def keyed(
    matte: np.ndarray,
    *,
    key: tuple[int, int, int] = GREEN,
    colour: tuple[int, int, int] = (250, 220, 60),
    noise: float = 4,
) -> Frames:
    """(N, H, W, 4) as an expert delivers it: a subject on an uneven, noisy key colour, without a hint."""
    generator = np.random.default_rng(7)
    uneven = np.linspace(0.95, 1.03, matte.shape[2], dtype=np.float32)[None, None, :, None]
    picture = matte[..., None] * np.float32(colour) + (1 - matte[..., None]) * np.float32(key) * uneven
    picture += generator.normal(0, noise, picture.shape)
    rgb = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    return np.concatenate([rgb, np.full((*matte.shape, 1), 255, np.uint8)], axis=-1)


@pytest.fixture
def scene_clip() -> bytes:
    return encode_mp4(classroom(16), fps=8)


@pytest.fixture
def keyed_clip() -> bytes:
    return encode_lossless(keyed(subject_matte(16)), fps=8)
