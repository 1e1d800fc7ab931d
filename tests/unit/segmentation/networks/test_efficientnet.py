"""EfficientNet-Lite0: the published function, any picture shape, readable tags."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch

from actors.segmentation.networks.efficientnet import EfficientNetLite0, embed, input_size
from actors.segmentation.networks.tags import tag_name, tag_names

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def net() -> EfficientNetLite0:
    return EfficientNetLite0.pretrained()


def picture(height: int, width: int, seed: int = 1) -> npt.NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((-(-height // 6), -(-width // 8), 1), np.uint8))[:height, :width]


def test_equals_the_published_network(net: EfficientNetLite0) -> None:
    from efficientnet_lite_pytorch import EfficientNet

    from actors.segmentation.networks.efficientnet import _WEIGHTS_FILE, _WEIGHTS_PACKAGE
    from actors.segmentation.networks.packaged import packaged

    with torch.random.fork_rng(devices=[]):
        published = EfficientNet.from_name("efficientnet-lite0").eval()
    published.load_state_dict(torch.load(packaged(_WEIGHTS_PACKAGE, *_WEIGHTS_FILE), weights_only=True))
    pixels = torch.from_numpy(picture(224, 224)).permute(2, 0, 1)[None].float()

    with torch.inference_mode():
        features, scores = net(pixels)
        normalised = (pixels - 127) / 128
        expected_scores = published(normalised)
        expected_features = published.extract_features(normalised).mean(dim=(2, 3))

    torch.testing.assert_close(scores, expected_scores, atol=1e-4, rtol=0)
    torch.testing.assert_close(features, expected_features, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (180, 320, (160, 288)),
        (320, 180, (288, 160)),
        (224, 224, (224, 224)),
        (240, 320, (192, 256)),
        (1, 320, (32, 448)),
    ],
)
def test_input_keeps_the_picture_s_shape(height: int, width: int, expected: tuple[int, int]) -> None:
    assert input_size(height, width) == expected


@pytest.mark.parametrize(("height", "width"), [(180, 320), (320, 144), (7, 5), (1, 1)])
def test_any_picture_has_features_and_tags(net: EfficientNetLite0, height: int, width: int) -> None:
    result = embed(net, picture(height, width), CPU)

    assert result.features.shape == (1280,)
    assert result.features.dtype == np.float16
    assert np.isfinite(result.features).all()
    assert len(set(result.tag_ids.tolist())) == 5
    assert (np.diff(result.tag_probabilities) <= 0).all()
    assert 0 < result.tag_probabilities.sum() <= 1.01


def test_same_picture_same_bits_and_other_pictures_differ(net: EfficientNetLite0) -> None:
    first, again, other = (embed(net, picture(90, 160, seed), CPU).features for seed in (1, 1, 2))

    assert first.tobytes() == again.tobytes()
    cosine = float(first @ other.astype(np.float64)) / float(np.linalg.norm(first) * np.linalg.norm(other))
    assert cosine < 0.99


def test_bfloat16_features_point_the_same_way(net: EfficientNetLite0) -> None:
    coarse = EfficientNetLite0.pretrained(dtype=torch.bfloat16)
    exact = embed(net, picture(180, 320), CPU).features.astype(np.float64)
    near = embed(coarse, picture(180, 320), CPU).features.astype(np.float64)

    assert exact @ near / np.linalg.norm(exact) / np.linalg.norm(near) > 0.98


def test_names_of_the_classes() -> None:
    assert len(tag_names()) == 1000
    assert tag_name(0) == "tench"
    with pytest.raises(IndexError):
        tag_name(1000)
