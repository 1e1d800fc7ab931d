"""`python -m tests.benchmarks.page_loading [--latency-ms N] [--rounds N]`: what it costs to open the page.

Each round opens the start page in a real Chromium with an empty cache, and once more with what the first
opening left there. Each answer comes `--latency-ms` later, as over a network. It prints medians: requests,
bytes on the wire, milliseconds until something of ours is painted and until the page can be used, and whether
a spinner of Gradio's was seen. The page stands before the API of the tests, which keeps everything in memory:
no store and no Ray.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext

from tests.benchmarks.served_page import page_before
from tests.support.api.fake import FakeApi
from tests.support.browser import chromium

LATENCY_MS = 40
ROUNDS = 5

WATCH = """(() => {
    const times = {};
    window.measured = times;
    const shown = (element) => element?.getClientRects().length > 0
        && getComputedStyle(element).visibility !== "hidden";
    const look = () => {
        if (!document.body) return requestAnimationFrame(look);
        const ours = [...document.querySelectorAll(".top, #skeleton")].some(shown);
        if (ours && !times.painted) times.painted = performance.now();
        if ([...document.querySelectorAll("gradio-app .loading, gradio-app svg.loader")].some(shown)) {
            times.spinner = true;
        }
        if (document.body.dataset.ready) times.ready ??= performance.now();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})();"""
"""A frame is looked at before it is painted, so times are up to one frame early."""


@dataclass(frozen=True)
class Opening:
    """One opening of the page."""

    requests: int
    size_bytes: int
    painted_ms: float
    ready_ms: float
    spinner: bool


def open_page(context: BrowserContext, url: str, latency_ms: float) -> Opening:
    """Open the address in a new tab of the context, whose cache it uses."""
    page = context.new_page()
    page.add_init_script(WATCH)
    client = context.new_cdp_session(page)
    client.send("Network.enable")
    unlimited = {"downloadThroughput": -1, "uploadThroughput": -1}
    client.send("Network.emulateNetworkConditions", {"offline": False, "latency": latency_ms, **unlimited})
    sent: set[str] = set()
    sizes: list[int] = []
    client.on("Network.requestWillBeSent", lambda event: sent.add(event["requestId"]))
    client.on("Network.requestServedFromCache", lambda event: sent.discard(event["requestId"]))
    client.on(
        "Network.responseReceived",
        lambda event: event["response"].get("fromDiskCache") and sent.discard(event["requestId"]),
    )
    client.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    page.goto(url)
    page.wait_for_selector("body[data-ready]")
    page.wait_for_load_state("networkidle")
    times = page.evaluate("() => window.measured")
    page.close()
    return Opening(len(sent), sum(sizes), times["painted"], times["ready"], bool(times.get("spinner")))


def measure(browser: Browser, url: str, latency_ms: float, rounds: int) -> dict[str, list[Opening]]:
    """Openings of the page with an empty cache and with a filled one."""
    found: dict[str, list[Opening]] = {"first": [], "again": []}
    for _ in range(rounds):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        for openings in found.values():
            openings.append(open_page(context, url, latency_ms))
        context.close()
    return found


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.page_loading", description=__doc__)
    parser.add_argument("--latency-ms", type=float, default=LATENCY_MS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    args = parser.parse_args()
    with (
        tempfile.NamedTemporaryFile() as media,
        page_before(FakeApi(Path(media.name))) as url,
        chromium() as browser,
    ):
        found = measure(browser, url, args.latency_ms, args.rounds)
    for name, openings in found.items():
        print(
            f"{name}: {statistics.median(one.requests for one in openings):.0f} requests, "
            f"{statistics.median(one.size_bytes for one in openings) / 1000:.0f} kB, "
            f"first paint of ours {statistics.median(one.painted_ms for one in openings):.0f} ms, "
            f"ready {statistics.median(one.ready_ms for one in openings):.0f} ms, "
            f"spinner in {sum(one.spinner for one in openings)} of {len(openings)}"
        )


if __name__ == "__main__":
    main()
