"""Packed weights for CPUs: layers whose weights lie as oneDNN's kernels want them.

PyTorch computes float32 linear layers with MKL, which on CPUs of other makers than its own reaches less
than half of what oneDNN reaches, and 1×1 convolutions are linear layers too. Other convolutions reorder their
weights at every call. The operators used here are those that PyTorch's own compiler emits for frozen models
(torch._inductor.fx_passes.mkldnn_fusion), and need no compiler. Results differ from the plain layers by
rounding only.
"""

import copy
from typing import Any

import torch
from diffusers.models.activations import GEGLU
from torch import nn

#: Sizes of pictures for which weights stay packed.
_SIZES = 2
_OPERATORS = ("_linear_pointwise", "_reorder_linear_weight", "_convolution_pointwise")


def packed(unet: Any) -> Any:
    """A twin of the model that shares its parameters, except where they are packed.

    The model itself, where they cannot be: on other devices, or without oneDNN.
    """
    if unet.device.type != "cpu" or not _available():
        return unet
    shared = {id(tensor): tensor for tensor in (*unet.parameters(), *unet.buffers())}
    twin = copy.deepcopy(unet, shared)
    for module in list(twin.modules()):
        for name, child in list(module.named_children()):
            replacement = _packed_layer(child)
            if replacement is not None:
                setattr(module, name, replacement)
    return twin


class PackedLinear(nn.Module):
    """`nn.Linear` with a packed weight."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        """`weight` is (out, in)."""
        super().__init__()
        reordered = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous())
        self.register_buffer("weight", reordered, persistent=False)
        self.bias = bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mapped: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return mapped


class PackedPointwise(PackedLinear):
    """A 1×1 convolution, as a linear map of the channels: free of copies where pictures are channels-last."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class PackedGeglu(nn.Module):
    """The gated layer of a transformer's feed-forward part, with GELU and product inside the linear maps."""

    def __init__(self, plain: GEGLU) -> None:
        super().__init__()
        weight, bias = plain.proj.weight, plain.proj.bias
        self.hidden = PackedLinear(*(part.chunk(2)[0] for part in (weight, bias)))
        self.gate = PackedLinear(*(part.chunk(2)[1] for part in (weight, bias)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate, hidden = self.gate, self.hidden
        opened = torch.ops.mkldnn._linear_pointwise(x, gate.weight, gate.bias, "gelu", [], "none")
        product: torch.Tensor = torch.ops.mkldnn._linear_pointwise.binary(
            x, opened, hidden.weight, hidden.bias, "mul"
        )
        return product


class PackedConv2d(nn.Module):
    """A convolution whose weight is packed when a picture of a new size comes by, for that size.

    Every packed weight is a copy, so only those of the last sizes are kept.
    """

    def __init__(self, plain: nn.Conv2d) -> None:
        super().__init__()
        self.weight, self.bias = plain.weight, plain.bias
        self._geometry = (list(plain.padding), list(plain.stride), list(plain.dilation), plain.groups)
        #: By size, the newest last. Replaced, never changed: threads may share the layer.
        self._packed: dict[tuple[int, ...], torch.Tensor] = {}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        size = tuple(x.shape[2:])
        weight = self._packed.get(size)
        if weight is None:
            weight = torch._C._nn.mkldnn_reorder_conv2d_weight(  # type: ignore[call-arg]
                self.weight.detach().to_mkldnn(), *self._geometry, x.shape
            )
            kept = [(known, other) for known, other in self._packed.items() if known != size]
            self._packed = dict([*kept[-_SIZES + 1 :], (size, weight)])
        convolved: torch.Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, weight, self.bias, *self._geometry, "none", [], ""
        )
        return convolved


def _packed_layer(layer: nn.Module) -> nn.Module | None:
    """What takes the layer's place; None leaves it, as layers of other types, such as adapters, are left."""
    if type(layer) is nn.Linear:
        return PackedLinear(layer.weight, layer.bias)
    if type(layer) is GEGLU and type(layer.proj) is nn.Linear and layer.proj.bias is not None:
        return PackedGeglu(layer)
    if type(layer) is nn.Conv2d and layer.padding_mode == "zeros" and not isinstance(layer.padding, str):
        if (
            layer.kernel_size == (1, 1)
            and layer.stride == (1, 1)
            and layer.padding == (0, 0)
            and layer.groups == 1
        ):
            return PackedPointwise(layer.weight.flatten(1), layer.bias)
        return PackedConv2d(layer)
    return None


def _available() -> bool:
    known = all(hasattr(torch.ops.mkldnn, name) for name in _OPERATORS)
    return known and bool(torch._C._get_mkldnn_enabled())
