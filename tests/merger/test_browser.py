"""Segments of stages, played by Chromium with hls.js and read by ffprobe."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from benchmarks.merge_browser import watch
from shared.video import encode_mp4, encode_webm, segment
from tests.merger.conftest import classroom

PLAYLIST = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init.mp4"
"""


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    """A folder with the playlist of three stages of 2, 1 and 2 seconds."""
    start, playlist = 0, PLAYLIST
    for number, frames in enumerate((16, 8, 16)):
        clip = encode_mp4(classroom(frames), fps=8)
        init, media = segment(clip, start_frame=start, sequence=number)
        (tmp_path / "init.mp4").write_bytes(init)
        (tmp_path / f"{number}.m4s").write_bytes(media)
        playlist += f"#EXTINF:{frames / 8:.3f},\n{number}.m4s\n"
        start += frames
    (tmp_path / "stream.m3u8").write_text(playlist + "#EXT-X-ENDLIST\n")
    return tmp_path


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium") or not shutil.which("npm"), reason="needs chromium and npm")
def test_chromium_plays_every_frame_of_every_stage(stream: Path) -> None:
    report = watch({"url": "stream.m3u8"}, folder=stream, timeout_s=90)
    assert report.get("failure") is None
    assert report["errors"] == []
    assert report["duration_s"] == pytest.approx(5, abs=0.05)
    assert report["size"] == [160, 120]
    assert report["frames"] >= 36


ALPHA_PAGE = """<body><script>
async function colours(name) {
  const video = Object.assign(document.createElement('video'), {muted: true, loop: true, src: name})
  document.body.append(video)
  await new Promise((done, failed) => {
    video.requestVideoFrameCallback(done)  // the first that is shown; data alone may not be decoded yet
    video.onerror = failed
    video.play().catch(failed)
  })
  const canvas = Object.assign(document.createElement('canvas'), {width: 96, height: 64})
  const context = canvas.getContext('2d')
  context.drawImage(video, 0, 0)
  return [[30, 30], [80, 60]].map(([x, y]) => [...context.getImageData(x, y, 1, 1).data])
}
(async () => ({vp8: await colours('vp8.webm'), vp9: await colours('vp9.webm')}))()
  .catch(error => ({failure: String(error)}))
  .then(report => fetch('/report', {method: 'POST', body: JSON.stringify(report)}))
</script>"""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
def test_chromium_shows_webm_with_alpha(tmp_path: Path) -> None:
    frames = np.full((8, 64, 96, 4), (220, 40, 60, 0), np.uint8)
    frames[:, 10:50, 10:60, 3] = 255
    for codec in ("vp8", "vp9"):
        (tmp_path / f"{codec}.webm").write_bytes(encode_webm(frames, fps=8, codec=codec))
    report = watch({}, folder=tmp_path, page=ALPHA_PAGE, timeout_s=60)
    for codec in ("vp8", "vp9"):
        inside, outside = report[codec]
        assert np.abs(np.array(inside) - (220, 40, 60, 255)).max() <= 3
        assert outside == [0, 0, 0, 0]


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="needs ffprobe")
def test_ffprobe_reads_the_stream(stream: Path) -> None:
    command = ["ffprobe", "-v", "error", "-count_packets", "-show_streams", "-of", "json", "stream.m3u8"]
    made = subprocess.run(command, cwd=stream, capture_output=True, check=True, text=True)
    assert made.stderr == ""
    (video,) = json.loads(made.stdout)["streams"]
    assert (video["codec_name"], video["nb_read_packets"]) == ("h264", "40")
