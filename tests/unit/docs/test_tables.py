"""Tables of documents that repeat what the code has say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from actors import metrics
from actors.bridge.clips.proxy import CODE_PROXY_FAILED
from actors.bridge.clips.work import CODE_CLIPS_FAILED
from actors.bridge.leased import CODE_INTERNAL
from actors.segmentation.errors import MediaErrorCode
from actors.tasks import CODE_CRASHED, CODE_MEDIA_MISSING
from cluster.commands.doctor.configuration import BESIDE_SETTINGS
from cluster.contract.problems import CODES
from cluster.contract.vocabulary import EXPORT_FORMATS
from cluster.errors import InvalidSettingsError
from cluster.remote import errors as remote_errors
from cluster.settings import Settings
from cluster.stores.postgres.leases import ATTEMPTS_EXHAUSTED
from cluster.telemetry.metering import EXPORTED_PREFIX, Histogram, Instrument
from serve_app.exports import FORMATS
from serve_app.telemetry import metrics as api_metrics
from tests.support.configs import setting_names
from tests.support.documents import ROOT, codes, documents, read, section, table, tables
from tests.support.openapi import operations

API, OPERATORS = "serve_app/README.md", "configs/README.md"
WEBHOOKS = "serve_app/WEBHOOKS.md"


def test_addresses_are_those_of_the_api() -> None:
    rows = table(section(read(API), "Addresses"))

    assert [tuple(row) for row in rows] == [
        (f"`{one.method} {one.path}`", one.summary, f"`{one.module}`") for one in operations()
    ]


def test_requests_that_may_be_repeated_are_those_that_take_a_key() -> None:
    (sentence,) = re.findall(r"(?:`[^`]+`(?:,| and)?\s+)+take one\.", section(read(API), "Repeated requests"))
    named = {code.rpartition(" ")[2].replace("ID", "{video_id}") for code in codes(sentence)}

    assert named == {one.path for one in operations() if one.repeatable}
    assert {one.method for one in operations() if one.repeatable} == {"POST"}


def test_errors_are_those_of_the_api() -> None:
    (errors, _) = tables(section(read(API), "Errors"))

    assert [tuple(row) for row in errors] == [
        (str(kind.status), f"`{code}`", kind.title) for code, kind in CODES.items()
    ]


def test_codes_of_videos_are_those_that_work_on_them_gives() -> None:
    (_, of_videos) = tables(section(read(API), "Errors"))
    named = [code for row in of_videos for code in codes(row[0])]

    assert sorted(named) == sorted(
        {*MediaErrorCode, InvalidSettingsError.code, CODE_MEDIA_MISSING, CODE_CRASHED, ATTEMPTS_EXHAUSTED}
        | {CODE_INTERNAL}
    )
    assert f"`{CODE_CLIPS_FAILED}`" in section(read(API), "Errors")
    assert f"`{CODE_PROXY_FAILED}`" in section(read(API), "Errors")


def test_codes_of_imports_are_those_of_the_sources() -> None:
    named = {code for row in table(read("serve_app/IMPORTS.md")) for code in codes(row[0])}
    given = {value for name, value in vars(remote_errors).items() if name.isupper()}

    assert named == given | {MediaErrorCode.EMPTY_FILE.value}


def test_exports_are_those_of_the_api_the_command_and_the_page() -> None:
    documented = {code for row in table(section(read(API), "Exports")) for code in codes(row[0])}
    page = (ROOT / "ui/static/frame/exports.js").read_text(encoding="utf-8")
    (offered,) = re.findall(r"const EXPORTS = \[(.*?)\n\];", page, re.DOTALL)
    (line,) = re.findall(r"export ID --format (\S+) ", read("README.md"))

    assert documented == set(FORMATS)
    assert set(re.findall(r'^  \["(\w+)"', offered, re.MULTILINE)) == set(FORMATS)
    assert tuple(line.split("\\|")) == EXPORT_FORMATS == tuple(FORMATS)


def row_of(instrument: Instrument) -> list[str]:
    """Of a histogram its name alone: Prometheus has three series of it."""
    is_histogram = isinstance(instrument, Histogram)
    (name,) = {EXPORTED_PREFIX + instrument.name} if is_histogram else instrument.exported
    labels = ", ".join(f"`{tag}`" for tag in instrument.tags) or "-"
    return [f"`{name}`", labels, instrument.description]


def test_metrics_are_those_that_are_counted() -> None:
    work, api, stores = tables(section(read(OPERATORS), "Metrics"))

    assert work == [row_of(one) for one in metrics.TABLE]
    assert api == [row_of(one) for one in api_metrics.TABLE]
    assert stores == [
        *([f"`{name}`", "`state`", told] for name, told in api_metrics.BY_STATE.items()),
        *([f"`{name}`", "-", told] for name, told in api_metrics.ALONE.items()),
    ]


def test_histograms_are_told_by_their_names() -> None:
    """As the text below the tables says it."""
    histograms = [one for one in (*metrics.TABLE, *api_metrics.TABLE) if isinstance(one, Histogram)]
    rows = [row for rows in tables(section(read(OPERATORS), "Metrics")) for row in rows]
    in_seconds = [code for row in rows for code in codes(row[0]) if code.endswith("_seconds")]

    assert [row_of(one)[0].strip("`") for one in histograms] == [
        name for name in in_seconds if "backlog" not in name
    ]


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_variables_are_settings_or_those_beside_them(path: Path) -> None:
    named = set(re.findall(r"\bSCENESTREAM_[A-Z][A-Z_]*[A-Z]\b(?!…)", path.read_text(encoding="utf-8")))

    assert named - setting_names() - BESIDE_SETTINGS == set()


def test_every_server_has_its_variable() -> None:
    servers, _ = tables(read(OPERATORS).partition("## Your own servers")[2].partition("### ")[0])
    named = {code for row in servers for code in codes(row[0])}

    urls = {f"SCENESTREAM_{name.upper()}" for name in Settings.model_fields if name.endswith("_url")}
    assert named == urls - {"SCENESTREAM_API_URL"} | {"RAY_ADDRESS"}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("README.md", "up to {settings.http.single_post_max_bytes:MiB}"),
        (API, "limited to {settings.access.reads_per_minute} reads"),
        (API, "reads and {settings.access.writes_per_minute} writes a minute"),
        (WEBHOOKS, "Where no 2xx comes within {settings.webhooks.timeout_s:g} s"),
        (WEBHOOKS, "tried again: after {settings.webhooks.retry_first_s:g} s at first"),
        (OPERATORS, "`media.cache_bytes` ({settings.media.cache_bytes:GiB})"),
    ],
)
def test_numbers_are_the_defaults(name: str, sentence: str) -> None:
    text = " ".join(read(name).split())

    assert filled(sentence) in text


def filled(sentence: str) -> str:
    units = {"MiB": 1 << 20, "GiB": 1 << 30}

    def value(found: re.Match[str]) -> str:
        number: Any = Settings()
        for part in found[1].split("."):
            number = getattr(number, part)
        if found[2] in units:
            return f"{number / units[found[2]]:g} {found[2]}"
        return format(number, found[2] or "")

    return re.sub(r"\{settings\.([\w.]+)(?::(\w+))?\}", value, sentence)
