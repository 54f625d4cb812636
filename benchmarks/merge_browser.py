"""A real browser (Chromium with hls.js) that creates a video and plays its stream while it is being made."""

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

from benchmarks.merge_mattes import CACHE

HLS_VERSION = "1.6.13"
HLS_SHA256 = "5678b229d049caaa1e2246270d7b5223e387232b43eb4d70df0e8be5eff1c17a"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
]

PAGE = """<!doctype html><video id=v muted playsinline width=320></video>
<script src="/hls.js"></script><script>
const wish = WISH, video = document.getElementById('v'), report = {errors: []}
const pause = ms => new Promise(done => setTimeout(done, ms))
const since = () => (performance.now() - started) / 1000
let started
async function create() {
  const form = new FormData()
  for (const [name, value] of Object.entries(wish.create)) form.append(name, value)
  return (await (await fetch(wish.gateway + '/v1/videos', {method: 'POST', body: form})).json()).id
}
async function ready(url) {
  while (!(await fetch(url)).ok) await pause(100)
  report.playlist_s = since()
}
async function whole(id) {
  for (;;) {
    const state = await (await fetch(`${wish.gateway}/v1/videos/${id}`)).json()
    if (state.status == 'completed') {
      await (await fetch(`${wish.gateway}/v1/videos/${id}/content`)).arrayBuffer()
      return report.whole_s = since()
    }
    if (state.status == 'failed') throw state.error.message
    await pause(100)
  }
}
function play(url) {
  return new Promise((done, failed) => {
    const hls = new Hls({lowLatencyMode: false, startPosition: 0})
    hls.on(Hls.Events.ERROR, (_, error) => {
      report.errors.push(error.details)
      if (error.fatal) failed(error.details)
    })
    video.addEventListener('timeupdate', () => {
      report.first_frame_s ??= since()
      if (video.currentTime >= 1) report.first_second_s ??= since()
    })
    video.addEventListener('progress', () => {
      if (video.buffered.length && video.buffered.end(0) >= 1) report.second_buffered_s ??= since()
    })
    video.addEventListener('ended', () => { report.ended_s = since(); done() })
    hls.loadSource(url)
    hls.attachMedia(video)
    video.play()
  })
}
async function run() {
  started = performance.now()
  const id = wish.create ? await create() : null
  const url = wish.url ?? `${wish.gateway}/v1/videos/${id}/stream.m3u8`
  await ready(url)
  await Promise.all([play(url), id && whole(id)])
  report.id = id
  report.duration_s = video.duration
  report.frames = video.getVideoPlaybackQuality().totalVideoFrames
  report.size = [video.videoWidth, video.videoHeight]
}
run().catch(error => report.failure = String(error))
  .then(() => fetch('/report', {method: 'POST', body: JSON.stringify(report)}))
</script>"""


def watch(
    wish: dict[str, Any], *, folder: Path | None = None, page: str = PAGE, timeout_s: float = 300
) -> dict[str, Any]:
    """What the browser saw. `wish` has `gateway` and `create` (form fields), or the `url` of a playlist.

    Files of `folder` are served beside the page, so a relative `url` names one of them. Another `page` posts
    its own report to /report.
    """
    done = Event()
    report: dict[str, Any] = {}
    page = page.replace("WISH", json.dumps(wish))
    handler = partial(_Handler, page=page, folder=folder, report=report, done=done)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as profile:
        address = f"http://127.0.0.1:{server.server_port}/"
        command = [_chromium(), *FLAGS, f"--user-data-dir={profile}", address]
        browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if not done.wait(timeout_s):
                report["failure"] = f"the browser did not report within {timeout_s:.0f} s"
        finally:
            browser.terminate()
            browser.wait(timeout=20)
            server.shutdown()
            server.server_close()
    return report


def hls_js() -> bytes:
    """hls.js, by version and checksum, from the npm registry."""
    path = CACHE / f"hls.js-{HLS_VERSION}.tgz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        package = f"hls.js@{HLS_VERSION}"
        command = ["npm", "pack", "--silent", "--pack-destination", str(path.parent), package]
        subprocess.run(command, check=True, capture_output=True)
    if hashlib.sha256(path.read_bytes()).hexdigest() != HLS_SHA256:
        raise SystemExit(f"{path} has another checksum than hls.js {HLS_VERSION}")
    with tarfile.open(path) as archive:
        file = archive.extractfile("package/dist/hls.light.min.js")
        assert file is not None
        return file.read()


def _chromium() -> str:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("chromium is needed to play the stream: install it with the system's packages")
    return path


class _Handler(BaseHTTPRequestHandler):
    """The page, hls.js, the folder's files, and the report that comes back."""

    def __init__(
        self, *args: Any, page: str, folder: Path | None, report: dict[str, Any], done: Event
    ) -> None:
        self._page, self._folder, self._report, self._done = page, folder, report, done
        super().__init__(*args)

    def do_GET(self) -> None:
        name = self.path.lstrip("/")
        if not name:
            self._send(self._page.encode(), "text/html")
        elif name == "hls.js":
            self._send(hls_js(), "text/javascript")
        elif self._folder and (self._folder / name).is_file() and "/" not in name:
            self._send((self._folder / name).read_bytes(), "application/octet-stream")
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", "0"))
        self._report.update(json.loads(self.rfile.read(length)))
        self._send(b"", "text/plain")
        self._done.set()

    def log_message(self, *_: object) -> None:
        return

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
