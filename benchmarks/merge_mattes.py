"""Subjects with known mattes on key colours, as a generator and a codec leave them.

The subjects are rendered emoji (npm `@lobehub/fluent-emoji-3d`, MIT), fetched by version and checksum into
the cache. Each is set on the key colour that is farther from its own colours, with an uneven key, a soft
shadow, an edge tinted by the key, noise and compression. What is true of a picture, its alpha and its
colour, is kept.
"""

import hashlib
import io
import re
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

PACKAGE = "@lobehub/fluent-emoji-3d@1.1.0"
SHA256 = "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58"
CACHE = Path(".cache/benchmarks")
#: People with a trade or gender, animals, vehicles, food, clothes and tools, by code point.
SUBJECTS = re.compile(
    r"^(1f4[0-3].|1f46[6-9]-200d-.+|1f9d[0-9a-f].*|1f68.|1f69.|1f34.|1f9[8a]..?|1f45.|1f3b.)\.webp$"
)
KEYS = {"green": (20, 200, 50), "blue": (25, 60, 225)}

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Sample:
    """One keyed picture (H, W, 3) and its truth: alpha (H, W) 0–1 and straight colour (H, W, 3)."""

    name: str
    key: str
    picture: Picture
    alpha: Floats
    colour: Floats


def subjects(count: int, *, skip: int = 0) -> list[tuple[str, Picture]]:
    """Names and (256, 256, 4) RGBA renders, the same ones every time, evenly over the set."""
    with tarfile.open(_archive()) as archive:
        members = sorted(
            (member for member in archive.getmembers() if SUBJECTS.match(Path(member.name).name)),
            key=lambda member: hashlib.sha256(member.name.encode()).digest(),
        )
        chosen = members[skip : skip + count]
        return [(Path(member.name).stem, _read(archive, member)) for member in chosen]


def keyed_sample(name: str, rgba: Picture, *, seed: int, frame: int = 0) -> Sample:
    """A subject on its key colour, degraded; frames of one seed differ in their noise only."""
    generator, noise = np.random.default_rng(seed), np.random.default_rng([seed, frame])
    alpha = rgba[..., 3].astype(np.float32) / 255
    colour = rgba[..., :3].astype(np.float32)
    key = _farther_key(colour, alpha)
    back = _uneven(np.float32(KEYS[key]), alpha.shape, generator) * _shadow(alpha)[..., None]
    mixed = alpha[..., None] * _tinted(colour, alpha, KEYS[key]) + (1 - alpha[..., None]) * back
    mixed += noise.normal(0, 3, mixed.shape).astype(np.float32)
    return Sample(name, key, _compressed(mixed), alpha, colour)


def samples(count: int, *, skip: int = 0) -> list[Sample]:
    return [
        keyed_sample(name, rgba, seed=skip + index)
        for index, (name, rgba) in enumerate(subjects(count, skip=skip))
    ]


def _archive() -> Path:
    path = CACHE / "fluent-emoji-3d-1.1.0.tgz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", "--silent", "--pack-destination", str(path.parent), PACKAGE]
        made = subprocess.run(command, check=True, capture_output=True, text=True)
        (path.parent / made.stdout.strip().splitlines()[-1]).rename(path)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{path} has checksum {found}, not {SHA256}")
    return path


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Picture:
    file = archive.extractfile(member)
    assert file is not None
    encoded = np.frombuffer(io.BytesIO(file.read()).getvalue(), np.uint8)
    bgra = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
    assert bgra is not None
    assert bgra.shape == (256, 256, 4), member.name
    return np.asarray(cv2.cvtColor(bgra, cv2.COLOR_BGRA2RGBA), np.uint8)


def _farther_key(colour: Floats, alpha: Floats) -> str:
    """The key whose closest tenth of the subject is farther away."""
    own = colour[alpha > 0.9]
    return max(KEYS, key=lambda name: float(np.percentile(np.linalg.norm(own - KEYS[name], axis=1), 10)))


def _uneven(key: Floats, shape: tuple[int, ...], generator: np.random.Generator) -> Floats:
    """The key colour with brightness that drifts by about 4 % over the picture."""
    rough = generator.normal(1, 0.04, (4, 4)).astype(np.float32)
    light = cv2.resize(rough, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(light[..., None] * key, np.float32)


def _shadow(alpha: Floats) -> Floats:
    """Light that remains on the key beside a subject that throws a soft shadow to the lower right."""
    thrown = cv2.warpAffine(alpha, np.float32([[1, 0, 6], [0, 1, 8]]), alpha.shape[::-1])
    return np.asarray(1 - 0.25 * cv2.GaussianBlur(thrown, (0, 0), 7), np.float32)


def _tinted(colour: Floats, alpha: Floats, key: tuple[int, int, int]) -> Floats:
    """The subject's colour with up to 20 % of the key's light on the outer pixels."""
    depth = cv2.distanceTransform((alpha > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    spill = 0.2 * np.clip(1 - depth / 4, 0, 1)[..., None]
    return np.asarray(colour + spill * (np.float32(key) - colour), np.float32)


def _compressed(picture: Floats) -> Picture:
    bgr = np.clip(np.rint(picture), 0, 255).astype(np.uint8)[..., ::-1]
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 88])
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1])
