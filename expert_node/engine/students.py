"""Students: `<profile>.safetensors` in a checkpoint's folder, the UNet of one profile instead of the base's.

The file is a LoRA adapter of the base's UNet, or a whole UNet of the same shape. The steps, solver and
guidance that it was made for are those of its profile in `expert.json`.
"""

import copy
from pathlib import Path
from typing import Any, get_args

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from safetensors import SafetensorError
from safetensors.torch import load_file

from expert_node.engine.loras import Lora, fuse
from shared.errors import ModelNotFound
from shared.schemas import Profile


def load_students(source: str, unet: Any) -> dict[Profile, Any]:
    """The students that lie beside the base, by profile; `source` is a folder or a hub id."""
    files = {profile: file_beside(source, f"{profile}.safetensors") for profile in get_args(Profile)}
    return {profile: _student(path, unet) for profile, path in files.items() if path is not None}


def file_beside(source: str, name: str) -> Path | None:
    """A file of the checkpoint, if it has that one; `source` is a folder or a hub id."""
    if Path(source).is_dir():
        path = Path(source) / name
        return path if path.is_file() else None
    try:
        return Path(hf_hub_download(source, name))
    except (HfHubHTTPError, LocalEntryNotFoundError):
        return None


def _student(path: Path, unet: Any) -> Any:
    student = copy.deepcopy(unet)
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelNotFound(f"cannot load {path}: {error}") from error
    if any("lora" in name for name in weights):
        if not all(name.startswith("unet.") for name in weights):
            raise ModelNotFound(f"{path.name} changes more than the UNet, which all profiles share")
        fuse(Lora(str(path)), student, None)
        return student
    try:
        student.load_state_dict({name.removeprefix("unet."): value for name, value in weights.items()})
    except RuntimeError as error:
        raise ModelNotFound(f"{path.name} is neither an adapter nor a UNet like the base: {error}") from error
    return student
