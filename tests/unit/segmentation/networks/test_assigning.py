"""Networks made from weights that were read."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from actors.segmentation.networks.assigning import with_weights


def pair() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 4, bias=False))


def weights() -> dict[str, torch.Tensor]:
    return {"0.weight": torch.rand(2, 3), "0.bias": torch.rand(2), "1.weight": torch.rand(4, 2)}


def test_a_network_computes_with_the_weights_that_it_gets() -> None:
    given = weights()
    net, x = with_weights(pair, given), torch.rand(5, 3)
    wanted = (x @ given["0.weight"].T + given["0.bias"]) @ given["1.weight"].T
    torch.testing.assert_close(net(x), wanted)


def test_weights_stored_by_columns_are_put_in_the_usual_order() -> None:
    given = weights()
    by_columns = given["0.weight"].T.contiguous().T
    net = with_weights(pair, {**given, "0.weight": by_columns})
    assert not by_columns.is_contiguous()
    assert all(one.is_contiguous() for one in net.parameters())
    assert torch.equal(net.state_dict()["0.weight"], given["0.weight"])


@pytest.mark.parametrize("change", [{"0.bias": None}, {"2.bias": (4,)}, {"1.weight": (2, 4)}])
def test_weights_of_another_network_are_refused(change: dict[str, tuple[int, ...] | None]) -> None:
    given = weights()
    for name, shape in change.items():
        if shape is None:
            del given[name]
        else:
            given[name] = torch.rand(shape)
    with pytest.raises(RuntimeError, match="Error"):
        with_weights(pair, given)


def test_the_random_generator_stays_where_it_was() -> None:
    given, before = weights(), torch.random.get_rng_state()
    with_weights(pair, given)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_no_network_is_loaded_with_the_slow_import_of_sympy() -> None:
    code = (
        "import sys; from actors.segmentation.networks.models import Models; Models.load(threads=1);"
        "sys.exit('sympy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
