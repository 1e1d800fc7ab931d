/** Names of files, the window of the list, sizes of parts, and what is refused before it is sent. */
import assert from "node:assert/strict";
import test from "node:test";
import { nameParts, plainName } from "../../../ui/static/toolkit/filenames.js";
import { PartSize } from "../../../ui/static/uploads/parts.js";
import { refusalOf, refusalOfHead } from "../../../ui/static/uploads/refusing.js";
import { holds, ROW_PX, rowsInView, rowsToRead, scrollTo } from "../../../ui/static/library/window.js";
import { withOpenEnds } from "../../../ui/static/video/open-ends.js";

const MIB = 1 << 20;
const bytesOf = (text) => new TextEncoder().encode(text);

test("what turns the direction is shown as its code, what belongs to words stays", () => {
  assert.equal(plainName("evil\u202e4pm.jpg"), "evil⟨U+202E⟩4pm.jpg");
  assert.equal(plainName("a\u2066b\u2069\u0007"), "a⟨U+2066⟩b⟨U+2069⟩⟨U+0007⟩");
  assert.equal(plainName("می\u200cخواهم"), "می\u200cخواهم");
});

test("a name is cut before its end, never inside a character", () => {
  assert.deepEqual(nameParts("short.mp4"), ["", "short.mp4"]);
  const [start, end] = nameParts(`${"x".repeat(30)} camera B.mp4`);
  assert.equal(start + end, `${"x".repeat(30)} camera B.mp4`);
  assert.equal(end, " camera B.mp4");
  assert.equal(nameParts("x".repeat(40))[1], "x".repeat(10));
  const family = "👨\u200d👩\u200d👧\u200d👦";
  const [before, after] = nameParts("y".repeat(20) + family.repeat(10));
  assert.equal(after, family.repeat(10));
  assert.equal(before, "y".repeat(20));
});

test("rows in view follow the scroll position, whatever the length of the list", () => {
  const top = rowsInView(0, 700, 5000);
  assert.equal(top.first, 0);
  assert.ok(top.count >= 10 && top.count < 40);
  const middle = rowsInView(4000 * ROW_PX, 700, 5000);
  assert.ok(middle.first <= 4000 && middle.first + middle.count >= 4010);
  assert.deepEqual(rowsInView(0, 700, 0), { first: 0, count: 0 });
  assert.deepEqual(rowsInView(9000 * ROW_PX, 700, 5000).count, 0);
});

test("what is read holds what is drawn, and does not reach behind the end", () => {
  for (const scrollPx of [0, 350, 4000 * ROW_PX, 4990 * ROW_PX]) {
    const wanted = rowsInView(scrollPx, 700, 5000);
    const { offset, limit } = rowsToRead(wanted, 5000);
    assert.ok(holds(offset, limit, wanted));
    assert.ok(offset >= 0 && offset + limit <= 5000);
  }
  assert.equal(rowsToRead({ first: 0, count: 3 }, 3).offset, 0);
});

test("a row is scrolled into view by the least way", () => {
  assert.equal(scrollTo(3, 0, 700), 0);
  assert.equal(scrollTo(20, 0, 700), 21 * ROW_PX - 700);
  assert.equal(scrollTo(2, 900, 700), 2 * ROW_PX);
});

test("parts grow on a fast line and shrink on a slow one", () => {
  const parts = new PartSize(8 * MIB);
  assert.equal(parts.bytes, MIB);
  for (let count = 0; count < 5; count += 1) parts.sent(200);
  assert.equal(parts.bytes, 8 * MIB);
  parts.sent(60000);
  assert.equal(parts.bytes, 4 * MIB);
  parts.sent(6000);
  assert.equal(parts.bytes, 4 * MIB);
  parts.broke();
  assert.equal(parts.bytes, MIB);
  parts.sent(60000);
  assert.equal(parts.bytes, MIB);
  assert.equal(new PartSize(1000).bytes, 1000);
});

test("only what is surely no video is refused", async () => {
  assert.match(refusalOfHead(bytesOf("%PDF-1.7"), "film.mp4"), /PDF/);
  assert.match(refusalOfHead(bytesOf("Dear diary,\nтекст"), "notes.txt"), /text/);
  assert.equal(refusalOfHead(bytesOf("YUV4MPEG2 W320 H180"), "raw.y4m"), null);
  assert.equal(refusalOfHead(bytesOf("GIF89a"), "loop.gif"), null);
  assert.equal(refusalOfHead(new Uint8Array([0x47, 0x40, 0x11, 0x10]), "stream.ts"), null);
  assert.equal(refusalOfHead(new Uint8Array([0, 0, 0, 24, 102, 116, 121, 112]), "odd name.txt"), null);
  assert.equal(await refusalOf(new File([new Uint8Array([26, 69, 223, 163])], "film.mkv")), null);
  assert.match(await refusalOf(new File([], "nothing.mp4")), /empty/);
});

test("shots of parts have open ends, but for the video's first", () => {
  const shot = (start_frame, kind) => ({ start_frame, start_boundary: { kind, confidence: 1, visual: 1, audio: 0 } });
  const kinds = withOpenEnds([shot(0, "start"), shot(50, "cut"), shot(250, "start")])
    .map((one) => one.start_boundary.kind);
  assert.deepEqual(kinds, ["start", "cut", "open"]);
  assert.equal(withOpenEnds([shot(250, "start")])[0].start_boundary.confidence, 0);
});
