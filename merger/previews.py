"""Still pictures of a finished video: a thumbnail and a sheet of frames over time."""

from collections.abc import Sequence

import cv2
import numpy as np

from shared.video import Frames

JPEG, WEBP, PNG = "image/jpeg", "image/webp", "image/png"
_ENCODERS: dict[str, tuple[str, list[int]]] = {
    JPEG: (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 90]),
    WEBP: (".webp", [cv2.IMWRITE_WEBP_QUALITY, 85]),
    PNG: (".png", [cv2.IMWRITE_PNG_COMPRESSION, 6]),
}
#: Frames of a spritesheet, and the width of each.
SHEET_COLUMNS, SHEET_ROWS, SHEET_CELL_PX = 4, 4, 160


def encode_picture(picture: Frames, media_type: str = JPEG) -> bytes:
    """(H, W, 3 or 4) RGB(A) as a picture file; JPEG has no alpha."""
    extension, options = _ENCODERS[media_type]
    order = cv2.COLOR_RGBA2BGRA if picture.shape[-1] == 4 else cv2.COLOR_RGB2BGR
    done, encoded = cv2.imencode(extension, cv2.cvtColor(picture, order), options)
    assert done, media_type
    return encoded.tobytes()


def sheet_indices(frames: int) -> list[int]:
    """The frames that a spritesheet shows, in order and evenly over the video."""
    count = min(frames, SHEET_COLUMNS * SHEET_ROWS)
    return [round(index * (frames - 1) / max(1, count - 1)) for index in range(count)]


def spritesheet(pictures: Sequence[Frames]) -> Frames:
    """Up to 4 × 4 frames (H, W, 3), row by row, each 160 pixels wide."""
    height, width = pictures[0].shape[:2]
    cell = (SHEET_CELL_PX, max(1, round(SHEET_CELL_PX * height / width)))
    rows = -(-len(pictures) // SHEET_COLUMNS)
    sheet = np.zeros((rows * cell[1], SHEET_COLUMNS * cell[0], pictures[0].shape[-1]), np.uint8)
    for index, picture in enumerate(pictures):
        y, x = index // SHEET_COLUMNS * cell[1], index % SHEET_COLUMNS * cell[0]
        small = cv2.resize(picture, cell, interpolation=cv2.INTER_AREA)
        sheet[y : y + cell[1], x : x + cell[0]] = small
    return sheet
