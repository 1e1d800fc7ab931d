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

import numpy as np
import numpy.typing as npt

_ROW_SAMPLES = 32
"""Samples of a row: more make the products slower, fewer make more states to be followed."""

_PIECE_ROWS = 192
"""Rows filtered at once, an eighth of a second: 48 kB, which stay in a processor's cache. Few enough that
OpenBLAS multiplies them in the caller's thread (it takes several above 2^18 products of numbers): threads
that wait for each other's small pieces take four to ten times as much of the processor, in torch as well."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False)
class _Rows:
    """A filter of n samples at once, whose state has k numbers.

    own: (n, n), input to output. left: (n, k), input to what it adds to the next state. state: (k, n), state
    to output. on: (k, k) each, state to the one 1, 2, 4 ... rows later.
    """

    own: Floats
    left: Floats
    state: Floats
    on: tuple[Floats, ...]


def filtered(sections: Floats, samples: npt.NDArray[np.float32 | np.float64]) -> Floats:
    """float64[n] of samples[n], the filter being at rest before the first. sections: float64[s, 6], each
    b0 b1 b2 a0 a1 a2 with a0 = 1."""
    rows = _rows(sections.tobytes(), len(sections))
    count = -(-len(samples) // _ROW_SAMPLES)
    out = np.zeros((count, _ROW_SAMPLES))
    out.ravel()[: len(samples)] = samples
    before = np.zeros((1, rows.left.shape[1]))
    for start in range(0, count, _PIECE_ROWS):
        piece = out[start : start + _PIECE_ROWS]
        states = np.concatenate([before, piece @ rows.left])
        for power, on in enumerate(rows.on):
            # what a state is some rows later is added to the states there; then they hold twice as many
            reach = 1 << power
            if reach < len(states):
                states[reach:] += states[:-reach] @ on
        before = states[-1:]
        piece[:] = piece @ rows.own + states[:-1] @ rows.state
    return out.ravel()[: len(samples)]


@lru_cache(maxsize=16)
def _rows(sections: bytes, count: int) -> _Rows:
    """The matrices of a row, by running each unit input and each unit state through the filter."""
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
    return _Rows(out[:size], state[:size], out[size:], tuple(on))
