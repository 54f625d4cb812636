"""From specs to pictures: text, noise, the sampler and the decoder, for a batch of compatible clips."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from expert_node.engine.anchors import AnchorCache
from expert_node.engine.attention import install_cross_frame_attention
from expert_node.engine.autoencoder import PatchAutoencoder, PatchMover
from expert_node.engine.checkpoint import Checkpoint
from expert_node.engine.geometry import generated_size
from expert_node.engine.health import check_pixels
from expert_node.engine.keying import hint, noise_offset, prompt_of
from expert_node.engine.motion import STILL
from expert_node.engine.noise import NoiseStream
from expert_node.engine.packing import packed
from expert_node.engine.prior import Draft
from expert_node.engine.recipe import Precision, Recipe, recipe_of
from expert_node.engine.sampler import Anchor, Conditioning, Denoised, Sampler, StepHook
from shared.errors import InvalidRequest
from shared.schemas import Profile, SubvideoSpec

#: How far the seed moves a draft's subjects: x, lower edge, and the logarithm of their size.
_JITTER = (0.05, 0.006, 0.03)
#: (clips, frames, height, width, 3 or 4), RGB or RGBA.
Pictures = NDArray[np.uint8]


class Generator:
    """Makes the key frames of clips with one checkpoint on one device."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        precision: Precision | None = None,
        chunk: int = 8,
        anchor_bytes: int = 0,
    ) -> None:
        """`precision` overrides every profile's; `chunk` bounds the later frames computed at once.

        `anchor_bytes` is how much memory anchors may keep, for clips that are made again with more frames.
        """
        self.anchors = AnchorCache(limit_bytes=anchor_bytes)
        self.checkpoint = checkpoint
        self._device = checkpoint.unet.device
        self._precision = precision
        self.chunk = chunk
        self._mover = _mover(checkpoint)
        for unet in (checkpoint.unet, *checkpoint.students.values()):
            install_cross_frame_attention(unet)
        self._unets: dict[tuple[Precision, Profile | None], Any] = {}

    def recipe(self, spec: SubvideoSpec) -> Recipe:
        """How the spec would be made; specs with equal recipes can share a batch."""
        settings = self.checkpoint.manifest.profiles.get(spec.profile)
        if settings is None:
            raise InvalidRequest(f"this checkpoint has no profile {spec.profile!r}", param="profile")
        scale = self.checkpoint.latent_scale
        width, height = generated_size(
            spec.width, spec.height, native_px=self.checkpoint.native_size, multiple=max(8, scale)
        )
        if self._precision:
            settings = settings.model_copy(update={"precision": self._precision})
        student = spec.profile if spec.profile in self.checkpoint.students else None
        return recipe_of(spec, settings, width_px=width, height_px=height, student=student)

    def steps(self, recipe: Recipe) -> int:
        """How often `on_step` will be called for a batch of that recipe."""
        chunks = -(-(recipe.frames - 1) // self.chunk)
        return recipe.steps + chunks * (recipe.t1 + 1)

    def generate(
        self, specs: Sequence[SubvideoSpec], *, on_step: StepHook, precision: Precision | None = None
    ) -> Iterator[Pictures]:
        """Key frames of clips with equal recipes, the anchor first, then chunk by chunk as they are ready.

        `precision` overrides the recipe's. Raises UnsoundFrames when values overflow.
        """
        recipe = self.recipe(specs[0])
        assert all(self.recipe(spec) == recipe for spec in specs)
        precision = precision or recipe.precision
        unet = self._unet(precision, recipe.student)
        sampler = Sampler(unet, self.checkpoint.scheduler_config, self._mover)
        text = self._conditioning(specs, recipe)
        noises = [self._noise(spec, recipe) for spec in specs]
        anchor, later = self._anchor(sampler, specs, noises, text, recipe, on_step=on_step)
        yield self._pictures(Denoised(anchor.x_0[:, None], anchor.subjects), specs, text, precision)
        chunks = sampler.frames(anchor, noises, text, recipe, chunk=self.chunk, on_step=on_step)
        for denoised in [later] if later else chunks:
            yield self._pictures(denoised, specs, text, precision)

    def _anchor(
        self,
        sampler: Sampler,
        specs: Sequence[SubvideoSpec],
        noises: Sequence[NoiseStream],
        text: Conditioning,
        recipe: Recipe,
        *,
        on_step: StepHook,
    ) -> tuple[Anchor, Denoised | None]:
        """The batch's anchor, and the later frames if they fit into one chunk and could be made with it.

        Anchors are kept: they depend on neither the clips' motion nor the number of frames.
        """
        still = [
            spec.model_copy(update={"motion": STILL, "frames": 1, "seconds": 1.0, "fps": 1}) for spec in specs
        ]
        key = (sampler.dtype, *(spec.digest for spec in still))
        known = self.anchors.get(key)
        if known is not None:
            for _ in range(recipe.steps):
                on_step()
            return known, None
        joins = 1 < recipe.frames <= self.chunk + 1 and sampler.can_join(text, recipe)
        starts, joining = self._starts(specs, noises), noises if joins else ()
        anchor, later = sampler.anchor(starts, text, recipe, joining=joining, on_step=on_step)
        self.anchors.put(key, anchor)
        return anchor, later

    def _pictures(
        self, denoised: Denoised, specs: Sequence[SubvideoSpec], text: Conditioning, precision: Precision
    ) -> Pictures:
        """RGB, or RGBA with the matte hints if any clip is keyed; without a hint alpha is full."""
        rgb = self.decode(denoised.latents, precision)
        if not any(spec.keyed for spec in specs):
            return rgb
        alpha = np.full_like(rgb[..., :1], 255)
        for index, words in enumerate(text.subjects):
            if denoised.subjects is not None and (words or text.draft):
                alpha[index] = hint(denoised.subjects[index], rgb.shape[2:4])
        return np.concatenate([rgb, alpha], axis=-1)

    def _starts(self, specs: Sequence[SubvideoSpec], noises: Sequence[NoiseStream]) -> torch.Tensor:
        """Where the anchors start: (clips, C, h, w)."""
        offsets = [noise_offset(spec, self.checkpoint) for spec in specs]
        starts = [noise.anchor[0] + offset for noise, offset in zip(noises, offsets, strict=True)]
        return torch.stack(starts).to(self._device)

    def _noise(self, spec: SubvideoSpec, recipe: Recipe) -> NoiseStream:
        scale = self.checkpoint.latent_scale
        channels = int(self.checkpoint.unet.config.out_channels)
        shape = (channels, recipe.height_px // scale, recipe.width_px // scale)
        return NoiseStream(spec.seed, shape, frames=recipe.frames)

    def _conditioning(self, specs: Sequence[SubvideoSpec], recipe: Recipe) -> Conditioning:
        encode, key = self.checkpoint.text.encode, self.checkpoint.manifest.key
        prompts = [prompt_of(spec, key) for spec in specs]
        positive = encode(prompts)
        return Conditioning(
            negative=encode([spec.negative_prompt for spec in specs]),
            positive=positive,
            draft=self.draft(positive, specs, recipe),
            subjects=tuple(self._subject(spec, prompt) for spec, prompt in zip(specs, prompts, strict=True)),
        )

    @torch.inference_mode()
    def draft(self, words: torch.Tensor, specs: Sequence[SubvideoSpec], recipe: Recipe) -> Draft | None:
        """The prior's, if there is one; its subjects are in their regions, varied a little by the seed."""
        if self.checkpoint.prior is None:
            return None
        scale = self.checkpoint.latent_scale
        jitter = torch.stack(
            [torch.randn(3, generator=torch.Generator().manual_seed(spec.seed)) for spec in specs]
        ).clamp(-2, 2) * torch.tensor(_JITTER)
        return self.checkpoint.prior.draft(
            words,
            height=recipe.height_px // scale,
            width=recipe.width_px // scale,
            jitter=jitter.to(words.device),
            regions=[spec.region for spec in specs],
        )

    def _subject(self, spec: SubvideoSpec, prompt: str) -> tuple[int, ...]:
        return self.checkpoint.text.tokens_of(prompt, spec.subject) if spec.keyed and spec.subject else ()

    @torch.inference_mode()
    def decode(self, latents: torch.Tensor, precision: Precision) -> Pictures:
        """(clips, frames, C, h, w) latents to pictures; float16, in which decoders overflow, is float32."""
        mean, std = (part.to(latents.device) for part in self.checkpoint.latents_scaling())
        low, high = self.checkpoint.manifest.pixel_range
        flat = (latents.flatten(0, 1) * std + mean).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            pixels = check_pixels(self.checkpoint.vae.decode(flat, return_dict=False)[0].float())
        scaled = ((pixels - low) / (high - low)).clamp(0, 1).mul(255).round().byte()
        pictures: Pictures = scaled.permute(0, 2, 3, 1).cpu().numpy()
        return pictures.reshape(*latents.shape[:2], *pictures.shape[1:])

    def _unet(self, precision: Precision, student: Profile | None) -> Any:
        """The UNet in that precision; made from the checkpoint's on first use, and kept."""
        key = precision, student
        if key not in self._unets:
            unet = self.checkpoint.students[student] if student else self.checkpoint.unet
            dtype = getattr(torch, precision)
            twin = unet if unet.dtype == dtype else copy.deepcopy(unet).to(dtype)
            self._unets[key] = packed(twin)
        return self._unets[key]


def _mover(checkpoint: Checkpoint) -> PatchMover | None:
    if not isinstance(checkpoint.vae, PatchAutoencoder):
        return None
    mean, std = (part.to(checkpoint.unet.device) for part in checkpoint.latents_scaling())
    return PatchMover(checkpoint.vae, mean, std)
