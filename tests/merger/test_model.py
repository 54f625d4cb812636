"""A segmentation model of the user's own, on a real ONNX file written here byte by byte."""

import struct
from pathlib import Path

import numpy as np
import pytest

from merger.foreground import extract
from merger.model import SegmentationModel
from merger.segmentation import with_matte
from merger.settings import MergerSettings
from shared.errors import InvalidRequest
from tests.merger.test_foreground import cut, meadow


def number(field: int, value: int) -> bytes:
    """A protobuf varint field."""
    return varint(field << 3) + varint(value)


def text(field: int, value: bytes | str) -> bytes:
    """A protobuf length-delimited field."""
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def tensor_type(name: str, *shape: int) -> bytes:
    sizes = b"".join(text(1, number(1, size)) for size in shape)
    return text(1, name) + text(2, text(1, number(1, 1) + text(2, sizes)))


@pytest.fixture
def model_path(tmp_path: Path) -> Path:
    """A network that marks what is redder than it is green: a 1x1 convolution and a sigmoid (onnx.proto3)."""
    weights = struct.pack("<3f", 3.0, -3.0, 0.0)
    initializer = b"".join(number(1, size) for size in (1, 3, 1, 1)) + number(2, 1)
    initializer += text(8, "w") + text(9, weights)
    convolution = text(1, "x") + text(1, "w") + text(2, "y") + text(3, "c") + text(4, "Conv")
    sigmoid = text(1, "y") + text(2, "z") + text(3, "s") + text(4, "Sigmoid")
    graph = text(1, convolution) + text(1, sigmoid) + text(2, "g") + text(5, initializer)
    graph += text(11, tensor_type("x", 1, 3, 320, 320)) + text(12, tensor_type("z", 1, 1, 320, 320))
    path = tmp_path / "redness.onnx"
    path.write_bytes(number(1, 8) + text(8, number(2, 13)) + text(7, graph))
    return path


def test_a_model_cuts_out_what_has_no_key(model_path: Path) -> None:

    model = SegmentationModel(model_path)
    frames, truth = meadow(2, hint=False)
    found = extract(frames, region=None, alignment="none", checkpoint=lambda: None, model=model)
    assert found.method == "no plain key colour; segmented by redness"
    assert np.abs(found.frames[..., 3] / 255 - truth).mean() < 0.05
    assert np.abs(cut(frames).frames[..., 3] / 255 - truth).mean() < 0.06


def test_a_matte_keeps_its_range_and_place(model_path: Path) -> None:
    frames, truth = meadow(1, hint=False)
    matte = SegmentationModel(model_path).matte(frames[0, ..., :3])
    assert (matte.shape, matte.dtype) == (truth.shape[1:], np.uint8)
    assert matte[truth[0] == 1].mean() > 200
    refined = with_matte(frames[0, ..., :3], matte)
    assert np.array_equal(refined[..., :3], frames[0, ..., :3])


def test_what_is_no_model_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"not a model")
    with pytest.raises(InvalidRequest, match="ONNX"):
        SegmentationModel(tmp_path / "broken.onnx")
    with pytest.raises(ValueError, match="segmentation_model"):
        MergerSettings(segmentation_model=tmp_path / "missing.onnx")
