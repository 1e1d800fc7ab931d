/** Which files of a choice are taken and how they are called, addresses in a text, and guesses of a preset. */
import assert from "node:assert/strict";
import test from "node:test";

import { addressesIn, nameOfAddress } from "../../../ui/static/uploads/addresses.js";
import { saysMedia, takenOf } from "../../../ui/static/uploads/found.js";
import { guess } from "../../../ui/static/uploads/guessing.js";

const found = (path, type = "") => ({ file: { name: path.split("/").pop(), type }, path });
const HOUR_S = 3600;
const facts = (more) => ({ name: "a.mp4", sizeBytes: 1e9, durationS: HOUR_S, widthPx: 1920, heightPx: 1080, ...more });
const presetOf = (more) => guess(facts(more))?.preset ?? null;

test("names and types say what is video or sound", () => {
  assert.ok(saysMedia({ name: "A001.MXF", type: "" }));
  assert.ok(saysMedia({ name: "no-ending", type: "video/mp4" }));
  assert.ok(!saysMedia({ name: "notes.txt", type: "text/plain" }));
  assert.ok(!saysMedia({ name: "mp4", type: "" }));
});

test("of a folder the videos are taken, in the order of their paths, and the others counted", () => {
  const { taken, skipped } = takenOf([found("R/10.mp4"), found("R/2.mp4"), found("R/a/1.mp4"), found("R/x.pdf"),
    found("R/.DS_Store"), found("R/._2.mp4")]);
  assert.deepEqual(taken.map(({ path }) => path), ["R/2.mp4", "R/10.mp4", "R/a/1.mp4"]);
  assert.equal(skipped, 1);
});

test("single files stay as they were chosen, whatever they are", () => {
  const { taken, skipped } = takenOf([found("b.xyz"), found("a.mp4")]);
  assert.deepEqual(taken.map(({ name }) => name), ["b.xyz", "a.mp4"]);
  assert.equal(skipped, 0);
});

test("the folders stand before a name only where two files have it", () => {
  const { taken } = takenOf([found("R/one/A.mp4"), found("R/two/A.mp4"), found("R/two/B.mp4")]);
  assert.deepEqual(taken.map(({ name }) => name), ["R › one › A.mp4", "R › two › A.mp4", "B.mp4"]);
});

test("each address is taken once, and what is none says why", () => {
  const { addresses, wrong } = addressesIn(" https://a.example/1.mp4 \r\n\nhttps://a.example/1.mp4\ns3://bucket/2.mp4\n"
    + "ftp://a.example/3.mp4\nnothing\nhttps://a.example/\nhttps://a.example/1.mp4 https://b.example/2.mp4");
  assert.deepEqual(addresses, ["https://a.example/1.mp4", "s3://bucket/2.mp4"]);
  assert.deepEqual(wrong.map(({ line }) => line), ["ftp://a.example/3.mp4", "nothing", "https://a.example/",
    "https://a.example/1.mp4 https://b.example/2.mp4"]);
  assert.match(wrong[0].why, /ftp:/);
  assert.match(wrong[1].why, /no address/);
  assert.match(wrong[2].why, /names a site/);
  assert.match(wrong[3].why, /without spaces/);
});

test("a video is called by the last part of its address", () => {
  assert.equal(nameOfAddress("https://a.example/films/na%C3%AFve.mp4?key=1"), "naïve.mp4");
  assert.equal(nameOfAddress("https://a.example/100%.mp4"), "100%.mp4");
  assert.equal(nameOfAddress("https://a.example/?id=7"), "a.example");
});

test("words of the name count first", () => {
  const none = { durationS: null, widthPx: null, heightPx: null };
  const byName = (name) => presetOf({ ...none, name });
  assert.equal(byName("Screen Recording 2026-01-05 at 10.00.mov"), "screencast");
  assert.equal(byName("ScreenRecording_01-05.mp4"), "screencast");
  assert.equal(byName("Football lecture, part 2.mp4"), "talk");
  assert.equal(byName("evening_news_0105.mp4"), "news");
  assert.equal(byName("Grand.Prix.2025.mkv"), "sports");
  assert.equal(byName("Band - Song (Official Video).mp4"), "music");
  assert.equal(byName("Show.S01E02.1080p.WEB-DL.mkv"), "film");
  assert.equal(byName("newsagent.mp4"), null);
  assert.equal(byName("A001_C003.mov"), null);
});

test("length, picture and size of the file count where the name says nothing", () => {
  assert.equal(presetOf({ widthPx: 0, heightPx: 0, durationS: 1800 }), "talk");
  assert.equal(presetOf({ widthPx: 0, heightPx: 0, durationS: 200 }), null);
  assert.equal(presetOf({ widthPx: 2880, heightPx: 1800 }), "screencast");
  assert.equal(presetOf({ widthPx: 640, heightPx: 400 }), null);
  assert.equal(presetOf({ widthPx: 1920, heightPx: 800 }), "film");
  assert.equal(presetOf({ durationS: 2 * HOUR_S, sizeBytes: 5e9 }), "film");
  assert.equal(presetOf({ sizeBytes: 3e8 }), "talk");
  assert.equal(presetOf({ durationS: 300, sizeBytes: 1e8 }), null);
});
