"""The fine-tuning file and job, against a local server that speaks the fine-tuning API."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from openai import OpenAI

from training.gate import chat_data, finetune


class FineTuningApi(BaseHTTPRequestHandler):
    """A double of the paid service: takes a file and a job, which ends at the third look."""

    uploads: ClassVar[list[bytes]] = []
    jobs: ClassVar[list[dict[str, Any]]] = []
    looks = 0
    outcome = "succeeded"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/v1/files":
            self.uploads.append(body)
            self._answer(
                {"id": "file-1", "object": "file", "bytes": len(body), "created_at": 0, "filename": "x"}
            )
        else:
            self.jobs.append(json.loads(body))
            self._answer(self._job("queued"))

    def do_GET(self) -> None:
        cls = type(self)
        if "/events" in self.path:
            event = {"object": "fine_tuning.job.event", "level": "info"}
            data = [
                event | {"id": f"e{n}", "created_at": n, "message": f"step {n}"} for n in range(cls.looks)
            ]
            self._answer({"object": "list", "data": data, "has_more": False})
            return
        cls.looks += 1
        self._answer(self._job("running" if cls.looks < 3 else cls.outcome))

    def _job(self, status: str) -> dict[str, Any]:
        return {
            "id": "job-1",
            "object": "fine_tuning.job",
            "created_at": 0,
            "status": status,
            "model": "base",
            "training_file": "file-1",
            "fine_tuned_model": "ft:base:gate" if status == "succeeded" else None,
            "error": {"code": "x", "message": "the data is dull"} if status == "failed" else None,
        }

    def _answer(self, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # the base class's name
        """Quiet."""


@pytest.fixture
def api() -> Iterator[type[FineTuningApi]]:
    FineTuningApi.uploads, FineTuningApi.jobs, FineTuningApi.looks = [], [], 0
    FineTuningApi.outcome = "succeeded"
    yield FineTuningApi


@pytest.fixture
def client(api: type[FineTuningApi]) -> Iterator[OpenAI]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), api)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with OpenAI(base_url=f"http://127.0.0.1:{server.server_port}/v1", api_key="none") as made:
        yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "chat.jsonl"
    assert chat_data.write(path, count=40, seed=4) > 30
    return path


def test_a_job_is_started_and_followed(client: OpenAI, api: type[FineTuningApi], data: Path) -> None:
    job = finetune.start(client, data, model="base", suffix="gate", epochs=2)
    said: list[str] = []
    model = finetune.follow(client, job.id, poll_s=0, say=said.append, sleep=lambda _: None)
    assert model == "ft:base:gate"
    assert said == ["step 0", "step 1", "step 2"]
    assert data.read_bytes() in api.uploads[0]
    assert api.jobs[0]["training_file"] == "file-1"
    assert api.jobs[0]["method"]["supervised"]["hyperparameters"] == {"n_epochs": 2}


def test_a_failed_job_says_why(client: OpenAI, api: type[FineTuningApi]) -> None:
    api.outcome = "failed"
    with pytest.raises(finetune.FineTuningFailed, match="the data is dull"):
        finetune.follow(client, "job-1", poll_s=0, say=lambda _: None, sleep=lambda _: None)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda chat: chat["messages"].pop(),
        lambda chat: chat["messages"][2].update(content="two clips"),
        lambda chat: chat["messages"][1].update(content=json.dumps({"prompt": "something else entirely"})),
        lambda chat: chat["messages"][0].update(role="tool"),
        lambda chat: chat.update(weight=1),
    ],
)
def test_a_wrong_line_is_named(data: Path, spoil: Any) -> None:
    lines = data.read_text().splitlines()
    chat = json.loads(lines[4])
    spoil(chat)
    lines[4] = json.dumps(chat)
    data.write_text("\n".join(lines))
    with pytest.raises(ValueError, match="line 5"):
        chat_data.validate(data)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(ValueError, match="empty"):
        chat_data.validate(tmp_path / "empty.jsonl")
