/** Single frames are read from the file that the player plays, in its clock. */
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

import { FakeMedia } from "./page.js";
import { transport } from "../../../ui/static/player/transport.js";
import { FrameReader } from "../../../ui/static/results/frames.js";
import { session } from "../../../ui/static/video/session.js";

const FILE = "http://page.test/api/v1/videos/film/media";
const PROXY = "http://page.test/api/v1/videos/film/proxy";

/** @type {FakeMedia[]} the readers' elements, in order */
let opened;
/** @type {[string, number][]} address and `currentTime`, in whole milliseconds, of each picture */
let drawn;
/** Addresses that this browser cannot read. */
let unreadable;

const canvas = (onDraw = () => {}) => ({ getContext: () => ({
  drawImage(media) {
    drawn.push([media.src, Math.round(media.currentTime * 1000)]);
    onDraw();
  },
}) });

function play(address, firstFrameS) {
  const media = new FakeMedia();
  transport.attach(media, firstFrameS);
  media.src = address;
}

/** An element that knows what it can read only when it is told what to read. */
class ReadingMedia extends FakeMedia {
  get src() { return super.src; }
  set src(address) {
    this.readable = !unreadable.has(address);
    super.src = address;
  }
}

beforeEach(() => {
  [opened, drawn, unreadable] = [[], [], new Set()];
  document.createElement = () => {
    opened.push(new ReadingMedia());
    return opened.at(-1);
  };
  transport.attach(null);
  transport.reset();
  session.id = "film";
  session.video = { media: { start_s: 3, duration_s: 100, fps: 25 } };
});

test("without a player the video's own file is read", async () => {
  assert.equal(await new FrameReader().draw([{ canvas: canvas(), timeS: 5 }]), true);
  assert.deepEqual(drawn, [[FILE, 5000]]);
});

test("where a proxy is played it is read, in its clock, by one element", async () => {
  play(PROXY, 0);
  const reader = new FrameReader();

  assert.equal(await reader.draw([{ canvas: canvas(), timeS: 5 }, { canvas: canvas(), timeS: 6 }]), true);
  assert.equal(await reader.draw([{ canvas: canvas(), timeS: 7 }]), true);

  assert.deepEqual(drawn, [[PROXY, 2000], [PROXY, 3000], [PROXY, 4000]]);
  assert.equal(opened.length, 1);
});

test("a file that cannot be read makes place for the proxy", async () => {
  unreadable.add(FILE);
  play(FILE, null);
  const reader = new FrameReader();
  assert.equal(await reader.draw([{ canvas: canvas(), timeS: 5 }]), false);

  play(PROXY, 0);

  assert.equal(await reader.draw([{ canvas: canvas(), timeS: 5 }]), true);
  assert.deepEqual(drawn, [[PROXY, 2000]]);
  assert.equal(opened[0].src, "");
});

test("a proxy that comes while the file is found to be unreadable is read at once", async () => {
  unreadable.add(FILE);
  play(FILE, null);
  const drawing = new FrameReader().draw([{ canvas: canvas(), timeS: 5 }]);
  play(PROXY, 0);

  assert.equal(await drawing, true);
  assert.deepEqual(drawn, [[PROXY, 2000]]);
});

test("frames are read anew when the player changes to another file meanwhile", async () => {
  play(FILE, null);
  let changed = false;
  const change = () => {
    if (!changed) play(PROXY, 0);
    changed = true;
  };

  assert.equal(await new FrameReader().draw([{ canvas: canvas(change), timeS: 5 }, { canvas: canvas(), timeS: 6 }]), true);

  assert.deepEqual(drawn, [[FILE, 5000], [PROXY, 2000], [PROXY, 3000]]);
});

test("a proxy that was made anew is opened anew at the same address", async () => {
  play(PROXY, 0);
  const reader = new FrameReader();
  await reader.draw([{ canvas: canvas(), timeS: 5 }]);
  opened[0].fail();

  assert.equal(await reader.draw([{ canvas: canvas(), timeS: 6 }]), true);

  assert.equal(opened.length, 2);
});

test("a later call ends an earlier one", async () => {
  const reader = new FrameReader();
  const earlier = reader.draw([{ canvas: canvas(), timeS: 5 }]);
  const later = reader.draw([{ canvas: canvas(), timeS: 6 }]);

  assert.deepEqual(await Promise.all([earlier, later]), [false, true]);
  assert.deepEqual(drawn, [[FILE, 6000]]);
});
