"""Makes a network from weights that were read, without making any others before.

Knows modules of torch and their weights by name; does not know which network it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

ModuleT = TypeVar("ModuleT", bound=nn.Module)


def with_weights(make: Callable[[], ModuleT], weights: Mapping[str, Tensor]) -> ModuleT:
    """The network that `make` makes, with these weights, each in the usual order of memory.

    On "meta" no random weights are drawn, which would take time and move torch's global generator. The
    weights are assigned rather than copied, since torch imports sympy, which takes a third of a second, to
    make room for copies (`to_empty`). All in the same order, because sums are rounded by the order in which
    they are added. RuntimeError when a weight is missing, unknown or of another shape.
    """
    with torch.device("meta"):
        net = make()
    net.load_state_dict({name: weight.contiguous() for name, weight in weights.items()}, assign=True)
    return net
