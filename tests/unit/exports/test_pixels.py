"""The shape of a pixel, from the file to the document and into FCPXML and the page."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from actors.segmentation.planning.plan import build_plan
from serve_app.exports.fcpxml import write_fcpxml
from serve_app.exports.page.document import write_html
from tests.support.exports import film
from tests.support.fcpxml import check_structure
from tests.support.media import Picture, make_media
from tests.support.pixels import SHAPED, Shaped


def format_of(text: str) -> dict[str, str]:
    root = ET.fromstring(text)
    check_structure(root)
    found = root.find("resources/format")
    assert found is not None
    return found.attrib


@pytest.mark.parametrize("shaped", SHAPED, ids=str)
def test_a_pixel_that_is_no_square_is_told(shaped: Shaped, tmp_path: Path) -> None:
    told = build_plan(shaped.write(tmp_path)).media.contract()

    assert told["pixel_aspect"] == f"{shaped.shown.numerator}:{shaped.shown.denominator}"
    made = film([0, told["frames"]], **told)
    asked = format_of(write_fcpxml(made))
    assert Fraction(int(asked["paspH"]), int(asked["paspV"])) == shaped.shown
    assert (int(asked["width"]), int(asked["height"])) == (told["width"], told["height"])
    assert f"(pixels {told['pixel_aspect']})" in "".join(write_html(made))


@pytest.mark.parametrize("aspect", [None, Fraction(1)])
def test_square_pixels_are_not_mentioned_to_tools(aspect: Fraction | None, tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mp4", Picture((6,), (96, 64), pixel_aspect=aspect))

    told = build_plan(path).media.contract()

    assert told["pixel_aspect"] == "1:1"
    assert format_of(write_fcpxml(film([0, 6], **told))).keys() == {"id", "frameDuration", "width", "height"}
    assert "(pixels" not in "".join(write_html(film([0, 6], **told)))
