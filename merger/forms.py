"""Delivery forms: what a client asked for, made from a stored video or from a foreground alone."""

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from merger.foreground import extract
from merger.jobs import Checkpoint
from merger.layer import premultiply, union_box
from merger.model import SegmentationModel
from merger.parts import Notes, Part
from merger.previews import JPEG, PNG, encode_picture, sheet_indices, spritesheet
from shared.errors import PayloadTooLarge
from shared.schemas import AlphaMode, FormName
from shared.video import (
    DecodeLimits,
    Frames,
    VideoInfo,
    decode,
    decode_frames,
    encode_gif,
    encode_mp4,
    encode_webm,
    encode_webp,
    probe,
)


@dataclass(frozen=True)
class Picture:
    """A video to be delivered: its frames (H, W, 4), whether any is transparent, and what it may cost."""

    frames: Callable[[], Iterator[Frames]]
    info: VideoInfo
    is_opaque: bool
    limits: DecodeLimits

    @property
    def fps(self) -> int:
        return max(1, round(self.info.fps))

    def check_fits_in_memory(self) -> None:
        """Animated pictures need all frames at once."""
        size = self.info.frames * self.info.width * self.info.height * 4
        if size > self.limits.decoded_bytes:
            raise PayloadTooLarge("too long or too large for an animated picture", param="form")


@dataclass(frozen=True)
class Form:
    """How a form is written, and how it carries transparency."""

    media_type: str
    alpha: AlphaMode
    write: Callable[[Picture], bytes]


def deliver(
    part: Part,
    form: FormName,
    *,
    keyed: bool,
    limits: DecodeLimits,
    checkpoint: Checkpoint,
    model: SegmentationModel | None = None,
) -> tuple[bytes, str, Notes]:
    """(bytes, media type, notes) of a part in a form."""
    with part.named():
        if keyed:
            picture, notes = _cut_out(part, limits=limits, checkpoint=checkpoint, model=model)
        else:
            picture, notes = _whole(part, limits, checkpoint), {}
        chosen = FORMS[form]
        notes |= {"form": form, "alpha": "none" if picture.is_opaque else chosen.alpha}
        if form == "mp4" and picture.is_opaque and part.ref.media_type == "video/mp4":
            return part.data, chosen.media_type, notes
        media_type = JPEG if form == "spritesheet" and picture.is_opaque else chosen.media_type
        return chosen.write(picture), media_type, notes


def bled(rgba: Frames) -> Frames:
    """The subject's colours carried on where it is transparent: scaling and codecs bring no others in."""
    total = premultiply(rgba)
    total[..., 3] /= 255
    for sigma in (2.0, 8.0, 32.0):
        spread = cv2.GaussianBlur(total, (0, 0), sigma)
        total += np.where(total[..., 3:] < 0.05, spread, 0)
    colour = total[..., :3] / np.maximum(total[..., 3:], 1e-4)
    filled = np.where(rgba[..., 3:] > 12, rgba[..., :3], np.clip(colour, 0, 255))
    return np.dstack([np.rint(filled).astype(np.uint8), rgba[..., 3]])


def _whole(part: Part, limits: DecodeLimits, checkpoint: Checkpoint) -> Picture:
    info = probe(part.data, limits=limits)
    return Picture(lambda: _opaque(part, limits, checkpoint), info, True, limits)


def _cut_out(
    part: Part, *, limits: DecodeLimits, checkpoint: Checkpoint, model: SegmentationModel | None
) -> tuple[Picture, Notes]:
    video, info = decode(part.data, limits=limits)
    foreground = extract(video, region=None, alignment="none", checkpoint=checkpoint, model=model)
    box = union_box(foreground.boxes)
    notes: Notes = {"matte": foreground.method, "box": box.text}

    def frames() -> Iterator[Frames]:
        for frame in foreground.frames:
            checkpoint()
            yield bled(frame)

    return Picture(frames, info, False, limits), notes


def _opaque(part: Part, limits: DecodeLimits, checkpoint: Checkpoint) -> Iterator[Frames]:
    for frame in decode_frames(part.data, limits=limits)[1]:
        checkpoint()
        yield np.asarray(cv2.cvtColor(np.ascontiguousarray(frame[..., :3]), cv2.COLOR_RGB2RGBA), np.uint8)


def _even(frame: Frames) -> Frames:
    """Without the last row or column of an odd side, which H.264 in 4:2:0 cannot have."""
    return frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2]


def _mp4(picture: Picture) -> bytes:
    """Without transparency: what is transparent is black."""
    flat = (np.rint(premultiply(_even(frame))[..., :3]).astype(np.uint8) for frame in picture.frames())
    return encode_mp4(flat, fps=picture.fps)


def _stacked(picture: Picture) -> bytes:
    """Colour above, matte as grey below, twice as high: one texture and one decoder for a shader."""
    stacked = (
        np.concatenate([frame[..., :3], np.repeat(frame[..., 3:], 3, axis=-1)])
        for frame in map(_even, picture.frames())
    )
    return encode_mp4(stacked, fps=picture.fps)


def _webp(picture: Picture) -> bytes:
    picture.check_fits_in_memory()
    return encode_webp(picture.frames(), fps=picture.fps)


def _gif(picture: Picture) -> bytes:
    picture.check_fits_in_memory()
    return encode_gif(picture.frames(), fps=picture.fps)


def _first_frame(picture: Picture) -> bytes:
    return encode_picture(next(picture.frames()), PNG)


def _sheet(picture: Picture) -> bytes:
    wanted = set(sheet_indices(picture.info.frames))
    chosen = [frame for index, frame in enumerate(picture.frames()) if index in wanted]
    sheet = spritesheet(chosen)
    return encode_picture(sheet[..., :3], JPEG) if picture.is_opaque else encode_picture(sheet, PNG)


def _png_zip(picture: Picture) -> bytes:
    """Frames as frame_0000.png and on; PNG is compressed already, and equal frames are equal archives."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as archive:
        for index, frame in enumerate(picture.frames()):
            pixels = frame[..., :3] if picture.is_opaque else frame
            archive.writestr(zipfile.ZipInfo(f"frame_{index:04d}.png"), encode_picture(pixels, PNG))
            if output.tell() > picture.limits.size_bytes:
                raise PayloadTooLarge("too long or too large for a ZIP of frames", param="form")
    return output.getvalue()


FORMS: dict[FormName, Form] = {
    "mp4": Form("video/mp4", "none", _mp4),
    "stacked": Form("video/mp4", "stacked", _stacked),
    "webm_vp8": Form("video/webm", "straight", lambda it: encode_webm(it.frames(), fps=it.fps, codec="vp8")),
    "webm_vp9": Form("video/webm", "straight", lambda it: encode_webm(it.frames(), fps=it.fps, codec="vp9")),
    "webp": Form("image/webp", "straight", _webp),
    "gif": Form("image/gif", "binary", _gif),
    "first_frame": Form(PNG, "straight", _first_frame),
    "spritesheet": Form(PNG, "straight", _sheet),
    "png_zip": Form("application/zip", "straight", _png_zip),
}
