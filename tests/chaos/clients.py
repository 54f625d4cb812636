"""Clients that follow the API to the letter: an id is a promise, and everything else is tried again.

A job is accepted once its client has got the id; until then the client repeats the request with the same
`Idempotency-Key`, at one gateway or the other.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

_RETRY_S, _POLL_S = 0.3, 0.7
#: How long a client waits for its video: well beyond the deadline that the gateway grants.
_PATIENCE_S = 420

_ANIMALS = ("dog", "cat", "fox", "lion", "horse", "rabbit", "bear", "bird", "robot")
_PLACES = ("in a park", "on the beach", "in a forest", "in the desert", "in a field", "in a city")
_PROMPTS = {
    "single": "a {a} {p}",
    "temporal": "A {a} runs {p}, then a {b} walks {q}",
    "spatial": "a {a} {p} and a {b} next to it",
    "hybrid": "A {a} and a {b} play {p}, then a {c} walks {q}",
}


@dataclass(frozen=True)
class Job:
    number: int
    at_s: float
    prompt: str
    seed: int
    #: The job that this one repeats, word for word.
    repeats: int | None = None
    cancel_after_s: float | None = None

    @property
    def kind(self) -> str:
        return "duplicate" if self.repeats is not None else "cancelled" if self.cancel_after_s else "new"


@dataclass
class Outcome:
    """What the client saw."""

    job: Job
    video_id: str = ""
    posts: int = 0
    #: The first terminal answer.
    video: dict[str, Any] = field(default_factory=dict)
    content: bytes = b""
    took_s: float = 0.0


def mixed_jobs(rng: random.Random, *, count: int, every_s: float) -> list[Job]:
    """All modes in equal parts; one in six repeats an earlier job, one in ten is cancelled by its client."""
    jobs: list[Job] = []
    modes = itertools.cycle(_PROMPTS)
    at_s = 0.0
    for number in range(count):
        if number > 4 and rng.random() < 1 / 6:
            # Mostly a recent one, so that both are under way at once.
            original = rng.choice(jobs[-8:])
            jobs.append(Job(number, at_s, original.prompt, original.seed, repeats=original.number))
        else:
            a, b, c = rng.sample(_ANIMALS, 3)
            p, q = rng.sample(_PLACES, 2)
            prompt = _PROMPTS[next(modes)].format(a=a, b=b, c=c, p=p, q=q)
            cancel = rng.uniform(0.0, 6.0) if rng.random() < 1 / 10 else None
            jobs.append(Job(number, at_s, prompt, rng.randrange(2**32), cancel_after_s=cancel))
        at_s += rng.expovariate(1 / every_s)
    return jobs


class Clients:
    """All jobs' clients."""

    def __init__(self, urls: Sequence[str], http: httpx.AsyncClient, *, run: str) -> None:
        self._urls = urls
        self._http = http
        self._run = run

    async def run(self, jobs: Sequence[Job]) -> list[Outcome]:
        return list(await asyncio.gather(*(self._follow(job) for job in jobs)))

    async def _follow(self, job: Job) -> Outcome:
        await asyncio.sleep(job.at_s)
        outcome, started = Outcome(job), time.monotonic()
        body = {"prompt": job.prompt, "seed": job.seed, "size": "64x64", "fps": 8, "profile": "fast"}
        headers = {"Idempotency-Key": f"{self._run}-{job.number}"}
        video = await self._answer(outcome, "POST", "/v1/videos", json=body, headers=headers)
        outcome.video_id = video["id"]
        cancelling = asyncio.create_task(self._cancel(outcome))
        while video.get("status") not in {"completed", "failed", "lost"}:
            if time.monotonic() - started > _PATIENCE_S:
                break
            await asyncio.sleep(_POLL_S)
            video = await self._answer(outcome, "GET", f"/v1/videos/{outcome.video_id}")
        outcome.took_s = time.monotonic() - started
        outcome.video = video
        await cancelling
        if video.get("status") == "completed":
            response = await self._response(outcome, "GET", f"/v1/videos/{outcome.video_id}/content")
            outcome.content = response.content
        return outcome

    async def _cancel(self, outcome: Outcome) -> None:
        if outcome.job.cancel_after_s is not None:
            await asyncio.sleep(outcome.job.cancel_after_s)
            await self._answer(outcome, "POST", f"/v1/videos/{outcome.video_id}/cancel")

    async def _answer(self, outcome: Outcome, method: str, path: str, **request: Any) -> dict[str, Any]:
        response = await self._response(outcome, method, path, **request)
        if response.status_code == 404:
            return {"status": "lost"}
        answer: dict[str, Any] = response.raise_for_status().json()
        return answer

    async def _response(self, outcome: Outcome, method: str, path: str, **request: Any) -> httpx.Response:
        """The first answer that is not for trying again."""
        first = outcome.job.number
        for turn in itertools.count(first):
            if method == "POST":
                outcome.posts += 1
            try:
                url = self._urls[turn % len(self._urls)]
                response = await self._http.request(method, f"{url}{path}", **request)
            except httpx.HTTPError:
                await asyncio.sleep(_RETRY_S)
                continue
            if response.status_code in {429, 502, 503, 504}:
                await asyncio.sleep(min(5.0, float(response.headers.get("retry-after", _RETRY_S))))
                continue
            return response
        raise AssertionError
