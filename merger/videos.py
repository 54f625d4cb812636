"""Stages joined to the video, and its previews."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from merger.alignment import align
from merger.form import is_joinable, resized
from merger.jobs import Checkpoint
from merger.joining import Seams, pieces
from merger.parts import Notes, Part
from merger.previews import JPEG, WEBP, encode_picture, sheet_indices, spritesheet
from shared.schemas import MergeRequest
from shared.video import (
    DecodeLimits,
    Frames,
    VideoInfo,
    concat_mp4,
    decode_frames,
    encode_mp4,
    frames_at,
    probe,
)


@dataclass(frozen=True)
class Preview:
    data: bytes
    media_type: str
    width: int
    height: int


@dataclass(frozen=True)
class Merged:
    video: bytes
    info: VideoInfo
    notes: Notes
    thumbnail: Preview
    sheet: Preview


def merge(
    request: MergeRequest, parts: Sequence[Part], *, limits: DecodeLimits, checkpoint: Checkpoint
) -> Merged:
    """The parts in order. Those that have the request's form are remuxed, the others encoded to it first."""
    fitting, encoded = [], []
    for number, part in enumerate(parts):
        checkpoint()
        with part.named():
            data = _fitted(request, part.data, limits, checkpoint)
        fitting.append(data)
        if data is not part.data:
            encoded.append(str(number))
    notes: Notes = {"merge": f"re-encoded stages {','.join(encoded)}" if encoded else "remuxed"}
    seams = Seams(
        crossfade=round(request.crossfade_s * request.fps),
        match=round(request.match_colours_s * request.fps),
        hold=round(request.hold_s * request.fps),
    )
    if described := seams.describe(len(fitting)):
        notes["seams"] = described
    joined = list(pieces(fitting, seams, fps=request.fps, limits=limits, checkpoint=checkpoint))
    video = concat_mp4(joined, limits=limits)
    info = probe(video, limits=limits)
    return Merged(video, info, notes, _thumbnail(fitting[0], limits), _sheet(video, info, limits))


def _fitted(request: MergeRequest, data: bytes, limits: DecodeLimits, checkpoint: Checkpoint) -> bytes:
    size = {"width": request.width, "height": request.height}
    if is_joinable(data, **size, fps=request.fps, limits=limits):
        return data
    info, frames = decode_frames(data, limits=limits)
    count = max(1, round(info.seconds * request.fps))
    shown = align(info.frames, info.fps, to_frames=count, to_fps=request.fps).indices

    chosen = _chosen(frames, shown, checkpoint)
    return encode_mp4((resized(frame[..., :3], **size) for frame in chosen), fps=request.fps)


def _chosen(frames: Iterator[Frames], indices: Sequence[int], checkpoint: Checkpoint) -> Iterator[Frames]:
    """The frames with these rising numbers, from a stream."""
    position, frame = 0, next(frames)
    for index in indices:
        while position < index:
            checkpoint()
            frame, position = next(frames), position + 1
        yield frame


def _thumbnail(first: bytes, limits: DecodeLimits) -> Preview:
    """The middle of the first stage, where its subject is in the picture."""
    middle = probe(first, limits=limits).frames // 2
    picture = frames_at(first, [middle], limits=limits)[0]
    return Preview(encode_picture(picture, WEBP), WEBP, picture.shape[1], picture.shape[0])


def _sheet(video: bytes, info: VideoInfo, limits: DecodeLimits) -> Preview:
    picture = spritesheet(list(frames_at(video, sheet_indices(info.frames), limits=limits)))
    return Preview(encode_picture(picture, JPEG), JPEG, picture.shape[1], picture.shape[0])
