/** Asking for the form that every browser plays: when it is made, and when it is only looked at. */
import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";

import { answerWith } from "./page.js";
import { ProxyFile } from "../../../ui/static/player/proxy.js";
import { session } from "../../../ui/static/video/session.js";

const FAILED = { state: "failed", fraction: 0, bytes: null, error: { code: "proxy_failed", message: "No frame." } };
const READY = { state: "ready", fraction: 1, bytes: 7, error: null };

/** @type {string[]} the methods of the requests, in order */
let methods;
/** @type {ProxyFile} */
let file;
let changed;

/** Resolves when the proxy has been told of `count` more times. */
const told = (count = 1) => new Promise((resolve) => {
  let left = count;
  changed = () => {
    left -= 1;
    if (left === 0) resolve();
  };
});

function openVideo(proxy) {
  session.id = "film";
  session.video = { id: "film", revision: 1, proxy };
}

/** The server's answers: what a GET finds at first, and what a POST makes. */
function serve(stored, made) {
  let proxy = stored;
  answerWith((method) => {
    methods.push(method);
    if (method === "POST") proxy = made;
    return { id: "film", proxy };
  });
}

beforeEach(() => {
  methods = [];
  changed = () => {};
  file = new ProxyFile(() => changed());
});

afterEach(() => file.close());

test("one that there is not is asked for", async () => {
  openVideo(null);
  serve(null, READY);
  const answer = told();
  file.want();
  await answer;

  assert.deepEqual(methods, ["POST"]);
  assert.ok(file.url);
});

test("one that failed is shown as failed, and made anew when a person asks", async () => {
  openVideo(FAILED);
  serve(FAILED, READY);
  const answer = told();
  file.want();
  await answer;

  assert.deepEqual(methods, ["GET"]);
  assert.equal(file.failed, "No frame.");

  const again = told();
  file.again();
  await again;

  assert.deepEqual(methods, ["GET", "POST"]);
  assert.equal(file.failed, null);
  assert.ok(file.url);
});

test("one that failed, and of which there is none any more, is asked for", async () => {
  openVideo(FAILED);
  serve(null, READY);
  const answers = told(2);
  file.want();
  await answers;

  assert.deepEqual(methods, ["GET", "POST"]);
  assert.ok(file.url);
});
