"""The seams between stages: crossfades, matched colours and a held end, encoding only what they change.

A part is copied between the first key frame after its opening seam and the last one before its closing
seam; what lies between two copied stretches, the bridge, is decoded, changed and encoded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from merger.jobs import Checkpoint
from merger.key import Floats
from shared.video import DecodeLimits, Frames, cut_mp4, encode_mp4, frames_at, key_frames, probe


@dataclass(frozen=True)
class Seams:
    """What happens between parts and at the end, in frames."""

    crossfade: int = 0
    match: int = 0
    hold: int = 0

    def describe(self, parts: int) -> str:
        texts = []
        if self.crossfade and parts > 1:
            texts.append(f"crossfades of {self.crossfade} frames")
        if self.match and parts > 1:
            texts.append(f"colours matched over {self.match} frames")
        if self.hold:
            texts.append(f"end held for {self.hold} frames")
        return ", ".join(texts)


@dataclass(frozen=True)
class _Stretch:
    """A part, and the frames [start, stop) of it that are copied."""

    data: bytes
    frames: int
    start: int
    stop: int


def pieces(
    parts: Sequence[bytes], seams: Seams, *, fps: int, limits: DecodeLimits, checkpoint: Checkpoint
) -> Iterator[bytes]:
    """The MP4 pieces that, joined, are the parts with their seams."""
    lengths = [_length(part, limits) for part in parts]
    fade = min(seams.crossfade, *(length // 2 for length in lengths)) if len(parts) > 1 else 0
    seams = Seams(fade, min(seams.match, *lengths), seams.hold)
    changes = bool(seams.crossfade or seams.match)
    stretches = [
        _stretch(part, lengths[index], seams, opens=changes and index > 0, closes=index + 1 < len(parts))
        for index, part in enumerate(parts)
    ]
    for index, stretch in enumerate(stretches):
        checkpoint()
        if index and changes:
            bridge = _bridge(stretches[index - 1], stretch, seams, limits)
            if len(bridge):
                yield encode_mp4(bridge, fps=fps)
        yield from _copied(stretch, limits)
    if seams.hold:
        last = frames_at(parts[-1], [lengths[-1] - 1], limits=limits)[0]
        yield encode_mp4((last for _ in range(seams.hold)), fps=fps)


def matched(frame: Frames, source: Floats, target: Floats, share: float) -> Frames:
    """A frame (H, W, 3) whose Lab mean and deviation went from `source` to `target`, by `share` of 1."""
    if share <= 0:
        return frame
    gain = np.clip((target[1] + 1) / (source[1] + 1), 0.5, 2)
    lab = _lab(frame)
    moved = (lab - source[0]) * gain + target[0]
    rgb = cv2.cvtColor((lab + share * (moved - lab)).astype(np.float32), cv2.COLOR_Lab2RGB)
    return np.asarray(np.rint(np.clip(rgb, 0, 1) * 255), np.uint8)


def statistics(frame: Frames) -> Floats:
    """(2, 3) mean and standard deviation of L, a and b (Reinhard et al. 2001)."""
    lab = _lab(frame).reshape(-1, 3)
    return np.stack([lab.mean(axis=0), lab.std(axis=0)]).astype(np.float32)


def faded(earlier: Frames, later: Frames) -> Frames:
    """(N, H, W, 3) from mostly `earlier` to mostly `later`, both (N, H, W, 3)."""
    count = len(earlier)
    weight = ((np.arange(count, dtype=np.float32) + 1) / (count + 1))[:, None, None, None]
    return np.asarray(np.rint(earlier * (1 - weight) + later * weight), np.uint8)


def _length(part: bytes, limits: DecodeLimits) -> int:
    return probe(part, limits=limits).frames


def _stretch(data: bytes, frames: int, seams: Seams, *, opens: bool, closes: bool) -> _Stretch:
    keys = key_frames(data)
    opening = max(seams.crossfade, seams.match) if opens else 0
    closing = seams.crossfade if closes else 0
    start = next((key for key in keys if key >= opening), frames) if opening else 0
    stop = max(key for key in keys if key <= frames - closing) if closing else frames
    if stop < start:  # one group of pictures carries both seams: all of it is encoded
        start = stop = min(start, frames - closing)
    return _Stretch(data, frames, start, stop)


def _bridge(before: _Stretch, after: _Stretch, seams: Seams, limits: DecodeLimits) -> Frames:
    """The frames between two copied stretches."""
    fade = seams.crossfade
    tail = _decoded(before, before.stop, before.frames, limits)
    head = _decoded(after, 0, after.start, limits)
    if seams.match:
        last = frames_at(before.data, [before.frames - 1], limits=limits)[0]
        head = _recoloured(head, last, seams.match)
    if not fade:
        return np.concatenate([tail, head])
    return np.concatenate(
        [tail[: len(tail) - fade], faded(tail[len(tail) - fade :], head[:fade]), head[fade:]]
    )


def _recoloured(head: Frames, last: Frames, over: int) -> Frames:
    target, source = statistics(last), statistics(head[0])
    return np.stack([matched(frame, source, target, 1 - index / over) for index, frame in enumerate(head)])


def _decoded(stretch: _Stretch, start: int, stop: int, limits: DecodeLimits) -> Frames:
    if start >= stop:
        return frames_at(stretch.data, [0], limits=limits)[:0]
    return frames_at(stretch.data, range(start, stop), limits=limits)


def _copied(stretch: _Stretch, limits: DecodeLimits) -> Iterator[bytes]:
    if (stretch.start, stretch.stop) == (0, stretch.frames):
        yield stretch.data
    elif stretch.start < stretch.stop:
        yield cut_mp4(stretch.data, start=stretch.start, stop=stretch.stop, limits=limits)


def _lab(frame: Frames) -> Floats:
    return np.asarray(cv2.cvtColor(frame.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)
