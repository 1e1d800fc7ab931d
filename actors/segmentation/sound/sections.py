"""Filters sound by second-order sections, as `scipy.signal.sosfilt` does, in products of matrices.

A sample of a recursive filter depends on all samples before it, but on those of earlier rows of samples only
through a state of two numbers a section. So a row's output is its input times one matrix plus the state times
another, and the states follow each other by a third, whose powers leap over 1, 2, 4 ... rows. That is as fast
as the loop over all samples, and spares the import of `scipy.signal`, which takes as long as the analysis of
ten seconds of film. Knows numbers; does not know what is heard in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:  # who only reads the loudness, as the fuser does, is half a gigabyte smaller without it
    from torch import Tensor

_ROW_SAMPLES = 32
"""Samples of a row: more make the products slower, fewer make more states to be followed."""

_PIECE_ROWS = 1024
"""Rows filtered at once, two thirds of a second: 256 kB, which stay in a processor's cache."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False)
class _Rows:
    """A filter of n samples at once, whose state has k numbers.

    own: (n, n), input to output. left: (n, k), input to what it adds to the next state. state: (k, n), state
    to output. on: (k, k) each, state to the one 1, 2, 4 ... rows later.
    """

    own: Tensor
    left: Tensor
    state: Tensor
    on: tuple[Tensor, ...]


def filtered(sections: Floats, samples: npt.NDArray[np.float32 | np.float64]) -> Floats:
    """float64[n] of samples[n], the filter being at rest before the first. sections: float64[s, 6], each
    b0 b1 b2 a0 a1 a2 with a0 = 1."""
    import torch

    with torch.inference_mode():
        return _filtered(torch.from_numpy(samples), _rows(sections.tobytes(), len(sections)))


def _filtered(samples: Tensor, rows: _Rows) -> Floats:
    import torch

    count = -(-len(samples) // _ROW_SAMPLES)
    out = torch.empty((count, _ROW_SAMPLES), dtype=torch.float64)
    flat = out.view(-1)
    flat[: len(samples)] = samples
    flat[len(samples) :] = 0.0
    before = torch.zeros((1, rows.left.shape[1]), dtype=torch.float64)
    for start in range(0, count, _PIECE_ROWS):
        piece = out[start : start + _PIECE_ROWS]
        states = torch.cat([before, piece @ rows.left])
        for power, on in enumerate(rows.on):
            # what a state is some rows later is added to the states there; then they hold twice as many
            reach = 1 << power
            if reach < len(states):
                states[reach:] += states[:-reach] @ on
        before = states[-1:]
        piece.copy_(torch.addmm(piece @ rows.own, states[:-1], rows.state))
    result: Floats = flat[: len(samples)].numpy()
    return result


@lru_cache(maxsize=16)
def _rows(sections: bytes, count: int) -> _Rows:
    """The matrices of a row, by running each unit input and each unit state through the filter."""
    import torch

    size = _ROW_SAMPLES
    inputs = np.concatenate([np.eye(size), np.zeros((2 * count, size))])
    state = np.concatenate([np.zeros((size, 2 * count)), np.eye(2 * count)])
    out = np.zeros_like(inputs)
    for k in range(size):
        x = inputs[:, k]
        for at, (b0, b1, b2, _, a1, a2) in enumerate(np.frombuffer(sections).reshape(count, 6).tolist()):
            first, second = state[:, 2 * at].copy(), state[:, 2 * at + 1].copy()
            y = b0 * x + first  # direct form II, transposed
            state[:, 2 * at] = b1 * x - a1 * y + second
            state[:, 2 * at + 1] = b2 * x - a2 * y
            x = y
        out[:, k] = x
    on = [state[size:]]
    while 1 << len(on) <= _PIECE_ROWS:
        on.append(on[-1] @ on[-1])
    own, left, through = (torch.from_numpy(x.copy()) for x in (out[:size], state[:size], out[size:]))
    return _Rows(own, left, through, tuple(torch.from_numpy(x.copy()) for x in on))
