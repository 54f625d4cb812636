"""One stage: its clips, keyed into one picture and brought to one form."""

from collections.abc import Sequence

import numpy as np

from merger.alignment import align
from merger.compositing import harmonised, harmony, paste, shade_ground
from merger.foreground import Foreground, extract, sample
from merger.form import is_joinable, resized
from merger.jobs import Checkpoint
from merger.layer import Box, is_bust, scaled, union_box
from merger.model import SegmentationModel
from merger.parts import Notes, Part
from merger.placement import Subject, busyness, place
from shared.errors import PayloadTooLarge
from shared.schemas import Region, StageRequest
from shared.video import DecodeLimits, Frames, VideoInfo, decode, encode_mp4, probe


def passes_through(request: StageRequest, parts: Sequence[Part], *, limits: DecodeLimits) -> bool:
    """Whether the only part is the stage as it is."""
    if len(parts) != 1:
        return False
    form = {"width": request.width, "height": request.height, "fps": request.fps}
    (part,) = parts
    with part.named():
        frames = probe(part.data, limits=limits).frames
        return frames == _frame_count(request) and is_joinable(part.data, **form, limits=limits)


def compose(
    request: StageRequest,
    parts: Sequence[Part],
    *,
    limits: DecodeLimits,
    checkpoint: Checkpoint,
    model: SegmentationModel | None = None,
) -> tuple[bytes, Notes]:
    """The stage as MP4, and what was done. The first part is the scene; the others are keyed over it."""
    scene, notes = _scene(request, parts[0], limits)
    foregrounds = []
    for part, wish in zip(parts[1:], request.parts[1:], strict=True):
        video, info = _decode(part, limits)
        frames, aligned = _on_clock(video, info, request, limits)
        with part.named():
            foregrounds.append(
                extract(frames, region=wish.region, alignment=aligned, checkpoint=checkpoint, model=model)
            )
    if foregrounds:
        places = _composite(scene, foregrounds, checkpoint, request.parts[0].region)
        notes |= _describe(foregrounds, places)
    return encode_mp4(scene, fps=request.fps), notes


def _frame_count(request: StageRequest) -> int:
    return max(1, round(request.seconds * request.fps))


def _scene(request: StageRequest, part: Part, limits: DecodeLimits) -> tuple[Frames, Notes]:
    video, info = _decode(part, limits)
    frames, aligned = _on_clock(video, info, request, limits)
    size = {"width": request.width, "height": request.height}
    _check_fits(request, **size, limits=limits)
    scene = np.stack([resized(frame[..., :3], **size) for frame in frames])
    notes: Notes = {"merge": "re-encoded"}
    if aligned != "none":
        notes["alignment"] = f"scene: {aligned}"
    return scene, notes


def _composite(
    scene: Frames, foregrounds: Sequence[Foreground], checkpoint: Checkpoint, region: Region | None
) -> list[Box]:
    """Key every foreground over `scene` (N, H, W, 3), in place; the box that each has there."""
    _, height, width, _ = scene.shape
    subjects = [
        Subject(union_box(item.boxes), item.region, is_bust(item.frames[0], item.boxes[0]))
        for item in foregrounds
    ]
    places = place(subjects, busyness(sample(scene)), width_px=width, height_px=height, scene=region)
    for foreground, subject, box in zip(foregrounds, subjects, places, strict=True):
        _insert(scene, foreground, subject, box, checkpoint)
    return places


def _insert(
    scene: Frames, foreground: Foreground, subject: Subject, place_in_scene: Box, checkpoint: Checkpoint
) -> None:
    source = subject.box
    crops = foreground.frames[:, source.top : source.bottom, source.left : source.right]
    gain, shift = harmony(crops[len(crops) // 2], scene[len(scene) // 2])
    scale = place_in_scene.height / source.height
    for index, crop in enumerate(crops):
        checkpoint()
        # Feet stay on the ground while the subject moves: its lowest point is the place's lower edge.
        drop = 0 if subject.is_bust else round((source.bottom - foreground.boxes[index].bottom) * scale)
        if not subject.is_bust:
            shade_ground(scene[index], _feet(foreground.boxes[index], source, place_in_scene, scale))
        image = scaled(crop, width_px=place_in_scene.width, height_px=place_in_scene.height)
        lit = harmonised(image, gain, shift)
        paste(lit, scene[index], left=place_in_scene.left, top=place_in_scene.top + drop)


def _feet(box: Box, source: Box, target: Box, scale: float) -> Box:
    left = target.left + round((box.left - source.left) * scale)
    return Box(left, target.top, left + max(1, round(box.width * scale)), target.bottom)


def _describe(foregrounds: Sequence[Foreground], places: Sequence[Box]) -> Notes:
    notes: Notes = {"merge": "keyed"}
    for number, (item, box) in enumerate(zip(foregrounds, places, strict=True), 1):
        notes[f"foreground_{number}_box"] = box.text
        if item.key:
            notes[f"foreground_{number}_key"] = item.key
        notes[f"foreground_{number}_matte"] = item.method
        if item.alignment != "none":
            notes[f"foreground_{number}_alignment"] = item.alignment
    return notes


def _decode(part: Part, limits: DecodeLimits) -> tuple[Frames, VideoInfo]:
    with part.named():
        return decode(part.data, limits=limits)


def _check_fits(request: StageRequest, width: int, height: int, limits: DecodeLimits) -> None:
    """A short or small part may be asked to become a long or large stage."""
    if _frame_count(request) * width * height * 4 > limits.decoded_bytes:
        raise PayloadTooLarge("the stage is too long and large to be composed in memory", param="seconds")


def _on_clock(
    video: Frames, info: VideoInfo, request: StageRequest, limits: DecodeLimits
) -> tuple[Frames, str]:
    _check_fits(request, info.width, info.height, limits)
    alignment = align(info.frames, info.fps, to_frames=_frame_count(request), to_fps=request.fps)
    if alignment.indices == tuple(range(info.frames)):
        return video, alignment.note
    return video[list(alignment.indices)], alignment.note
