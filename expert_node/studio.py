"""The engine as the worker sees it: specs in, finished clips out."""

import time
from collections.abc import Sequence

import numpy as np
import structlog
import torch

from expert_node.clips import Clip, Notes, encode_clip
from expert_node.engine.checkpoint import load_checkpoint, quiet_libraries
from expert_node.engine.generator import Generator
from expert_node.engine.health import UnsoundFrames, free_memory, is_out_of_memory
from expert_node.engine.keying import key_colour
from expert_node.engine.loras import Lora
from expert_node.engine.recipe import Precision
from expert_node.settings import ExpertSettings
from expert_node.worker import StepReport, speed_of
from shared.errors import ExpertFault
from shared.schemas import Profile, SubvideoSpec

log = structlog.get_logger(__name__)

WARM_UP = "a red car on a city street"


class DiffusionStudio:
    """Makes clips with a generator."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self.speed: dict[Profile, float] = {}

    @property
    def profiles(self) -> tuple[Profile, ...]:
        return tuple(self._generator.checkpoint.manifest.profiles)

    def warm_up(self, model: str) -> None:
        """Measure `speed` by a short clip, after a step that packs weights and is not counted."""
        profile: Profile = "balanced" if "balanced" in self.profiles else self.profiles[0]
        first = SubvideoSpec(prompt=WARM_UP, frames=2, profile=profile, model=model, steps=1)
        spec = first.model_copy(update={"steps": None})
        self.make([first], report=lambda step, steps: None)
        started = time.monotonic()
        self.make([spec], report=lambda step, steps: None)
        self.speed[profile] = speed_of([spec], time.monotonic() - started)

    def compatible(self, first: SubvideoSpec, other: SubvideoSpec) -> bool:
        return self._generator.recipe(first) == self._generator.recipe(other)

    def make(self, specs: Sequence[SubvideoSpec], *, report: StepReport) -> list[Clip]:
        """The clips; overflow is met with float32, a lack of memory with smaller chunks, each time anew."""
        precision: Precision | None = None
        while True:
            try:
                return self._made(specs, precision, report)
            except UnsoundFrames as error:
                if precision == "float32" or self._generator.recipe(specs[0]).precision == "float32":
                    raise ExpertFault(f"the model gives no sound frames in float32: {error}") from error
                log.warning("unsound frames, again in float32", reason=str(error))
                precision = "float32"
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or self._generator.chunk == 1:
                    raise
                self._generator.anchors.clear()
                self._generator.chunk //= 2
                log.warning("out of memory, again with smaller chunks", chunk=self._generator.chunk)
            free_memory()

    def _made(
        self, specs: Sequence[SubvideoSpec], precision: Precision | None, report: StepReport
    ) -> list[Clip]:
        steps = self._generator.steps(self._generator.recipe(specs[0]))
        done = 0

        def on_step() -> None:
            nonlocal done
            done += 1
            report(done, steps)

        chunks = self._generator.generate(specs, on_step=on_step, precision=precision)
        keys = np.concatenate(list(chunks), axis=1)
        notes: Notes = {"retried_in": precision} if precision else {}
        return [
            encode_clip(spec, keys[index], notes=self._notes(spec) | notes)
            for index, spec in enumerate(specs)
        ]

    def _notes(self, spec: SubvideoSpec) -> Notes:
        recipe = self._generator.recipe(spec)
        notes: Notes = {
            "generated_width": recipe.width_px,
            "generated_height": recipe.height_px,
            "generated_frames": recipe.frames,
            "steps": recipe.steps,
            "guidance": recipe.guidance_scale,
            "solver": recipe.solver,
            "precision": recipe.precision,
        }
        if spec.keyed:
            colour = key_colour(spec, self._generator.checkpoint.manifest.key)
            notes["key_colour"] = "#{:02x}{:02x}{:02x}".format(*colour.rgb)
        return notes


def open_studio(settings: ExpertSettings) -> DiffusionStudio:
    """Load what the settings name, make a first clip, and say how fast it was."""
    quiet_libraries()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    device = chosen_device(settings.device)
    loras = tuple(Lora.parse(text) for text in settings.loras)
    started = time.monotonic()
    checkpoint = load_checkpoint(
        settings.model, device=device, cache_dir=settings.cache_dir, loras=loras, layout=settings.layout
    )
    precision = None if settings.dtype == "auto" else settings.dtype
    studio = DiffusionStudio(
        Generator(checkpoint, precision=precision, chunk=settings.chunk, anchor_bytes=settings.anchor_bytes)
    )
    loaded = time.monotonic()
    studio.warm_up(settings.model_name)
    log.info(
        "model loaded",
        model=settings.model_name,
        device=str(device),
        native_size=checkpoint.native_size,
        students=sorted(checkpoint.students),
        load_s=round(loaded - started, 2),
        warm_up_s=round(time.monotonic() - loaded, 2),
        megapixels_per_s={profile: round(speed, 4) for profile, speed in studio.speed.items()},
    )
    return studio


def chosen_device(name: str) -> torch.device:
    """The device of that name; "auto" is the first GPU, or else the CPU."""
    if name != "auto":
        return torch.device(name)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
