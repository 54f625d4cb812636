"""Clips of different length and rate, brought to one clock."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Alignment:
    """Which source frame is shown at each output frame, and how that was decided, in words."""

    indices: tuple[int, ...]
    note: str


def align(frames: int, fps: float, *, to_frames: int, to_fps: int) -> Alignment:
    """Frames by time stamp; a clip that ends early plays back and forth, so that nothing jumps or freezes."""
    positions = [round(index * fps / to_fps) for index in range(to_frames)]
    period = max(1, 2 * (frames - 1))
    indices = tuple(min(place % period, period - place % period) for place in positions)
    return Alignment(indices, _describe(frames, fps, to_frames, to_fps, positions[-1]))


def _describe(frames: int, fps: float, to_frames: int, to_fps: int, last: int) -> str:
    parts = []
    if fps != to_fps:
        parts.append(f"{fps:g} to {to_fps} fps")
    if last >= frames:
        parts.append(f"{frames} frames play back and forth")
    elif last < frames - 1 - fps / to_fps:
        parts.append(f"cut after frame {last}")
    return ", ".join(parts) or "none"
