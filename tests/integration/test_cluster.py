"""The main job, end to end: real processes, real diffusion, real merging, real faults."""

import json
import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import openai
import pytest
import stamina
from httpx_sse import connect_sse

from deploy import cluster
from shared import video

pytestmark = pytest.mark.cluster

TEMPORAL = "A dog runs in a park, then a cat walks on the beach"


def create(client: httpx.Client, prompt: str, **extra: object) -> dict:
    """A video of its own: the seed keeps it from being shared with another test's."""
    request = {"prompt": prompt, "seed": uuid.uuid4().int % 2**32, "profile": "fast", **extra}
    response = client.post("/v1/videos", json=request)
    assert response.status_code == 200, response.text
    return response.json()


def events(client: httpx.Client, video_id: str) -> Iterator[tuple[str, dict]]:
    with connect_sse(client, "GET", f"/v1/videos/{video_id}/events", timeout=120) as source:
        for event in source.iter_sse():
            if event.data:  # else a ping
                yield event.event, json.loads(event.data)


def finish(client: httpx.Client, video_id: str) -> dict:
    """Follow the events to the last, through broken connections, and read the video."""
    ended = False
    while not ended:
        for attempt in stamina.retry_context(on=httpx.TransportError, attempts=None, timeout=60):
            with attempt:
                ended = any(name in {"completed", "failed"} for name, _ in events(client, video_id))
    return client.get(f"/v1/videos/{video_id}").json()


def content(client: httpx.Client, video_id: str) -> tuple[np.ndarray, video.VideoInfo]:
    return video.decode(client.get(f"/v1/videos/{video_id}/content").raise_for_status().content)


def process_id(program: str) -> int:
    return int(cluster.control("pid", program).stdout)


@pytest.mark.parametrize(
    ("prompt", "mode", "clips"),
    [
        ("A school teacher teaching while a student is studying in a classroom", "spatial", 2),
        (TEMPORAL, "temporal", 2),
        ("an astronaut in space", "single", 1),
    ],
)
def test_prompt_becomes_video(client: httpx.Client, prompt: str, mode: str, clips: int) -> None:
    made = finish(client, create(client, prompt)["id"])
    assert made["status"] == "completed", made["error"]
    assert made["plan"]["mode"] == mode
    assert {clip["state"] for clip in made["subvideos"]} == {"completed"}
    assert len(made["subvideos"]) == clips
    assert len({clip["expert"] for clip in made["subvideos"]}) == clips, "two clips run on two experts"
    frames, info = content(client, made["id"])
    assert (info.width, info.height) == (256, 256)
    assert info.seconds == pytest.approx(float(made["seconds"]), abs=0.2)
    assert frames.std() > 10, "pictures, not a plain colour"


def test_heartbeats_of_an_earlier_cluster_do_not_count(
    running_cluster: cluster.Cluster, client: httpx.Client
) -> None:
    now = time.time()
    assert cluster.awaited(running_cluster.url, 2, since=now - cluster.HEARTBEAT_AGE_S) == ""
    waiting = cluster.awaited(running_cluster.url, 2, since=now + 60)
    assert waiting == "loading models: 0 of 2 experts ready"


def ffprobe(*source: str) -> dict:
    """What ffprobe says of the first picture stream, decoding all of it that there is."""
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", *source]
    made = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    assert made.stderr == ""
    return next(iter(json.loads(made.stdout)["streams"]))


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="needs ffprobe")
def test_ffprobe_reads_the_stream_while_it_grows(
    running_cluster: cluster.Cluster, client: httpx.Client, tmp_path: Path
) -> None:
    prompt = "a fox runs in a forest, then a lion sleeps in the desert, then a car drives in a city"
    made = create(client, prompt, profile="balanced")["id"]
    url = f"{running_cluster.url}/v1/videos/{made}"
    for name, data in events(client, made):
        assert name != "failed", data
        if name == "stage" and data["index"] == 0:
            break
    playlist = client.get(f"{url}/stream.m3u8").raise_for_status().text
    # A player asks for more until the list ends, so the stages there are now are read as a file.
    growing = tmp_path / "growing.m3u8"
    playlist = playlist.replace('URI="', f'URI="{url}/').replace("\nsegments/", f"\n{url}/segments/")
    growing.write_text(playlist.removesuffix("#EXT-X-ENDLIST\n") + "#EXT-X-ENDLIST\n")
    whitelist = ["-protocol_whitelist", "file,http,tcp", "-allowed_extensions", "ALL"]
    during = ffprobe(*whitelist, str(growing))
    assert (during["codec_name"], during["nb_read_frames"]) == ("h264", str(48 * playlist.count("#EXTINF")))
    assert finish(client, made)["status"] == "completed"
    for address in (f"{url}/stream.m3u8", f"{url}/content"):
        assert ffprobe(address)["nb_read_frames"] == "144"


def test_forms_of_a_keyed_video(client: httpx.Client) -> None:
    made = finish(client, create(client, "a fox in a forest and a robot next to it", mode="spatial")["id"])
    assert made["status"] == "completed", made["error"]
    url = f"/v1/videos/{made['id']}"
    webm = client.get(f"{url}/subvideos/s0c1/content", params={"form": "webm_vp9"}).raise_for_status()
    assert webm.headers["content-type"] == "video/webm"
    assert video.probe(webm.content).codec == "vp9"
    layers = client.get(f"{url}/scene.json").raise_for_status().json()["layers"]
    assert [layer["role"] for layer in layers] == ["scene", "foreground"]


def test_same_prompt_is_generated_once(client: httpx.Client) -> None:
    seed = uuid.uuid4().int % 2**32
    first = finish(client, create(client, "a fox in a forest", seed=seed)["id"])
    second = finish(client, create(client, "a fox in a forest", seed=seed)["id"])
    assert [clip["shared"] for clip in first["subvideos"]] == [False]
    assert [clip["shared"] for clip in second["subvideos"]] == [True]
    assert client.get(f"/v1/videos/{first['id']}/content").content == (
        client.get(f"/v1/videos/{second['id']}/content").content
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_openai_client_makes_and_downloads_a_video(
    running_cluster: cluster.Cluster, client: httpx.Client
) -> None:
    with openai.OpenAI(base_url=f"{running_cluster.url}/v1", api_key="unused") as api:
        made = api.videos.create_and_poll(prompt="a lion in the desert", seconds="4", poll_interval_ms=200)
        assert made.status == "completed"
        assert made.seconds == "4"
        data = api.videos.download_content(made.id).read()
        assert video.probe(data).seconds == pytest.approx(4, abs=0.2)
        assert api.videos.delete(made.id).deleted
        with pytest.raises(openai.NotFoundError):
            api.videos.retrieve(made.id)


@pytest.mark.parametrize("victim", ["gateway", "expert", "merger"])
def test_killed_process_costs_no_job(client: httpx.Client, victim: str) -> None:
    accepted = create(client, TEMPORAL, profile="balanced")
    for name, data in events(client, accepted["id"]):
        if name == "subvideo" and data["state"] == "in_progress" and data["progress"] > 0:
            program = data["expert"] if victim == "expert" else victim
            os.kill(process_id(program), signal.SIGKILL)
            break
    made = finish(client, accepted["id"])
    assert made["status"] == "completed", made["error"]
    assert content(client, made["id"])[1].frames > 0


@pytest.mark.slow
def test_a_stopped_expert_costs_its_clip_seconds(client: httpx.Client) -> None:
    accepted = create(client, "a lion in the desert", profile="balanced")
    stopped = 0
    for name, data in events(client, accepted["id"]):
        if name == "subvideo" and data["state"] == "in_progress" and data["progress"] > 0:
            stopped = process_id(data["expert"])
            os.kill(stopped, signal.SIGSTOP)
            break
    began = time.monotonic()
    try:
        made = finish(client, accepted["id"])
    finally:
        os.kill(stopped, signal.SIGCONT)
    assert made["status"] == "completed", made["error"]
    assert time.monotonic() - began < 90, "the two minutes after which no progress counts as a fault"
