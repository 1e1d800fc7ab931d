"""The view of the installation: actors by node, rates, backlog, failures, troubles, and who may see it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, Site
from tests.support.api import installation as made
from tests.support.browser import Watched

KEY = f"sk_0123456789ab_{'k' * 43}"
HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def view_of(site: Site) -> str:
    return f"{site.url}/?view=cluster"


def looks(watched: Watched) -> int:
    """How often this page has asked for the cluster."""
    return sum(url.endswith("/api/v1/cluster") for url in watched.urls)


def sign_in(page: Page) -> None:
    page.get_by_label("API key").fill(KEY)
    page.keyboard.press("Enter")


def test_the_link_leads_to_the_cluster_and_an_actor_s_video_leads_on(site: Site, new_page: NewPage) -> None:
    video = site.api.add("day.mp4", state="running").document
    site.api.cluster = made.installation(
        pool=made.pool(made.at_work(0, video["id"], 7), made.actor(9)), filenames={video["id"]: "day.mp4"}
    )
    watched = new_page(site.url)
    page = watched.page

    page.get_by_role("link", name="Cluster", exact=True).click()
    expect(page.get_by_role("heading", name="Cluster", exact=True)).to_be_visible()
    expect(page).to_have_title("Cluster · Scenestream")
    expect(page.get_by_role("link", name="Cluster", exact=True)).to_have_attribute("aria-current", "page")
    assert page.url.endswith("/?view=cluster")
    row = page.get_by_role("row", name=re.compile("segmenter-0"))
    for told in ("cuda:0", "Working", "day.mp4", "chunk 7", "2 s", "300"):
        expect(row).to_contain_text(told)
    headings = page.get_by_role("table", name="Actors by node").get_by_role("button")
    expect(headings).to_have_text([re.compile("^gpu-0.*1 working"), re.compile("^gpu-1.*1 idle")])

    row.get_by_role("link", name="day.mp4").click()
    page.wait_for_url(f"**/?v={video['id']}")
    expect(page.get_by_role("heading", name="Cluster", exact=True)).to_be_hidden()
    page.go_back()
    expect(row).to_be_visible()
    assert watched.errors == []


def test_it_follows_in_place_and_the_focus_stays(site: Site, new_page: NewPage) -> None:
    video = site.api.add("day.mp4", state="running").document
    names = {video["id"]: "day.mp4"}
    site.api.cluster = made.installation(pool=made.pool(made.at_work(0, video["id"], 7)), filenames=names)
    page = new_page(view_of(site)).page
    row = page.get_by_role("row", name=re.compile("segmenter-0"))
    row.get_by_role("link", name="day.mp4").focus()

    site.api.cluster = made.installation(
        pool=made.pool(made.at_work(0, video["id"], 8, frames_done=100), made.actor(1, "starting")),
        filenames=names,
    )

    expect(row).to_contain_text("chunk 8")
    expect(row.get_by_role("link", name="day.mp4")).to_be_focused()
    expect(page.get_by_role("row", name=re.compile("segmenter-1"))).to_contain_text("Starting")


def test_the_focus_stays_in_a_row_when_one_before_it_goes(site: Site, new_page: NewPage) -> None:
    video = site.api.add("day.mp4", state="running").document
    names = {video["id"]: "day.mp4"}
    last = made.at_work(9, video["id"], 7)
    site.api.cluster = made.installation(pool=made.pool(made.actor(0), made.actor(8), last), filenames=names)
    page = new_page(view_of(site)).page
    link = page.get_by_role("row", name=re.compile("segmenter-9")).get_by_role("link", name="day.mp4")
    link.focus()

    for gone, left in (("segmenter-8", [made.actor(0), last]), ("segmenter-0", [last])):
        site.api.cluster = made.installation(pool=made.pool(*left), filenames=names)
        expect(page.get_by_role("row", name=re.compile(gone))).to_have_count(0)
        expect(link).to_be_focused()


def test_the_focus_stays_on_a_failure_while_the_pool_works_on(site: Site, new_page: NewPage) -> None:
    broken = site.api.add("notes.txt", state="failed").document
    other = site.api.add("day.mp4", state="running").document
    names = {broken["id"]: "notes.txt"}
    loss = {
        "actor": "segmenter-3",
        "node": "gpu-7",
        "video_id": broken["id"],
        "reason": "killed",
        "ago_s": 1.0,
    }
    latest = [made.failed(broken, "not_media", "It is no video.", "2026-01-05T10:00:00Z")]
    counts = [{"work": "video", "code": "not_media", "hour": 1, "day": 4}]
    site.api.cluster = made.installation(
        pool=made.pool(made.actor(0), losses=[loss]),
        filenames=names,
        failures={"counts": counts, "latest": latest},
    )
    page = new_page(view_of(site)).page
    failures = page.get_by_role("table", name="Failures of the last day")
    losses = page.get_by_role("table", name="Actors that were lost")
    for number, table in enumerate((failures, losses), start=1):
        link = table.get_by_role("link", name="notes.txt").last
        link.focus()
        more = made.failed(other, "internal", f"Trouble {number}.", "2026-01-05T10:01:00Z")
        site.api.cluster = made.installation(
            pool=made.pool(
                made.at_work(number, other["id"], number),
                losses=[{**loss, "actor": f"segmenter-{number}", "ago_s": 0.0}, {**loss, "ago_s": 600.0}],
            ),
            filenames=names | {other["id"]: "day.mp4"},
            failures={"counts": counts, "latest": [more, *latest]},
        )

        expect(failures.get_by_text(f"Trouble {number}.")).to_be_visible()
        expect(losses.get_by_role("row", name=re.compile("10 min ago.*segmenter-3"))).to_be_visible()
        expect(link).to_be_focused()


def test_a_pool_of_the_version_before_tells_no_rates(site: Site, new_page: NewPage) -> None:
    site.api.cluster = made.installation(pool=made.pool(made.actor(0), history=None))
    page = new_page(view_of(site)).page

    expect(page.get_by_text("Not known: this version of the pool does not tell.")).to_be_visible()


def test_backlog_rates_and_failures_are_told_with_reasons_and_links(site: Site, new_page: NewPage) -> None:
    video = site.api.add("notes.txt", state="failed").document
    loss = {
        "actor": "segmenter-3", "node": "gpu-7", "video_id": video["id"],
        "reason": "it stood still", "ago_s": 130.0,
    }  # fmt: skip
    site.api.cluster = made.installation(
        pool=made.pool(
            made.actor(0),
            queued=5,
            history={"step_s": 60.0, "frames_per_s": [0.0, 100.0, 200.0]},
            losses=[loss],
        ),
        filenames={video["id"]: "notes.txt"},
        backlog={"seconds": 7200.0, "videos": 2},
        queues=[
            made.queue("video", 12, 3, priority="batch", oldest_s=3900.0),
            made.queue("words", 10_000, 1, oldest_s=20.0),
        ],
        failures={
            "counts": [{"work": "video", "code": "not_media", "hour": 1, "day": 4}],
            "latest": [made.failed(video, "not_media", "It is no video.", "2026-01-05T10:00:00Z")],
        },
    )
    page = new_page(view_of(site)).page

    backlog = page.get_by_role("table", name="What waits")
    expect(backlog.get_by_role("row", name=re.compile("Videos batch"))).to_have_text(
        "Videos batch1231 h 05 min"
    )
    expect(backlog.get_by_role("row", name=re.compile("Words"))).to_contain_text("10,000+")
    expect(page.get_by_text("2 h 00 min of video · 5 tasks in the pool")).to_be_visible()
    chart = page.get_by_role("img", name=re.compile("Mean 100, highest 200, in the last 3 min"))
    expect(chart).to_be_visible()
    heights = chart.locator("rect").evaluate_all(
        "bars => bars.map((bar) => Number(bar.getAttribute('height')))"
    )
    assert heights == [0, 50, 100]
    expect(page.get_by_text("1 in the last hour, 4 in the last day")).to_be_visible()
    failures = page.get_by_role("table", name="Failures of the last day")
    expect(failures.get_by_role("row", name=re.compile("notes.txt"))).to_contain_text(
        "not_media It is no video."
    )
    losses = page.get_by_role("table", name="Actors that were lost")
    expect(losses.get_by_role("row", name=re.compile("segmenter-3"))).to_contain_text("it stood still")
    expect(losses.get_by_role("link", name="notes.txt")).to_have_attribute(
        "href", re.compile(f"v={video['id']}")
    )


def test_a_thousand_actors_are_a_summary_that_opens(site: Site, new_page: NewPage) -> None:
    actors = [made.actor(number) for number in range(1000)]
    actors[17] = made.actor(17, "starting")
    site.api.cluster = made.installation(pool=made.pool(*actors))
    page = new_page(view_of(site)).page
    table = page.get_by_role("table", name="Actors by node")
    expect(table.get_by_role("button")).to_have_count(125)
    expect(table.locator("tbody tr:not(.node-heading):not([hidden])")).to_have_count(0)
    expect(page.get_by_text("1,000 of 1,000 wanted · 999 idle, 1 starting")).to_be_visible()

    node = table.get_by_role("button", name=re.compile("gpu-3 "))
    expect(node).to_have_attribute("aria-expanded", "false")
    node.focus()
    page.keyboard.press("Enter")
    expect(node).to_have_attribute("aria-expanded", "true")
    expect(table.get_by_role("row", name=re.compile("^segmenter-"))).to_have_count(8)

    page.get_by_role("combobox", name="Actors in state").select_option(label="Starting")
    expect(table.get_by_role("button")).to_have_text(re.compile("^gpu-2.*1 actor · 1 starting"))
    page.get_by_role("combobox", name="Actors in state").select_option(label="All states")
    expect(table.get_by_role("button")).to_have_count(125)
    expect(node).to_have_attribute("aria-expanded", "true")


def test_a_node_of_very_many_shows_a_hundred_and_more_on_demand(site: Site, new_page: NewPage) -> None:
    actors = [made.actor(number, node="big", node_id="b") for number in range(250)]
    site.api.cluster = made.installation(pool=made.pool(*actors))
    page = new_page(view_of(site)).page
    rows = page.get_by_role("row", name=re.compile("^segmenter-"))

    page.get_by_role("button", name=re.compile("^big")).click()
    expect(rows).to_have_count(100)
    page.get_by_role("button", name="Show 100 more of 150").click()
    expect(rows).to_have_count(200)
    page.get_by_role("button", name="Show 50 more of 50").click()
    expect(rows).to_have_count(250)
    expect(rows.nth(200).get_by_role("rowheader")).to_be_focused()
    expect(page.get_by_role("button", name=re.compile("more of"))).to_be_hidden()


def test_without_a_pool_it_says_what_to_do(site: Site, new_page: NewPage) -> None:
    site.api.cluster = made.installation(pool=None, pool_detail="The pool does not run: no Ray.")
    page = new_page(view_of(site)).page
    told = page.get_by_role("status").filter(has_text="The pool of actors does not answer")

    expect(told).to_contain_text("The pool does not run: no Ray.")
    expect(told).to_contain_text("scenestream doctor")
    expect(page.get_by_role("table", name="Actors by node")).to_be_hidden()
    expect(page.get_by_role("table", name="What waits")).to_be_visible()

    site.api.cluster = made.installation()
    expect(told).to_be_hidden()
    expect(page.get_by_role("row", name=re.compile("segmenter-0"))).to_be_visible()

    site.api.cluster = made.installation(pool=made.pool())
    expect(page.get_by_text("There is no actor, and none is needed")).to_be_visible()


def test_a_lost_connection_is_told_and_what_is_shown_is_marked_as_old(site: Site, new_page: NewPage) -> None:
    page = new_page(view_of(site)).page
    expect(page.get_by_role("row", name=re.compile("segmenter-0"))).to_be_visible()
    note = page.get_by_text("The connection is lost. What is shown is of")
    expect(note).to_be_hidden()

    site.api.away = True
    expect(note).to_be_visible()
    site.api.cluster = made.installation(pool=made.pool(made.actor(5)))
    site.api.away = False

    expect(page.get_by_role("row", name=re.compile("segmenter-5"))).to_be_visible()
    expect(note).to_be_hidden()


def test_a_hidden_tab_asks_nothing_and_reads_at_once_when_it_is_back(site: Site, new_page: NewPage) -> None:
    watched = new_page(view_of(site))
    page = watched.page
    page.clock.install()
    page.reload()
    expect(page.get_by_role("row", name=re.compile("segmenter-0"))).to_be_visible()
    page.evaluate(HIDE, True)
    before = looks(watched)
    assert before > 0
    for _ in range(3):
        page.clock.fast_forward(60_000)
        page.evaluate("fetch('api/v1/readyz').then((answer) => answer.text())")
    assert looks(watched) == before

    site.api.cluster = made.installation(pool=made.pool(made.actor(6)))
    page.evaluate(HIDE, False)
    expect(page.get_by_role("row", name=re.compile("segmenter-6"))).to_be_visible()


def test_another_page_of_the_site_asks_nothing(site: Site, new_page: NewPage) -> None:
    watched = new_page(site.url)
    expect(watched.page.get_by_role("link", name="Cluster", exact=True)).to_be_visible()

    assert looks(watched) == 0


def test_only_an_administrator_s_key_is_led_there(site: Site, new_page: NewPage) -> None:
    site.api.key = KEY
    page = new_page(view_of(site)).page
    sign_in(page)
    expect(page.get_by_text("This page is for keys with the scope admin")).to_be_visible()
    expect(page.get_by_role("link", name="Cluster", exact=True)).to_be_hidden()
    expect(page.get_by_role("row", name=re.compile("segmenter-0"))).to_be_hidden()
    page.get_by_role("button", name="To the start").click()
    expect(page.get_by_role("heading", name="See how a video is made")).to_be_visible()

    site.api.scopes = ["admin"]
    page = new_page(site.url).page
    sign_in(page)
    page.get_by_role("link", name="Cluster", exact=True).click()
    expect(page.get_by_role("row", name=re.compile("segmenter-0"))).to_be_visible()


def test_the_first_tab_stop_leads_to_the_cluster(site: Site, new_page: NewPage) -> None:
    page = new_page(view_of(site)).page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the cluster")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Cluster", exact=True)).to_be_focused()


@pytest.mark.parametrize("actors", [3, 9])
def test_a_phone_scrolls_down_and_not_sideways(site: Site, new_page: NewPage, actors: int) -> None:
    """With three, the devices of the node are named one by one."""
    video = site.api.add("a film with a long name that nobody can read on a phone.mp4").document
    site.api.cluster = made.installation(
        pool=made.pool(*[made.at_work(number, video["id"], number) for number in range(actors)]),
        filenames={video["id"]: video["filename"]},
    )
    page = new_page(view_of(site), viewport={"width": 390, "height": 844}).page
    expect(page.get_by_role("row", name=re.compile("segmenter-2"))).to_be_visible()

    wide = page.evaluate(
        "() => [document.documentElement, document.querySelector('.cluster-scroll')]"
        ".map((element) => element.scrollWidth - element.clientWidth)"
    )
    assert wide == [0, 0]


def test_a_disk_has_room_or_says_what_is_missing(site: Site, new_page: NewPage) -> None:
    site.api.cluster = made.installation()
    servers = new_page(f"{site.url}/?view=cluster").page.get_by_role("list", name="Servers")
    expect(servers).to_contain_text("Disk has room")

    full = "Only 0.1 GiB are free for media; 1.0 are wanted."
    site.api.cluster["servers"][-1] |= {"healthy": False, "detail": full}

    expect(servers).to_contain_text(f"Disk: {full}")
