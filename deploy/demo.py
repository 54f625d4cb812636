"""The demonstration: a prompt goes in, an MP4 lies in `out/`, and every step on the way is shown.

    python -m deploy.demo "A dog runs in a park, then a cat walks on the beach"

Uses the cluster of `make up` if one is running; else starts one, and stops it at the end.
"""

import argparse
import json
import re
import time
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import connect_sse

from deploy import cluster

PROMPT = "A school teacher teaching while a student is studying in a classroom"


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="deploy.demo", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("prompt", nargs="?", default=PROMPT)
    parser.add_argument("--size", default="256x256", help="of the video, WIDTHxHEIGHT")
    parser.add_argument("--profile", default="balanced", choices=("fast", "balanced", "exact"))
    parser.add_argument("--reuse", default="exact", choices=("exact", "never"), help="share what exists")
    parser.add_argument("--experts", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("out"))
    return parser


def main() -> None:
    try:
        run(parser().parse_args())
    except (cluster.ClusterError, DemoError) as exc:
        raise SystemExit(f"error: {exc}") from None


class DemoError(Exception):
    """The video could not be made, and why."""


def run(arguments: argparse.Namespace) -> None:
    already_up = cluster.is_supervised()
    started = time.monotonic()
    if already_up and (running := cluster.load()):
        print(f"Using the cluster at {running.url}")
    else:
        print("Starting Redis, a gateway, a merger and", arguments.experts, "experts on 127.0.0.1")
        port = 8000 if cluster.is_free(8000) else cluster.free_ports(1)[0]
        running = cluster.up(experts=arguments.experts, port=port)
        print(f"The cluster is ready after {time.monotonic() - started:.1f} s.")
    try:
        make_video(running.url, arguments)
    finally:
        if not already_up:
            cluster.down()
            print("The cluster is stopped.")


def make_video(url: str, arguments: argparse.Namespace) -> None:
    """Create the video, follow its events to the end, and download it."""
    started = time.monotonic()
    request = {
        "prompt": arguments.prompt,
        "size": arguments.size,
        "profile": arguments.profile,
        "reuse": arguments.reuse,
    }
    with httpx.Client(base_url=url, timeout=60) as client:
        video = answer(client.post("/v1/videos", json=request))
        print(f"\n“{arguments.prompt}”\n{video['id']} accepted")
        with connect_sse(client, "GET", f"/v1/videos/{video['id']}/events", timeout=None) as source:
            for event in source.iter_sse():
                if event.data and (line := describe(event.event, json.loads(event.data))):  # else a ping
                    print(f"  {time.monotonic() - started:5.1f} s  {line}", flush=True)
        video = answer(client.get(f"/v1/videos/{video['id']}"))
        if video["status"] != "completed":
            raise DemoError(f"the video failed: {video['error']['message']}")
        path = arguments.out / f"{slug(arguments.prompt)}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(client.get(f"/v1/videos/{video['id']}/content").raise_for_status().content)
    print(f"\n{path}: {video['seconds']} s at {video['size']}, made in {time.monotonic() - started:.1f} s")
    print("  seconds spent:", ", ".join(f"{step} {spent:.2f}" for step, spent in video["timings"].items()))


def answer(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        raise DemoError(f"{response.status_code}: {response.json()['error']['message']}")
    body: dict[str, Any] = response.json()
    return body


def describe(event: str, data: dict[str, Any]) -> str:
    """One line for people; empty for an event that says nothing new."""
    match event:
        case "planned":
            plan = data
            clips = [
                f"\n           {clip['id']} {clip['role']:10} {clip['prompt']}"
                for stage in plan["stages"]
                for clip in stage["clips"]
            ]
            degraded = f" ({plan['gate']['degraded']})" if plan["gate"]["degraded"] else ""
            return f"planned: {plan['mode']} by the {plan['gate']['backend']} gate{degraded}{''.join(clips)}"
        case "subvideo":
            made = "shared" if data.get("shared") else f"{data['progress']:3} %"
            return f"{data['clip']}  {data['state']:11} {made}  {data.get('expert') or ''}"
        case "stage":
            return f"stage {data['index'] + 1} is playable"
        case _:
            return event


def slug(prompt: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", prompt.lower()).strip("-")[:60] or "video"


if __name__ == "__main__":
    main()
