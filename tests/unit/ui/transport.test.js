/** The playback position where the media element fails, or makes place for another. */
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

import { FakeMedia } from "./page.js";
import { transport } from "../../../ui/static/player/transport.js";
import { FrameTimes } from "../../../ui/static/video/frame-times.js";
import { session } from "../../../ui/static/video/session.js";
import { trueTimes } from "../../../ui/static/video/true-times.js";

const near = (one, other) => assert.ok(Math.abs(one - other) < 1e-4, `${one} is not ${other}`);

/** An element whose metadata is there. */
function playable() {
  const media = new FakeMedia();
  media.ready();
  return media;
}

beforeEach(() => {
  transport.attach(null);
  transport.reset();
  session.video = { media: { start_s: 0, duration_s: 100, fps: 25 } };
  trueTimes.times = null;
});

test("a seek that waited for a file that does not play is where the position is, and not for ever", () => {
  transport.attach(new FakeMedia());
  transport.seek(30);
  transport.attach(null);
  assert.equal(transport.time, 30);

  transport.seek(50);

  assert.equal(transport.time, 50);
});

test("the position stays where the playing failed, not at the last seek", () => {
  const media = playable();
  transport.attach(media);
  transport.seek(10);
  media.currentTime = 70;

  transport.attach(null);

  assert.equal(transport.time, 70);
});

test("the position is kept across files with other clocks", () => {
  session.video.media.start_s = 3;
  const proxy = playable();
  transport.attach(proxy, 0);
  proxy.currentTime = 4;
  assert.equal(transport.time, 7);

  const file = new FakeMedia();
  transport.attach(file);
  assert.equal(transport.time, 7);
  transport.seek(transport.time);
  file.ready();

  near(file.currentTime, 7);
  near(transport.time, 7);
});

test("a file that has shown nothing says nothing of the position", () => {
  session.video.media = null;
  transport.attach(new FakeMedia());
  transport.attach(null);

  session.video.media = { start_s: 3, duration_s: 100 };

  assert.equal(transport.time, 3);
});

test("it tells when a file can be sought", () => {
  let told = 0;
  const end = transport.on("loaded", () => { told += 1; });
  const earlier = new FakeMedia();
  transport.attach(earlier);
  const media = new FakeMedia();
  transport.attach(media);

  earlier.ready();
  assert.equal(told, 0);
  media.ready();

  assert.equal(told, 1);
  end();
});

test("with the exact times steps go from frame to frame, and a segment that is played alone ends on its last one", () => {
  const steps = [40, 40, 200, 40, 1000, 40];
  trueTimes.times = new FrameTimes({ time_base: [1, 1000], frames: 6, first_pts: 0, runs: steps.map((step) => [step, 1]) });
  session.video.media = { start_s: 0, duration_s: 1.36, fps: 4.4, variable_frame_rate: true };
  transport.seek(0.01);
  const visited = [1, 1, 1, 1, 1, 1, -1, -3].map((by) => {
    transport.stepFrames(by);
    return transport.time;
  });
  assert.deepEqual(visited, [0.04, 0.08, 0.28, 0.32, 1.32, 1.32, 0.32, 0.04]);

  const media = playable();
  transport.attach(media);
  media.play = async () => Object.assign(media, { paused: false });
  media.pause = () => Object.assign(media, { paused: true });
  transport.playRange(0.08, 1.32, false);
  media.paused = false;
  media.currentTime = 1.31;
  media.dispatchEvent(new Event("timeupdate"));
  near(transport.time, 0.32);
});
