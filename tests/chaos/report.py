"""What came of it: every accepted job against the store's own record, and the table."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import redis.asyncio

from gateway.plans import stage_frames
from gateway.videos import Videos
from shared import video
from shared.schemas import Plan
from tests.chaos.clients import Outcome

TERMINAL = {"completed", "failed"}


@dataclass
class Report:
    accepted: int = 0
    completed: int = 0
    cancelled: int = 0
    modes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    #: Why jobs failed that nobody cancelled.
    failed: Counter[str] = field(default_factory=Counter)
    #: Anything that must not be, one line each.
    lost: list[str] = field(default_factory=list)
    ended_twice: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    requests_repeated: int = 0
    clips_made: int = 0
    clips_distinct: int = 0
    took_s: list[float] = field(default_factory=list)

    @property
    def repeated(self) -> int:
        return self.clips_made - self.clips_distinct

    @property
    def completed_share(self) -> float:
        """Of those that nobody cancelled."""
        return self.completed / max(1, self.accepted - self.cancelled)

    def lines(self) -> list[tuple[str, str]]:
        took = sorted(self.took_s)
        median, slowest = (took[len(took) // 2], took[-1]) if took else (0.0, 0.0)
        failed = ", ".join(f"{code} {count}" for code, count in sorted(self.failed.items()))
        return [
            ("jobs accepted", f"{self.accepted} ({_counts(self.modes)}; {_counts(self.kinds)})"),
            (
                "completed, length checked",
                f"{self.completed} ({self.completed_share:.1%} of those not cancelled)",
            ),
            ("cancelled by the client", str(self.cancelled)),
            ("failed with reason", f"{sum(self.failed.values())}" + (f" ({failed})" if failed else "")),
            ("lost", str(len(self.lost))),
            ("ended twice", str(len(self.ended_twice))),
            ("wrong in another way", str(len(self.wrong))),
            ("requests repeated by clients", str(self.requests_repeated)),
            ("clips made / distinct", f"{self.clips_made} / {self.clips_distinct}"),
            ("work repeated", f"{self.repeated} clips ({self.repeated / max(1, self.clips_distinct):.1%})"),
            ("seconds to completion", f"median {median:.1f}, slowest {slowest:.1f}"),
        ]


async def judge(outcomes: Sequence[Outcome], redis_url: str, logs: Iterable[Path]) -> Report:
    """Checks every outcome against the events and the record in Redis."""
    report = Report(accepted=len(outcomes))
    async with redis.asyncio.from_url(redis_url) as client:
        stored = Videos(client, retention_s=1)
        for outcome in outcomes:
            await _judge_one(outcome, client, stored, report)
        lists = [key async for key in client.scan_iter("videos:of:*")]
        names = {row.decode() for key in lists for row in await client.zrange(key, 0, -1)}
        assert names or not outcomes, "the lists of videos have another name now"
        if extra := names - {outcome.video_id for outcome in outcomes}:
            report.wrong.append(f"videos that nobody was told of: {sorted(extra)}")
        if open_ := await client.zrange("videos:open", 0, -1):
            report.lost.append(f"still open: {open_}")
    made = [digest for log in logs for digest in _made(log)]
    report.clips_made, report.clips_distinct = len(made), len(set(made))
    return report


async def _judge_one(outcome: Outcome, client: redis.asyncio.Redis, stored: Videos, report: Report) -> None:
    name, seen = f"{outcome.video_id} (job {outcome.job.number})", outcome.video
    record = await stored.find(outcome.video_id)
    rows = await client.xrange(f"video:{outcome.video_id}:events")
    ends = [row[b"type"].decode() for _, row in rows if row[b"type"].decode() in TERMINAL]
    report.requests_repeated += outcome.posts - 1 - (outcome.job.cancel_after_s is not None)
    report.kinds[outcome.job.kind] += 1
    if record is None or not record.is_terminal or len(ends) == 0 or seen.get("status") not in TERMINAL:
        status = record.status if record else "gone"
        report.lost.append(f"{name}: seen {seen.get('status')}, stored {status}, events {ends}")
        return
    if len(ends) > 1 or {ends[0], record.status} != {seen["status"]}:
        report.ended_twice.append(f"{name}: seen {seen['status']}, stored {record.status}, events {ends}")
    if seen.get("plan"):
        report.modes[seen["plan"]["mode"]] += 1
    if seen["status"] == "completed":
        report.completed += 1
        report.took_s.append(outcome.took_s)
        report.wrong += [f"{name}: {error}" for error in _flaws(outcome)]
    elif seen["error"]["code"] == "cancelled" and outcome.job.cancel_after_s is not None:
        report.cancelled += 1
    else:
        report.failed[f"{seen['error']['code']}: {seen['error']['message']}"] += 1


def _flaws(outcome: Outcome) -> list[str]:
    plan = Plan.model_validate(outcome.video["plan"])
    wanted = sum(stage_frames(stage, fps=8) for stage in plan.stages)
    frames, info = video.decode(outcome.content)
    flaws = []
    if len(frames) != wanted or (info.width, info.height) != (64, 64):
        flaws.append(f"{len(frames)} frames of {info.width}x{info.height} instead of {wanted}")
    if frames.std() < 3:
        flaws.append("a plain colour")
    if unfinished := [clip for clip in outcome.video["subvideos"] if clip["state"] != "completed"]:
        flaws.append(f"completed with clips unfinished: {unfinished}")
    return flaws


def _made(log: Path) -> list[str]:
    """The digests of the clips that an expert says it made."""
    digests = []
    for line in log.read_text(errors="replace").splitlines():
        if '"subvideo made"' in line:
            digests.append(str(json.loads(line)["digest"]))
    return digests


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counter.items()))
