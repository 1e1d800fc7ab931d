/** Which unfinished upload goes on, and what makes the page forget one. */
import assert from "node:assert/strict";
import test from "node:test";

import { problem, proxyAnswer, serve } from "./browser.js";
import { offsetOnServer, TusUpload } from "../../../ui/static/uploads/tus.js";
import { forget, recall, remember } from "../../../ui/static/uploads/unfinished.js";

const FILE = { name: "film.mp4", type: "video/mp4", size: 1000, lastModified: 7 };
const ADDRESS = "/api/v1/uploads/one";
const LEFT = { url: ADDRESS, sentBytes: 400 };

const offsetAfter = (answer) => {
  serve(() => answer);
  return offsetOnServer(LEFT);
};

test("only the API says that an upload is gone, not the proxy before it while it restarts", async () => {
  assert.equal(await offsetAfter(proxyAnswer(404)), 400);
  assert.equal(await offsetAfter(proxyAnswer(410)), 400);
  assert.equal(await offsetAfter(problem(404)), null);
  assert.equal(await offsetAfter(problem(410)), null);
});

test("without an answer that counts, what was known last stays", async () => {
  assert.equal(await offsetAfter(problem(503, "unavailable")), 400);
  serve(() => { throw new TypeError("no connection"); });
  assert.equal(await offsetOnServer(LEFT), 400);
});

test("the server tells how much it has, or that it has made a video of it", async () => {
  assert.equal(await offsetAfter(new Response(null, { headers: { "Upload-Offset": "600" } })), 600);
  assert.equal(await offsetAfter(new Response(null, { headers: { "Upload-Offset": "1000",
    "Scenestream-Video-Id": "v" } })), null);
});

test("with another kind of video the same file is another upload", () => {
  remember(FILE, "talk", ADDRESS, 400);
  assert.equal(recall(FILE, "talk"), ADDRESS);
  assert.equal(recall(FILE, undefined), null);
  assert.equal(recall(FILE, "news"), null);
  forget(FILE, "news");
  assert.equal(recall(FILE, "talk"), ADDRESS);
  forget(FILE, "talk");
  assert.equal(recall(FILE, "talk"), null);
});

/** Answers requests of an upload: what exists is complete, what is made is a video at once. */
class Requests {
  static sent = [];
  upload = {};
  status = 200;
  open(method, url) { Requests.sent.push(`${method} ${url}`); }
  setRequestHeader() {}
  getResponseHeader(name) { return { "Scenestream-Video-Id": "v", Location: ADDRESS, "Upload-Offset": "1000" }[name]; }
  send() { this.onload(); }
}

test("an upload goes on where the kind of video is the same, else it begins anew", async () => {
  globalThis.XMLHttpRequest = Requests;
  const sentFor = async (metadata) => {
    Requests.sent = [];
    remember(FILE, "talk", ADDRESS, 400);
    const hooks = { onProgress() {}, onWaiting() {} };
    assert.equal(await new TusUpload(FILE, metadata, 100, hooks).start(), "v");
    return Requests.sent;
  };
  assert.deepEqual(await sentFor({ preset: "talk" }), [`HEAD ${ADDRESS}`]);
  assert.equal(recall(FILE, "talk"), null);
  assert.deepEqual(await sentFor({ preset: "news" }), ["POST /api/v1/uploads"]);
  assert.deepEqual(await sentFor({}), ["POST /api/v1/uploads"]);
});
