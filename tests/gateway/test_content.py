"""Ranges, validators and CORS of what clients download."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.gateway.conftest import a_cluster
from tests.gateway.doubles import ended

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(redis_server: str) -> AsyncIterator[httpx.AsyncClient]:
    async with a_cluster(redis_server) as cluster:
        http = await cluster.gateway()
        await cluster.expert("a")
        yield http


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def video(http: httpx.AsyncClient) -> str:
    created = await http.post("/v1/videos", json={"prompt": "a dog; a cat"})
    assert (await ended(http, created.json()["id"]))["status"] == "completed"
    return str(created.json()["id"])


async def test_ranges(http: httpx.AsyncClient, video: str) -> None:
    url = f"/v1/videos/{video}/content"
    whole = await http.get(url)
    assert whole.status_code == 200
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-type"] == "video/mp4"
    size = len(whole.content)
    for asked, start, end in [
        ("bytes=0-1", 0, 1),
        ("bytes=10-", 10, size - 1),
        ("bytes=-5", size - 5, size - 1),
        ("bytes=5-999999999", 5, size - 1),
        (f"bytes=-{size * 10}", 0, size - 1),
    ]:
        part = await http.get(url, headers={"Range": asked})
        assert part.status_code == 206
        assert part.headers["content-range"] == f"bytes {start}-{end}/{size}"
        assert part.content == whole.content[start : end + 1]
    for bad in [f"bytes={size}-", "bytes=5-2", "bytes=-0", "bytes=-", "bytes=x-y", "bytes=--5"]:
        answer = await http.get(url, headers={"Range": bad})
        assert answer.status_code == 416, bad
        assert answer.headers["content-range"] == f"bytes */{size}"
        assert answer.json()["error"]["code"] == "range_not_satisfiable"
    for ignored in ["items=0-1", "bytes=0-1,3-4", "bytes=" + ",".join(["0-1"] * 500)]:
        assert (await http.get(url, headers={"Range": ignored})).content == whole.content


async def test_validators_and_head(http: httpx.AsyncClient, video: str) -> None:
    url = f"/v1/videos/{video}/content"
    head = await http.head(url)
    assert (head.status_code, head.content) == (200, b"")
    etag, length = head.headers["etag"], int(head.headers["content-length"])
    assert length == len((await http.get(url)).content)
    assert (await http.get(url, headers={"If-None-Match": etag})).status_code == 304
    ranged = {"Range": "bytes=0-1"}
    assert (await http.get(url, headers=ranged | {"If-Range": etag})).status_code == 206
    assert (await http.get(url, headers=ranged | {"If-Range": '"old"'})).status_code == 200
    assert (await http.head(url, headers=ranged)).headers["content-length"] == "2"


async def test_browsers_may_read_it(http: httpx.AsyncClient, video: str) -> None:
    origin = {"Origin": "https://game.example"}
    for path in ("content", "stream.m3u8", "segments/0.m4s", "segments/0/init.mp4", "subvideos/s0c0/content"):
        answer = await http.get(f"/v1/videos/{video}/{path}", headers=origin)
        assert answer.status_code == 200, path
        assert answer.headers["access-control-allow-origin"] == "*"
        exposed = answer.headers["access-control-expose-headers"]
        assert {"Content-Range", "Accept-Ranges", "ETag"} <= set(exposed.split(", "))
    headers = origin | {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "Range"}
    assert (await http.options(f"/v1/videos/{video}/content", headers=headers)).status_code == 200


async def test_clips(http: httpx.AsyncClient, video: str) -> None:
    clip = await http.get(f"/v1/videos/{video}/subvideos/s1c0/content")
    assert clip.content.startswith(b"clip of 'a cat'")
    assert (await http.get(f"/v1/videos/{video}/subvideos/s9c0/content")).status_code == 404


async def test_the_playlist_of_a_finished_video(http: httpx.AsyncClient, video: str) -> None:
    answer = await http.get(f"/v1/videos/{video}/stream.m3u8")
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert answer.text.splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-TARGETDURATION:2",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        '#EXT-X-MAP:URI="segments/0/init.mp4"',
        "#EXTINF:2.000,",
        "segments/0.m4s",
        "#EXTINF:2.000,",
        "segments/1.m4s",
        "#EXT-X-ENDLIST",
    ]
    assert (await http.get(f"/v1/videos/{video}/segments/1.m4s")).content == b"segment 1 at 48"
    assert (await http.get(f"/v1/videos/{video}/segments/2.m4s")).status_code == 404
    assert (await http.get(f"/v1/videos/{video}/segments/-1.m4s")).status_code == 404


async def test_forms_of_the_video_and_of_its_clips(http: httpx.AsyncClient) -> None:
    created = (await http.post("/v1/videos", json={"prompt": "a park & a dog"})).json()
    made = await ended(http, created["id"])
    url = f"/v1/videos/{created['id']}"
    assert (await http.get(f"{url}/content?form=webm_vp9")).text.startswith("webm_vp9 of ")
    for clip, state in zip(("s0c0", "s0c1"), made["subvideos"], strict=True):
        answer = await http.get(f"{url}/subvideos/{clip}/content?form=stacked")
        assert answer.text == f"stacked of {state['digest']}"
    scene = (await http.get(f"{url}/scene.json")).json()
    assert [layer["role"] for layer in scene["stages"][0]["layers"]] == ["scene", "foreground"]


@pytest.mark.parametrize(
    ("query", "param", "code"),
    [
        ("form=avi", "form", "invalid_value"),
        ("form=webp&variant=thumbnail", "form", "invalid_value"),
        ("form=gif", None, "unusable_subvideo"),
    ],
)
async def test_forms_that_cannot_be_had(
    http: httpx.AsyncClient, video: str, query: str, param: str | None, code: str
) -> None:
    answer = await http.get(f"/v1/videos/{video}/content?{query}")
    assert answer.status_code == 400
    assert (answer.json()["error"]["param"], answer.json()["error"]["code"]) == (param, code)
