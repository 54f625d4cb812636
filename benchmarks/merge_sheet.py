"""The contact sheet of the paper's three keyed videos (Liu et al. 2024, section IV: V4, V6 and V7).

    python -m benchmarks.merge_sheet docs/images/keyed-videos.png

Starts a cluster, makes the videos with the embedded expert, and sets side by side the scene's clip, the
foreground's clip on its key colour, and frames of the merged video.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np

from benchmarks.merge_mattes import Picture
from deploy import cluster
from shared.video import decode

TEACHER = "a school teacher teaching in a classroom"
#: Name, foreground prompt, its subject, where it stands.
KEYED = (
    ("V4", "a school student studying in a classroom", "student", "right"),
    ("V6", "school students walking in a classroom", "students", "right"),
    ("V7", "school students walking in a classroom", "students", "left"),
)
CELL_PX = 192


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks.merge_sheet", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("output", type=Path)
    output = parser.parse_args().output
    running = cluster.up(experts=2, port=cluster.free_ports(1)[0])
    try:
        with httpx.Client(base_url=running.url, timeout=60) as client:
            rows = [_row(client, *video) for video in KEYED]
    finally:
        cluster.down()
    output.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(output), cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR))


def _row(client: httpx.Client, name: str, prompt: str, subject: str, region: str) -> Picture:
    video = _made(client, prompt, subject, region)
    print(name, video["id"], video["timings"], flush=True)
    path = f"/v1/videos/{video['id']}"
    scene, foreground = (_frames(client, f"{path}/subvideos/s0c{number}/content") for number in (0, 1))
    merged = _frames(client, f"{path}/content")
    places = np.linspace(0, len(merged) - 1, 4).round().astype(int)
    chosen = [scene[0], foreground[0][..., :3], *merged[places]]
    return np.concatenate([cv2.resize(frame, (CELL_PX, CELL_PX)) for frame in chosen], axis=1)


def _made(client: httpx.Client, prompt: str, subject: str, region: str) -> dict[str, Any]:
    clips = [
        {"id": "s0c0", "prompt": TEACHER, "subject": "teacher", "role": "scene"},
        {"id": "s0c1", "prompt": prompt, "subject": subject, "role": "foreground", "region": region},
    ]
    plan = {"stages": [{"clips": clips, "seconds": 2.0}], "setting": "in a classroom"}
    body = {"prompt": f"{TEACHER} while {prompt}", "plan": plan}
    video = client.post("/v1/videos", json=body).raise_for_status().json()
    while video["status"] not in {"completed", "failed"}:
        time.sleep(0.5)
        video = client.get(f"/v1/videos/{video['id']}").raise_for_status().json()
    if video["status"] == "failed":
        raise SystemExit(f"{prompt}: {video['error']}")
    return dict(video)


def _frames(client: httpx.Client, path: str) -> Picture:
    return decode(client.get(path).raise_for_status().content)[0]


if __name__ == "__main__":
    main()
