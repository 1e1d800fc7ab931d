"""Files of packed text encoders: what is read of them, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from actors.segmentation.meaning.packed_file import PackedFile, PackedFileError
from tests.support.meaning import four_bits, packed

PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁é", -1.0), ("猫", -2.5)]
TABLE = np.arange(6 * 32, dtype=np.float32).reshape(6, 32) % 16 - 8
BIAS = np.array([0.5, -1.25, 3.0], np.float32)


def content() -> bytes:
    tensors = {"emb.word": (1, four_bits(TABLE), TABLE.size), "bias": (0, BIAS.tobytes(), len(BIAS))}
    return packed(PIECES, tensors, replacements={"ﬁ": "fi", "\u00a0": " ", "\u00ad": ""})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(content())
    return path


def test_pieces_sizes_and_replacements_are_read(path: Path) -> None:
    opened = PackedFile.open(path)

    assert opened.pieces.texts == tuple(text for text, _ in PIECES)
    assert opened.pieces.scores.tolist() == [score for _, score in PIECES]
    assert "ﬁ\u00a0x\u00ady".translate(opened.pieces.replacements) == "fi xy"
    assert (opened.pieces.begin, opened.pieces.pad, opened.pieces.end, opened.pieces.unknown) == (0, 1, 2, 3)
    assert (opened.sizes.width, opened.sizes.positions, opened.sizes.vocabulary) == (32, 8, 6)


def test_weights_are_unpacked_whole_and_by_row(path: Path) -> None:
    opened = PackedFile.open(path)

    assert np.array_equal(opened.numbers("bias"), BIAS)
    assert np.array_equal(opened.numbers("emb.word"), TABLE.reshape(-1))
    assert np.array_equal(opened.rows("emb.word", np.array([4, 0, 4]), 32), TABLE[[4, 0, 4]])


def test_a_tensor_that_is_not_there_is_told(path: Path) -> None:
    opened = PackedFile.open(path)

    with pytest.raises(PackedFileError, match="no tensor"):
        opened.numbers("other")
    with pytest.raises(PackedFileError, match="no table"):
        opened.rows("bias", np.array([0]), 32)


@pytest.mark.parametrize("kept", [0, 3, 20, 60, 100, 150, 200, 290, -1])
def test_a_file_that_is_cut_off_is_refused(kept: int, path: Path) -> None:
    path.write_bytes(content()[:kept])

    with pytest.raises(PackedFileError):
        PackedFile.open(path)


def test_a_file_of_another_kind_is_refused(path: Path) -> None:
    path.write_bytes(b"GGUF" + content()[4:])

    with pytest.raises(PackedFileError, match="E5S1"):
        PackedFile.open(path)
