"""The autoencoder of patches: what its linear part keeps, and moves by pixels."""

from pathlib import Path

import numpy as np
import pytest
import torch

from expert_node.engine.autoencoder import PatchAutoencoder, PatchMover
from expert_node.engine.checkpoint import load_checkpoint
from expert_node.engine.generator import Generator
from expert_node.engine.prior import Draft, composed
from shared.errors import ModelNotFound
from shared.schemas import Motion, SubvideoSpec

CPU = torch.device("cpu")


def autoencoder() -> PatchAutoencoder:
    """With the low frequencies of 16×16 patches as its components, as drawn pictures have them."""
    torch.manual_seed(1)
    model = PatchAutoencoder(latent_channels=27, width=16, fine_width=8, blocks=1, fine_blocks=1)
    place = (torch.arange(16) + 0.5) / 16
    waves = torch.stack([torch.cos(torch.pi * k * place) for k in range(3)])
    planes = torch.einsum("iy,jx->ijyx", waves, waves).flatten(0, 1)
    planes = planes / planes.flatten(1).norm(dim=1)[:, None, None]
    components = torch.zeros(27, 3, 16, 16)
    for colour in range(3):
        components[9 * colour : 9 * colour + 9, colour] = planes
    model.set_transform(torch.tensor([0.1, 0.0, -0.2]), components)
    return model.eval().requires_grad_(False)


def waves(side: int, *, shift_px: float = 0.0) -> torch.Tensor:
    rows, columns = torch.meshgrid(
        torch.arange(side) + 0.0, torch.arange(side) + 0.0 + shift_px, indexing="ij"
    )
    return torch.stack([torch.sin(columns / 20), torch.cos(rows / 24), torch.sin((rows + columns) / 30)])[
        None
    ]


def test_smooth_pictures_survive_untrained() -> None:
    model, shown = autoencoder(), 0.5 * waves(128)
    z = model.encode(shown).latents
    assert z.shape == (1, 27, 8, 8)
    assert float((model.decode(z).sample - shown).abs().max()) < 0.05
    plain = torch.tensor([0.1, 0.0, -0.2]).reshape(1, 3, 1, 1).expand(1, 3, 32, 32)
    assert float(model.encode(plain).latents.abs().max()) < 1e-5, "the mean colour is the origin"


def test_a_move_by_any_number_of_pixels_is_exact() -> None:
    model = autoencoder()
    mean, std = torch.full((1, 27, 1, 1), 0.3), torch.full((1, 27, 1, 1), 2.0)
    mover = PatchMover(model, mean, std)
    z = (model.encode(0.5 * waves(128)).latents - mean) / std
    moved = mover.moved(z, Motion(x=4 * 5, y=0), progress=1)  # of 512: 5 of 128 pixels
    wanted = 0.5 * waves(128, shift_px=5)
    shown = model.decode(moved * std + mean).sample
    assert float((shown - wanted)[..., 16:-32].abs().max()) < 0.06


def test_it_is_saved_and_loaded_like_any_autoencoder(tmp_path: Path) -> None:
    model = autoencoder()
    model.save_pretrained(tmp_path)
    again = PatchAutoencoder.from_pretrained(tmp_path)
    z = torch.randn(1, 27, 2, 2)
    torch.testing.assert_close(again.decode(z).sample, model.decode(z).sample)


def test_only_it_can_move_pixels(sd_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "with-manifest"
    folder.mkdir()
    for part in sd_folder.iterdir():
        (folder / part.name).symlink_to(part)
    (folder / "expert.json").write_text('{"profiles": {"fast": {"warp": "pixels"}}}')
    with pytest.raises(ModelNotFound, match="the warp of pixels needs a PatchAutoencoder"):
        load_checkpoint(str(folder), device=CPU, cache_dir=tmp_path)


def test_clips_of_moved_pixels_resemble_their_anchor(patch_folder: Path, cache_dir: Path) -> None:
    """A checkpoint with all that the embedded kind has: patches, a prior, pooled captions, moved pixels."""
    generator = Generator(load_checkpoint(str(patch_folder), device=CPU, cache_dir=cache_dir))
    specs = [
        SubvideoSpec(prompt=p, frames=3, width=64, height=64, profile="fast", keyed=True, subject="dog")
        for p in ("a dog on a plain green background", "a dog")
    ]
    alone = [np.concatenate(list(generator.generate([spec], on_step=lambda: None)), 1)[0] for spec in specs]
    parts = list(generator.generate(specs, on_step=lambda: None))
    assert [part.shape[:2] for part in parts] == [(2, 1), (2, 2)]
    for one, other in zip(alone, np.concatenate(parts, 1), strict=True):
        assert abs(one.astype(int) - other.astype(int)).max() <= 2
    assert abs(alone[0].astype(int) - alone[1]).max() > 20, "the prompts are told apart"


def test_drafts_are_placed_and_jittered_by_the_seed(patch_folder: Path, cache_dir: Path) -> None:
    prior = load_checkpoint(str(patch_folder), device=CPU, cache_dir=cache_dir).prior
    assert prior is not None
    places = torch.tensor([[[1, 0.5, 1.0, 0.5], [0, 0.5, 0.5, 1], [1, 0.1, 0.5, 0.2]]])
    white = torch.ones(1, 4, 64, 64)
    shown = composed(white, places, height_px=40, width_px=80).pixels[0, 3]
    assert shown[25:, 35:45].min() == 1, "the first one's side is half of the height"
    assert shown[:18, 20:].max() == 0, "the second is not there"
    assert shown[14:19, 5:11].min() == 1
    moved = Draft(shown.expand(1, 4, -1, -1)).moved(Motion(x=-64, y=0), 1, frames=3).pixels[0, 3]
    assert moved[25:, 45:55].min() > 0.99, "an eighth of the width to the right"
    assert Draft(shown.expand(1, 4, -1, -1)).channels.shape == (1, 64, 10, 20)
