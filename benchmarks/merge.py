"""The merger against ffmpeg, in one run: joining, matting, compositing, stability, and a stream in a browser.

python -m benchmarks.merge              all of it     python -m benchmarks.merge joining      one part:
joining, matting, compositing, stability, progressive

Needs ffmpeg, and for the last part chromium, from the system's packages; the subjects and hls.js are
fetched from the npm registry once. Prints a table and writes out/bench-merge.json.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import merge_browser, merge_ffmpeg, merge_timing
from benchmarks.merge_mattes import Picture, Sample, keyed_sample, samples, subjects
from benchmarks.merge_scores import Score, mean, score
from deploy import cluster
from merger.foreground import extract
from merger.key import find_key
from merger.matte import Keyer

#: Subjects that the keyer's parameters were chosen on are not among those that are measured.
MEASURED, DEVELOPED_ON = 120, 400
PROMPT = "A dog runs in a park, then a cat walks on the beach, then a bird flies over the forest"


def joining() -> dict[str, Any]:
    times, equal = merge_timing.joining(parts=8, seconds=10, size=512, fps=24, rounds=9)
    return {
        "what": "8 parts, 512x512, 10 s at 24 fps; median seconds",
        **{name: round(value, 3) for name, value in times.items()},
        "ours_to_copy": round(times["ours"] / times["ffmpeg_copy"], 2),
        "encode_to_ours": round(times["ffmpeg_encode"] / times["ours"], 1),
        "frames_equal": equal,
    }


def matting() -> dict[str, Any]:
    truths = samples(MEASURED)
    ours = mean([score(_cut(truth), truth) for truth in truths])
    parameters = merge_ffmpeg.tuned(truths)
    cuts = zip(merge_ffmpeg.cut(truths, parameters), truths, strict=True)
    theirs = mean([score(cut, truth) for cut, truth in cuts])
    return {
        "what": f"{len(truths)} subjects: SAD/1000, MSE*1000, gradient/1000, edge colour 0-255",
        "ours": _rounded(ours),
        "ffmpeg": _rounded(theirs),
        "ffmpeg_parameters": asdict(parameters),
        "less_by": {name: f"{1 - value / asdict(theirs)[name]:.0%}" for name, value in asdict(ours).items()},
    }


def compositing() -> dict[str, Any]:
    threads = 2
    result: dict[str, Any] = {
        "what": f"key, despill and overlay, frames per second, {threads} threads, medians"
    }
    for width, height in ((512, 512), (1280, 720)):
        rates = merge_timing.compositing(width=width, height=height, frames=96, rounds=5, threads=threads)
        result[f"{width}x{height}"] = {name: round(rate, 1) for name, rate in rates.items()}
    return result


def stability() -> dict[str, Any]:
    changes: dict[str, list[float]] = {"ours": [], "ffmpeg": []}
    for number, (name, rgba) in enumerate(subjects(16)):
        still = [keyed_sample(f"{name}-{frame}", rgba, seed=number, frame=frame) for frame in range(8)]
        pictures = np.stack([sample.picture for sample in still])
        ours = extract(pictures, region=None, alignment="none", checkpoint=lambda: None).frames
        theirs = np.stack(merge_ffmpeg.cut(still, merge_ffmpeg.Chromakey(0.09, 0.105)))
        for key, frames in (("ours", ours), ("ffmpeg", theirs)):
            changes[key].append(float(np.abs(np.diff(frames[..., 3].astype(float), axis=0)).mean() / 255))
    return {
        "what": "16 still subjects, 8 frames of fresh noise: mean change of alpha a frame, times 1000",
        **{name: round(float(np.mean(values)) * 1000, 3) for name, values in changes.items()},
    }


def progressive() -> dict[str, Any]:
    running = cluster.up(experts=2, port=cluster.free_ports(1)[0])
    try:
        wish = {
            "gateway": running.url,
            "create": {"prompt": PROMPT, "seconds": "6", "mode": "temporal", "reuse": "never"},
        }
        report = merge_browser.watch(wish)
    finally:
        cluster.down()
    return {"what": "3 clips on two experts, seconds from asking, in Chromium with hls.js", **report}


def _cut(truth: Sample) -> Picture:
    key = find_key(truth.picture[None])
    assert key is not None, truth.name
    return Keyer.fitted(key, truth.picture[None]).cut(truth.picture)


def _rounded(item: Score) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(item).items()}


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "joining": joining,
    "matting": matting,
    "compositing": compositing,
    "stability": stability,
    "progressive": progressive,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.merge", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all, if none is named")
    chosen = parser.parse_args().parts or list(PARTS)
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    output = Path("out/bench-merge.json")
    results: dict[str, Any] = json.loads(output.read_text()) if output.exists() else {}
    results["machine"] = machine
    for name in chosen:
        print(f"{name} …", flush=True)
        results[name] = PARTS[name]()
        print(json.dumps(results[name], indent=1), flush=True)
    output.parent.mkdir(exist_ok=True)
    output.write_text(json.dumps(results, indent=1) + "\n")
    print(f"written to {output}")


if __name__ == "__main__":
    main()
