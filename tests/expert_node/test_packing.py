"""Packed weights give what the plain ones give, and belong to a twin: the model itself stays as it is."""

import pytest
import torch

from expert_node.engine.attention import AnchorStep, FrameAttention
from expert_node.engine.checkpoint import Checkpoint
from expert_node.engine.generator import Generator
from expert_node.engine.packing import PackedConv2d, PackedGeglu, PackedLinear, PackedPointwise, packed


def prediction(unet: object, x: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
    frames = {"frames": FrameAttention(AnchorStep())}
    return unet(x, 10, encoder_hidden_states=text, cross_attention_kwargs=frames, return_dict=False)[0]  # type: ignore[operator,no-any-return]


@pytest.mark.parametrize("size", [(8, 8), (5, 9)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_packed_layers_predict_the_same(
    size: tuple[int, int], dtype: torch.dtype, sd_checkpoint: Checkpoint, generator: Generator
) -> None:
    import copy

    plain = copy.deepcopy(sd_checkpoint.unet).to(dtype)
    twin = packed(plain)
    kinds = {type(module) for module in twin.modules()}
    assert {PackedConv2d, PackedGeglu, PackedLinear, PackedPointwise} <= kinds
    assert not any(isinstance(module, PackedLinear) for module in plain.modules())
    x = torch.randn(2, 4, *size, dtype=dtype).contiguous(memory_format=torch.channels_last)
    text = torch.randn(2, 24, 16, dtype=dtype)
    with torch.inference_mode():
        expected, actual = prediction(plain, x, text), prediction(twin, x, text)
    scale = expected.float().abs().max()
    assert (actual - expected).float().abs().max() < scale * (1e-5 if dtype == torch.float32 else 5e-2)


def test_weights_stay_packed_for_the_last_sizes_only() -> None:
    plain = torch.nn.Conv2d(3, 4, 3, padding=1)
    layer = PackedConv2d(plain)
    with torch.inference_mode():
        for side in (4, 5, 6, 7, 6, 4):
            x = torch.randn(1, 3, side, side)
            torch.testing.assert_close(layer(x), plain(x))
    assert list(layer._packed) == [(7, 7), (4, 4)]
