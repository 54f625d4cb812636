"""What can go wrong inside a generation, told apart so that it can be mended."""

import gc

import torch


class UnsoundFrames(ArithmeticError):
    """Frames with values that are not finite, or all black: half precision has overflowed."""


def check_latents(latents: torch.Tensor) -> torch.Tensor:
    """The latents, if every value is finite; raises UnsoundFrames."""
    if not bool(torch.isfinite(latents).all()):
        raise UnsoundFrames("latents are not finite")
    return latents


def check_pixels(pixels: torch.Tensor) -> torch.Tensor:
    """Decoded pictures (N, C, H, W), if they are finite and none is of one value; raises UnsoundFrames.

    A decoder that overflows gives pictures that are black, or the same everywhere, to the last bit.
    """
    if not bool(torch.isfinite(pixels).all()):
        raise UnsoundFrames("decoded pictures are not finite")
    flat = pixels.flatten(1)
    if bool((flat.amax(1) == flat.amin(1)).any()):
        raise UnsoundFrames("a decoded picture has one value everywhere")
    return pixels


def is_out_of_memory(error: BaseException) -> bool:
    """True for a GPU's out-of-memory error, and for what PyTorch raises when the host has none left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "allocate memory" in str(error)


def free_memory() -> None:
    """Give back what is cached but not used."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
