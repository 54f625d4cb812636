"""The engine against diffusers' Text2Video-Zero: same weights, prompt, seed and size, in turn, in one run.

python -m benchmarks.engine [--only exact exact32 fast loss memory batch latency peak] [--rounds 5]

Times are medians. Wall-clock time is what is asked for; processor time stands beside it, because on a machine
that does other work too it is the steadier of the two. `--steps` shortens the exact profile on both
sides, for a quick look: what a step costs does not depend on how many there are. `--set` tries other
settings of the faster profiles.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.engine_reference import ReferencePipeline
from benchmarks.engine_scores import Judge
from expert_node.engine.checkpoint import load_checkpoint, quiet_libraries
from expert_node.engine.generator import Generator
from expert_node.engine.prior import Draft
from expert_node.engine.recipe import ProfileSettings
from expert_node.engine.sampler import drafts_of
from shared.schemas import SubvideoSpec

PROMPTS = (
    "a teacher teaching in a classroom",
    "an astronaut in space",
    "a dog running in a park",
    "a red car on a city street",
    "a lion in the desert",
    "a shark underwater",
    "a cat on the beach",
    "a student studying on a plain green background",
)
MEMORY_STEPS = 10
#: Of the exact profile, on both sides; None is its own number.
STEPS: int | None = None
#: Settings of the other profiles that take the place of the checkpoint's.
TRIED: dict[str, str] = {}


@dataclass(frozen=True)
class Timing:
    """Medians of some rounds, in seconds."""

    wall_s: float
    cpu_s: float


@cache
def generator() -> Generator:
    quiet_libraries()
    cache_dir = Path(gettempdir()) / "edge-moe-video"
    checkpoint = load_checkpoint("embedded", device=torch.device("cpu"), cache_dir=cache_dir)
    profiles = {
        name: ProfileSettings.model_validate(settings.model_dump() | ({} if name == "exact" else TRIED))
        for name, settings in checkpoint.manifest.profiles.items()
    }
    return Generator(
        replace(checkpoint, manifest=checkpoint.manifest.model_copy(update={"profiles": profiles}))
    )


@cache
def reference() -> ReferencePipeline:
    quiet_libraries()
    cache_dir = Path(gettempdir()) / "edge-moe-video"
    return ReferencePipeline.of(load_checkpoint("embedded", device=torch.device("cpu"), cache_dir=cache_dir))


def spec_of(prompt: str, **options: object) -> SubvideoSpec:
    steps = STEPS if options.get("profile", "exact") == "exact" else None
    return SubvideoSpec.model_validate({"prompt": prompt, "profile": "exact", "steps": steps} | options)


def key_frames(*specs: SubvideoSpec) -> np.ndarray:
    """(clips, frames, height, width, 3) uint8, by the engine."""
    return np.concatenate(list(generator().generate(specs, on_step=lambda: None)), axis=1)


def draft_of(spec: SubvideoSpec) -> Draft | None:
    engine = generator()
    return engine.draft(engine.checkpoint.text.encode([spec.prompt]), [spec], engine.recipe(spec))


def reference_frames(spec: SubvideoSpec) -> np.ndarray:
    return reference().frames(spec, generator().recipe(spec), draft_of(spec))


def shown(spec: SubvideoSpec) -> list[Draft]:
    """What the UNet is shown of each key frame; nothing by checkpoints that draft no pictures."""
    recipe = generator().recipe(spec)
    return drafts_of(draft_of(spec), recipe, range(recipe.frames))


def in_turn(rounds: int, *tasks: Callable[[], object]) -> list[Timing]:
    """Each task once a round, after a round that does not count."""
    samples: list[list[Timing]] = [[] for _ in tasks]
    for number in range(rounds + 1):
        for task, taken in zip(tasks, samples, strict=True):
            wall, cpu = time.perf_counter(), time.process_time()
            task()
            if number:
                taken.append(Timing(time.perf_counter() - wall, time.process_time() - cpu))
    return [
        Timing(statistics.median(t.wall_s for t in taken), statistics.median(t.cpu_s for t in taken))
        for taken in samples
    ]


def row(name: str, figure: str, goal: str = "") -> None:
    print(f"{name:<58} {figure:<34} {goal}", flush=True)


def against(name: str, peer: Timing, own: Timing, goal: str) -> None:
    figure = f"{peer.wall_s / own.wall_s:5.2f}x wall  {peer.cpu_s / own.cpu_s:5.2f}x processor"
    row(f"{name}: {peer.wall_s:.2f} s → {own.wall_s:.2f} s", figure, goal)


def measure_exact(rounds: int, frames: int = 8) -> None:
    spec = spec_of(PROMPTS[0], frames=frames)
    peer, own = in_turn(rounds, lambda: reference_frames(spec), lambda: key_frames(spec))
    against(f"exact, {frames} frames", peer, own, "goal 1.5x")
    difference = np.abs(key_frames(spec)[0] / 255 - reference_frames(spec)).max()
    row("exact, largest difference from the reference", f"{difference:.5f} of 1", "8 bits round by 0.00196")


def measure_fast(rounds: int) -> None:
    fast, balanced = spec_of(PROMPTS[0], profile="fast"), spec_of(PROMPTS[0], profile="balanced")
    peer, own, middle = in_turn(
        rounds,
        lambda: reference_frames(spec_of(PROMPTS[0])),
        lambda: key_frames(fast),
        lambda: key_frames(balanced),
    )
    against("fast, 8 frames", peer, own, "goal 8x")
    against("balanced, 8 frames", peer, middle, "")


def measure_loss(_: int) -> None:
    """What the faster profiles lose, over all prompts; see `engine_scores`."""
    judge = Judge(generator().checkpoint)
    scores: dict[str, list[float]] = {}
    for profile in ("exact", "balanced", "fast"):
        specs = [spec_of(prompt, profile=profile) for prompt in PROMPTS]
        clips, drafts = [key_frames(spec)[0] for spec in specs], [shown(spec) for spec in specs]
        scores[profile] = [
            statistics.mean(map(judge.text_alignment, clips, PROMPTS, drafts)),
            statistics.mean(map(judge.subject_consistency, clips)),
        ]
        row(f"{profile}, text alignment / subject consistency", _joined(scores[profile], "{:.4f}"))
    for profile in ("balanced", "fast"):
        pairs = zip(scores[profile], scores["exact"], strict=True)
        changes = _joined([own / whole - 1 for own, whole in pairs], "{:+.1%}")
        row(f"{profile}, change against exact", changes, "goal -3 % or better" if profile == "fast" else "")


def _joined(figures: Sequence[float], form: str) -> str:
    return " / ".join(form.format(figure) for figure in figures)


def measure_memory(_: int) -> None:
    """Peak memory of fresh processes, at few steps: neither side's memory grows with the steps' number."""
    for side in ("engine", "reference"):
        peaks = {}
        for frames in (16, 128):
            command = [sys.executable, "-m", "benchmarks.engine", "--peak", side, "--frames", str(frames)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            peaks[frames] = json.loads(output.splitlines()[-1])["peak_mb"]
        growth = peaks[128] / peaks[16] - 1
        goal = "goal +10 %" if side == "engine" else ""
        figure = f"{peaks[16]:.0f} → {peaks[128]:.0f} MB ({growth:+.1%})"
        row(f"memory, {side}: 16 frames → 128", figure, goal)


def report_peak(side: str, frames: int) -> None:
    spec = spec_of(PROMPTS[0], frames=frames, steps=MEMORY_STEPS)
    if side == "engine":
        for _ in generator().generate([spec], on_step=lambda: None):
            pass
    else:
        reference_frames(spec)
    # Not getrusage's maximum, which a process inherits from the one that started it.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(json.dumps({"peak_mb": int(status["VmHWM"].split()[0]) / 1024}))


def measure_batch(rounds: int) -> None:
    for profile in ("balanced", "fast"):
        specs = [spec_of(prompt, profile=profile) for prompt in PROMPTS[:4]]
        alone, together = in_turn(
            rounds,
            lambda: [key_frames(spec) for spec in specs],  # noqa: B023
            lambda: key_frames(*specs),  # noqa: B023
        )
        against(f"four prompts one by one → in a batch, {profile}", alone, together, "goal 1.2x")


def measure_latency(rounds: int) -> None:
    spec = spec_of(PROMPTS[0], frames=32)
    shares = []
    for _ in range(rounds):
        started = time.perf_counter()
        chunks = generator().generate([spec], on_step=lambda: None)
        next(chunks)
        first = time.perf_counter() - started
        for _chunk in chunks:
            pass
        shares.append(first / (time.perf_counter() - started))
    row("first decoded frame of 32", f"after {statistics.median(shares):.1%} of the whole", "goal 25 %")


def measure_peak(rounds: int) -> None:
    """What the machine can do, and what the exact profile makes of it."""
    size = 1536
    for dtype in (torch.float32, torch.bfloat16):
        a, b = torch.randn(size, size).to(dtype), torch.randn(size, size).to(dtype)
        weight = torch.ops.mkldnn._reorder_linear_weight(b)
        plain, packed = in_turn(
            max(rounds, 15),
            lambda: a @ b,  # noqa: B023
            lambda: torch.ops.mkldnn._linear_pointwise(a, weight, None, "none", [], ""),  # noqa: B023
        )
        rates = [2 * size**3 / timing.wall_s / 1e9 for timing in (plain, packed)]
        row(f"matrix product, {dtype}", f"{rates[0]:.0f} plain, {rates[1]:.0f} packed GFLOP/s")
    spec = spec_of(PROMPTS[0])
    with FlopCounterMode(display=False) as counter:
        reference_frames(spec)
    work = counter.get_total_flops() / 1e12
    peer, own = in_turn(min(rounds, 2), lambda: reference_frames(spec), lambda: key_frames(spec))
    row("work of the reference, exact, 8 frames", f"{work:.2f} TFLOP")
    row("rate of the reference", f"{work / peer.wall_s * 1e3:.0f} GFLOP/s")
    row("rate of the engine, for the same work", f"{work / own.wall_s * 1e3:.0f} GFLOP/s")


MEASUREMENTS: dict[str, Callable[[int], None]] = {
    "exact": measure_exact,
    "exact32": partial(measure_exact, frames=32),
    "fast": measure_fast,
    "loss": measure_loss,
    "memory": measure_memory,
    "batch": measure_batch,
    "latency": measure_latency,
    "peak": measure_peak,
}


def main(arguments: Sequence[str] | None = None) -> None:
    global STEPS, TRIED
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=None)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", help="e.g. noise_level=0.8")
    parser.add_argument("--peak", choices=["engine", "reference"], help=argparse.SUPPRESS)
    parser.add_argument("--frames", type=int, default=16, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    STEPS, TRIED = chosen.steps, dict(each.split("=", 1) for each in chosen.set)
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    if chosen.peak:
        report_peak(chosen.peak, chosen.frames)
        return
    for name in chosen.only:
        MEASUREMENTS[name](chosen.rounds)


if __name__ == "__main__":
    main()
