"""The network that makes a vector of a text: multilingual-e5-small, on the CPU.

L. Wang et al., "Multilingual E5 Text Embeddings", 2024: a BERT encoder (J. Devlin et al., 2019) of 12 layers,
the mean of its last states, of length 1. Texts of the same number of tokens are encoded together, so that
none is padded. Knows tensors and tokens; does not know what texts are compared for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from actors.segmentation.errors import Cancelled
from actors.segmentation.meaning.errors import MeaningModelError
from actors.segmentation.meaning.packed_file import PackedFile, PackedFileError
from actors.segmentation.meaning.tokenizer import Tokenizer
from actors.segmentation.networks.cores import usable_cores

FILE = "e5-small-q4.bin"
"""In the folder of the model."""
QUERY, PASSAGE = "query: ", "passage: "
"""What is set before a text, as in training: QUERY where texts are compared with each other, or for a
question; PASSAGE for what a question is compared with."""
BATCH_TOKENS = 2048
"""Tokens that are encoded together: bounds the memory to about 60 MB, and fills the processor."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Layer:
    query_key_value: tuple[Tensor, Tensor]
    attended: tuple[Tensor, Tensor]
    attended_norm: tuple[Tensor, Tensor]
    inner: tuple[Tensor, Tensor]
    outer: tuple[Tensor, Tensor]
    outer_norm: tuple[Tensor, Tensor]


_TRIAL = "a trial"
"""Encoded when a model is loaded: damage that the file's form does not show is found then."""


class TextEncoder:
    """The loaded model: about 260 MB, with what it computes on. Not thread-safe."""

    def __init__(self, packed: PackedFile, name: str, threads: int) -> None:
        self.name = name
        self.sizes = packed.sizes
        self._packed = packed
        self._tokenizer = Tokenizer(packed.pieces)
        self._begin, self._end = packed.pieces.begin, packed.pieces.end
        self._threads = threads
        width = self.sizes.width
        places = packed.numbers("emb.pos").reshape(self.sizes.positions, width)
        self._places = torch.from_numpy(places + packed.numbers("emb.type")[:width])
        self._norm = _tensor(packed, "emb.ln.w"), _tensor(packed, "emb.ln.b")
        self._layers = [_layer(packed, number) for number in range(self.sizes.layers)]

    @classmethod
    def load(cls, folder: Path | str, name: str, *, threads: int = 0) -> TextEncoder:
        """Load a model from its folder. `threads`: cores to use, 0 for all usable ones.

        MeaningModelError when the folder holds no model, or one that cannot be read.
        """
        try:
            made = cls(PackedFile.open(Path(folder) / FILE), name, threads or usable_cores())
            if not np.isfinite(made.encode([_TRIAL])).all():
                raise ValueError("its numbers are none")
            return made
        except (OSError, PackedFileError, ValueError, RuntimeError, LookupError, ArithmeticError) as error:
            raise MeaningModelError(
                f"The model of meaning in {folder} cannot be read ({error}). `scenestream models verify` "
                "checks it, `scenestream models add e5-small` fetches it."
            ) from error

    def __repr__(self) -> str:
        return f"TextEncoder({self.name}, {self.sizes.width} numbers)"

    def encode(
        self,
        texts: Sequence[str],
        prefix: str = QUERY,
        *,
        on_texts: Callable[[int, int], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Floats:
        """float32[n, 384]: a vector of length 1 for each text; the cosine of two is their dot product.

        Texts of more than 510 tokens are encoded in parts; their vector is the mean of the parts', by their
        tokens. `on_texts(done, total)`: parts. Cancelled between batches when `should_stop()` is true.
        """
        room = self.sizes.positions - 2
        parts: list[tuple[int, list[int]]] = []
        for number, text in enumerate(texts):
            tokens = self._tokenizer(prefix + text)
            parts += [(number, tokens[at : at + room]) for at in range(0, len(tokens), room)]
        total = np.zeros((len(texts), self.sizes.width), np.float32)
        done = 0
        with torch.inference_mode(), _threads(self._threads):
            for batch in _batches(parts):
                if should_stop is not None and should_stop():
                    raise Cancelled
                means = self._encode([[self._begin, *tokens, self._end] for _, tokens in batch])
                for (number, tokens), mean in zip(batch, means, strict=True):
                    total[number] += len(tokens) * mean
                done += len(batch)
                if on_texts is not None:
                    on_texts(done, len(parts))
        out: Floats = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
        return out

    def _encode(self, tokens: list[list[int]]) -> Floats:
        """float32[n, width]: mean of the last states of n texts of the same number of tokens."""
        numbers = np.array(tokens, np.int64)
        texts, length = numbers.shape
        width, heads = self.sizes.width, self.sizes.heads
        different, where = np.unique(numbers, return_inverse=True)
        words = torch.from_numpy(self._packed.rows("emb.word", different, width))
        x = words[torch.from_numpy(where.reshape(texts, length))] + self._places[:length]
        x = self._normed(x, self._norm)
        for layer in self._layers:
            q, k, v = (
                part.view(texts, length, heads, width // heads).transpose(1, 2)
                for part in functional.linear(x, *layer.query_key_value).chunk(3, dim=-1)
            )
            heard = functional.scaled_dot_product_attention(q, k, v)
            heard = heard.transpose(1, 2).reshape(texts, length, width)
            x = self._normed(x + functional.linear(heard, *layer.attended), layer.attended_norm)
            inner = functional.gelu(functional.linear(x, *layer.inner))
            x = self._normed(x + functional.linear(inner, *layer.outer), layer.outer_norm)
        out: Floats = x.mean(dim=1).numpy()
        return out

    def _normed(self, x: Tensor, norm: tuple[Tensor, Tensor]) -> Tensor:
        return functional.layer_norm(x, (self.sizes.width,), *norm, eps=self.sizes.epsilon)


def _batches(parts: list[tuple[int, list[int]]]) -> Iterator[list[tuple[int, list[int]]]]:
    """Parts of one length each, of at most BATCH_TOKENS, the shortest first."""
    batch: list[tuple[int, list[int]]] = []
    for part in sorted(parts, key=lambda part: len(part[1])):
        length = len(part[1])
        if batch and (len(batch[0][1]) != length or (len(batch) + 1) * length > BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(part)
    if batch:
        yield batch


@contextmanager
def _threads(number: int) -> Iterator[None]:
    """Torch's number of threads, which is the whole process's, as long as the block lasts."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _tensor(packed: PackedFile, name: str, rows: int | None = None) -> Tensor:
    numbers = torch.from_numpy(packed.numbers(name).copy())
    return numbers if rows is None else numbers.view(rows, -1)


def _layer(packed: PackedFile, number: int) -> _Layer:
    width, inner = packed.sizes.width, packed.sizes.inner

    def pair(name: str, rows: int | None = None) -> tuple[Tensor, Tensor]:
        return _tensor(packed, f"l{number}.{name}.w", rows), _tensor(packed, f"l{number}.{name}.b")

    q, k, v = (pair(name, width) for name in "qkv")
    return _Layer(
        (torch.cat([q[0], k[0], v[0]]), torch.cat([q[1], k[1], v[1]])),
        pair("ao", width),
        pair("aln"),
        pair("fi", inner),
        pair("fo", width),
        pair("oln"),
    )
