"""The randomness of a clip: one stream per seed, drawn on the CPU so that it is the same on every device."""

import math

import torch


class NoiseStream:
    """Standard normal noise of one clip: first the anchor's, then each later frame's, in order.

    The numbers are those of a single draw for all frames (which is what the reference does), but can be drawn
    in pieces: the generator works in blocks of 16, so frames are drawn in groups that fill whole blocks.
    """

    def __init__(self, seed: int, shape: tuple[int, int, int], *, frames: int) -> None:
        """`shape` is (channels, height, width) of a frame's latents; `frames` counts the anchor."""
        self._generator = torch.Generator("cpu").manual_seed(seed)
        self._shape = shape
        self._left = frames - 1
        self._group = 16 // math.gcd(math.prod(shape), 16)
        self._drawn = torch.empty((0, *shape))
        self.anchor = self._draw(1)

    def take(self, frames: int) -> torch.Tensor:
        """Noise of the next `frames` frames: (frames, channels, height, width)."""
        while len(self._drawn) < frames:
            count = min(self._group, self._left)
            self._left -= count
            self._drawn = torch.cat([self._drawn, self._draw(count)])
        taken, self._drawn = self._drawn[:frames], self._drawn[frames:]
        return taken

    def _draw(self, frames: int) -> torch.Tensor:
        return torch.randn((frames, *self._shape), generator=self._generator)
