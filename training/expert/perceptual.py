"""Distance between pictures as seen by an ImageNet classifier: keeps reconstructions sharp.

EfficientNet-Lite0 (Tan and Le 2019, "lite" variant: no squeeze-and-excite, ReLU6), its first five
stages, with batch normalisation folded into the convolutions.
"""

import io

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .sources import feature_weights

#: Blocks of each stage as (expansion, stride, kernel), up to stride 16.
_BLOCKS = (
    (1, 1, 3),
    (6, 2, 3), (6, 1, 3),
    (6, 2, 5), (6, 1, 5),
    (6, 2, 3), (6, 1, 3), (6, 1, 3),
)  # fmt: skip
_TAPS = (0, 2, 4, 7)
_EPS = 1e-3
_MEAN, _STD = (0.498, 0.498, 0.498), (0.502, 0.502, 0.502)  # (x·255 − 127) / 128


class _Conv(nn.Module):
    """A convolution with its batch normalisation folded in, TensorFlow's "same" padding."""

    def __init__(
        self, state: dict[str, Tensor], conv: str, norm: str, *, stride: int = 1, acts: bool = True
    ) -> None:
        super().__init__()
        weight = state[f"{conv}.weight"]
        scale = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + _EPS)
        self.weight = nn.Parameter(weight * scale[:, None, None, None])
        self.bias = nn.Parameter(state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale)
        self.stride, self.acts = stride, acts
        self.groups = weight.shape[0] if weight.shape[1] == 1 and weight.shape[2] > 1 else 1

    def forward(self, x: Tensor) -> Tensor:
        kernel = self.weight.shape[2]
        pad = max(kernel - self.stride, 0)
        x = F.pad(x, (pad // 2, pad - pad // 2, pad // 2, pad - pad // 2))
        x = F.conv2d(x, self.weight, self.bias, self.stride, groups=self.groups)
        return F.relu6(x) if self.acts else x


class _Block(nn.Module):
    def __init__(self, state: dict[str, Tensor], index: int, expansion: int, stride: int) -> None:
        super().__init__()
        name = f"_blocks.{index}"
        layers = []
        if expansion > 1:
            layers.append(_Conv(state, f"{name}._expand_conv", f"{name}._bn0"))
        layers.append(_Conv(state, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride))
        layers.append(_Conv(state, f"{name}._project_conv", f"{name}._bn2", acts=False))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if y.shape == x.shape else y


class PerceptualDistance(nn.Module):
    """Mean squared difference of unit-normalised features at strides 2 to 16 (as LPIPS, unweighted)."""

    def __init__(self) -> None:
        super().__init__()
        state = torch.load(io.BytesIO(feature_weights()), weights_only=True, map_location="cpu")
        self.stem = _Conv(state, "_conv_stem", "_bn0", stride=2)
        self.blocks = nn.ModuleList(_Block(state, i, e, s) for i, (e, s, _) in enumerate(_BLOCKS))
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None])
        self.register_buffer("std", torch.tensor(_STD)[:, None, None])
        self.requires_grad_(False).eval()

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Unit-length features of pictures (N, 3, H, W) in [0, 1]."""
        x = self.stem((pictures - self.mean) / self.std)
        found = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in _TAPS:
                found.append(F.normalize(x.float(), dim=1))
        return found

    def last(self, pictures: Tensor) -> Tensor:
        """The deepest features, (N, 80, H/16, W/16), of pictures (N, 3, H, W) in [0, 1]."""
        x: Tensor = self.stem((pictures - self.mean) / self.std)
        for block in self.blocks:
            x = block(x)
        return x

    def forward(self, made: Tensor, wanted: Tensor) -> Tensor:
        with torch.no_grad():
            goal = self.features(wanted)
        pairs = zip(self.features(made), goal, strict=True)
        return torch.stack([(a - b).square().sum(1).mean() for a, b in pairs]).mean()
