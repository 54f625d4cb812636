"""A salient-object model of the user's own: a U²-Net-style ONNX file, as rembg uses them, run by OpenCV.

The network takes a (1, 3, 320, 320) picture normalised as for ImageNet and gives a matte as its first output.
"""

from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from merger.key import Floats
from shared.errors import InvalidRequest
from shared.video import Frames

INPUT_PX = 320
#: Of ImageNet, RGB in 0–1.
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


class SegmentationModel:
    """Mattes from a network; one picture at a time."""

    def __init__(self, path: Path) -> None:
        """Raises InvalidRequest when the file is not a network that OpenCV runs."""
        try:
            self._network = cv2.dnn.readNetFromONNX(str(path))
        except cv2.error as exc:
            raise InvalidRequest(f"{path} cannot be read as an ONNX model: {exc.err}") from exc
        self._name = path.stem
        self._lock = Lock()  # a cv2.dnn network holds its activations

    def __repr__(self) -> str:
        return f"SegmentationModel({self._name})"

    @property
    def name(self) -> str:
        return self._name

    def matte(self, rgb: Frames) -> Frames:
        """(H, W) uint8 for a picture (H, W, 3)."""
        with self._lock:
            self._network.setInput(_tensor(rgb))
            output = np.asarray(self._network.forward(), np.float32)
        found = output.reshape(output.shape[-2:])
        low, high = float(found.min()), float(found.max())
        scaled = (found - low) / max(high - low, 1e-6)
        size = (rgb.shape[1], rgb.shape[0])
        matte = cv2.resize(scaled, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(np.rint(255 * np.clip(matte, 0, 1)), np.uint8)


def _tensor(rgb: Frames) -> Floats:
    small = cv2.resize(rgb, (INPUT_PX, INPUT_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    normal = (small / max(1.0, float(small.max())) - MEAN) / DEVIATION
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[None], np.float32)
