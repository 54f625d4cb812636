"""Times of joining and of compositing, ours and ffmpeg's, in turns."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from benchmarks.merge_ffmpeg import Chromakey, executable
from benchmarks.merge_mattes import KEYS, Picture, subjects
from merger.compositing import paste
from merger.key import Key, find_key
from merger.matte import Keyer
from merger.stability import steadied
from shared.video import DecodeLimits, concat_mp4, decode_frames, encode_mp4

#: Files that need no disk.
MEMORY = Path("/dev/shm")  # noqa: S108
Times = dict[str, float]
LIMITS = DecodeLimits(frames=100_000, seconds=10_000)


def interleaved(rounds: int, **contestants: Callable[[], object]) -> Times:
    """Median seconds of each, run in turns so that a busy moment meets them all."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in times.items()}


def joining(*, parts: int, seconds: int, size: int, fps: int, rounds: int) -> tuple[Times, bool]:
    """Seconds to join the parts from files to a file, and whether every frame is its part's frame."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number}.mp4") for number in range(parts)]
        for number, path in enumerate(paths):
            path.write_bytes(encode_mp4(_moving(size, size, seconds * fps, hue=number * 22), fps=fps))
        listing = Path(folder, "list.txt")
        listing.write_text("".join(f"file '{path}'\n" for path in paths))
        ours, copied, encoded = (Path(folder, f"{name}.mp4") for name in ("ours", "copied", "encoded"))

        def join() -> None:
            ours.write_bytes(concat_mp4([path.read_bytes() for path in paths], limits=LIMITS))

        times = interleaved(
            rounds,
            ours=join,
            ffmpeg_copy=lambda: _concat(listing, copied, "-c", "copy", "-movflags", "+faststart"),
        )
        times |= interleaved(1, ffmpeg_encode=lambda: _concat(listing, encoded))
        return times, _equal(ours, paths)


def compositing(*, width: int, height: int, frames: int, rounds: int, threads: int) -> Times:
    """Frames per second of keying, despill and compositing, ours and ffmpeg's, from memory to memory."""
    keyed = np.stack(list(_keyed(width, height, frames)))
    scene = np.stack(list(_moving(width, height, frames, hue=0)))
    chromakey = Chromakey(0.09, 0.105).filters("green")
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        files = [Path(folder, name) for name in ("keyed.rgb", "scene.rgb")]
        for file, video in zip(files, (keyed, scene), strict=True):
            file.write_bytes(video.tobytes())
        command = [executable(), "-v", "error", "-filter_complex_threads", str(threads)]
        for file in files:
            command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-i", str(file)]
        command += ["-filter_complex", f"[0]{chromakey}[a];[1][a]overlay,format=rgb24", "-f", "null", "-"]
        cv2.setNumThreads(1)
        keyer = Keyer.fitted(_key(keyed), keyed[:4])
        with ThreadPoolExecutor(threads) as pool:

            def one(pair: tuple[Picture, Picture]) -> None:
                paste(keyer.cut(pair[0]), pair[1], left=0, top=0)

            def compose() -> None:
                list(pool.map(one, zip(keyed, scene.copy(), strict=True)))

            def compose_steadied() -> None:
                cut = steadied(np.stack(list(pool.map(keyer.cut, keyed))))
                for rgba, frame in zip(cut, scene.copy(), strict=True):
                    paste(rgba, frame, left=0, top=0)

            times = interleaved(
                rounds,
                ours=compose,
                ours_steadied=compose_steadied,
                ffmpeg=lambda: subprocess.run(command, check=True, capture_output=True),
            )
    return {name: frames / spent for name, spent in times.items()}


def _concat(listing: Path, output: Path, *options: str) -> None:
    command = [executable(), "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", str(listing)]
    subprocess.run([*command, *options, str(output)], check=True, capture_output=True)


def _equal(joined: Path, parts: list[Path]) -> bool:
    _, frames = decode_frames(joined.read_bytes(), limits=LIMITS)
    for part in parts:
        for expected in decode_frames(part.read_bytes(), limits=LIMITS)[1]:
            if not np.array_equal(next(frames), expected):
                return False
    return next(frames, None) is None


def _key(keyed: Picture) -> Key:
    key = find_key(keyed[:1])
    assert key is not None
    return key


def _moving(width: int, height: int, frames: int, *, hue: int) -> Iterator[Picture]:
    """A textured scene that pans, with a subject that crosses it."""
    generator = np.random.default_rng(3)
    rough = generator.integers(40, 220, (height // 16, width // 8, 3), dtype=np.uint8)
    wide = np.roll(cv2.resize(rough, (2 * width, height), interpolation=cv2.INTER_CUBIC), hue, axis=2)
    wide = np.clip(wide.astype(int) + hue - 80, 0, 255).astype(np.uint8)
    ((_, rgba),) = subjects(1)
    figure = cv2.resize(rgba, (height // 2, height // 2))
    for index in range(frames):
        frame = np.ascontiguousarray(wide[:, index % width : index % width + width])
        paste(figure, frame, left=(index * 4) % (width + 100) - 100, top=height // 3)
        yield frame


def _keyed(width: int, height: int, frames: int) -> Iterator[Picture]:
    """Subjects that fill two thirds of the height, on a noisy green."""
    generator = np.random.default_rng(4)
    side = height * 2 // 3
    figures = cycle(cv2.resize(rgba, (side, side)) for _, rgba in subjects(8, skip=300))
    noise = generator.normal(0, 3, (height, width, 3))
    for index, figure in zip(range(frames), figures, strict=False):
        frame = np.full((height, width, 3), KEYS["green"], np.uint8)
        paste(figure, frame, left=(width - side) // 2 + index % 40, top=height // 4)
        yield np.clip(frame + np.roll(noise, index * 7, axis=1), 0, 255).astype(np.uint8)
