/**
 * The form of the open video that every browser plays, for files that this one cannot play: has the server make it,
 * and follows how far it is. Knows no player: whoever wants it is told of every change.
 */
import { ApiError, getVideo, makeProxy, proxyUrl } from "../api/requests.js";
import { session } from "../video/session.js";

/** Interval of asking how far it is. */
const POLL_MS = 1500;

/** Sound that browsers leave out without an error, by FFmpeg's name, as `canPlayType` knows it. */
const SOUND_TYPES = {
  ac3: 'audio/mp4; codecs="ac-3"',
  eac3: 'audio/mp4; codecs="ec-3"',
  dts: 'audio/mp4; codecs="dtsc"',
  truehd: 'audio/mp4; codecs="mlpa"',
  mp2: 'audio/mp4; codecs="mp4a.6B"',
};

/** Whether this browser leaves out the sound of a file, of which it plays the picture. */
export function leavesOutSound(media, element) {
  const type = SOUND_TYPES[media?.audio_codec];
  return type !== undefined && element.canPlayType(type) === "";
}

/** The open video's proxy; `changed` is called whenever `text`, `url` or `failed` may have another value. */
export class ProxyFile {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    this.close();
  }

  /** Forget it: another video is open. */
  close() {
    window.clearTimeout(this.timer);
    /** Which asking is the last one; answers to earlier ones are dropped. */
    this.turn = {};
    this.wanted = false;
    this.asked = false;
    /** Whether one that failed is to be made anew. */
    this.anew = false;
    this.proxy = null;
    this.problem = null;
  }

  /** The address of its file; null before it is ready. */
  get url() {
    return this.proxy?.state === "ready" ? proxyUrl(session.id) : null;
  }

  /** Why it cannot be made; null while it may still come. */
  get failed() {
    return this.problem ?? (this.proxy?.state === "failed" ? this.proxy.error?.message ?? "" : null);
  }

  /** How far it is, for people. */
  get text() {
    if (!this.wanted || this.url) return "";
    if (this.failed !== null) return `It could not be made playable: ${this.failed}`;
    if (!this.proxy) return session.video?.revision ? "" : "It is made playable after its segments are there.";
    const percent = Math.floor(this.proxy.fraction * 100);
    return `Being made playable… ${percent} %`;
  }

  /** Have it made, at the latest when the video has segments. */
  want() {
    if (this.wanted) return;
    this.wanted = true;
    this.look();
  }

  /** Try again after a failure. */
  again() {
    this.close();
    this.anew = true;
    this.want();
  }

  /** It was ready, but its file has made room for others meanwhile: ask anew, after a pause, for it may happen again. */
  lost() {
    this.close();
    this.wanted = true;
    this.timer = window.setTimeout(() => this.look(), POLL_MS);
  }

  /**
   * The video has changed: it may have its segments by now. One that failed is made anew only when a person asks: asking
   * makes it anew, and it would be encoded in vain at every visit.
   */
  look() {
    if (!this.wanted || this.asked || !session.video?.revision) return;
    this.asked = true;
    const failed = session.video.proxy?.state === "failed";
    this.#follow(this.turn, failed && !this.anew ? getVideo : makeProxy);
  }

  async #follow(turn, ask) {
    const { id } = session;
    let next = getVideo;
    try {
      const video = await ask(id);
      if (this.turn !== turn) return;
      this.proxy = video.proxy;
    } catch (error) {
      if (this.turn !== turn) return;
      if (!(error instanceof ApiError)) throw error;
      if (error.transient) next = ask;
      else if (ask !== makeProxy || !session.video?.proxy) this.problem = error.message;
    }
    // It was there, and has made room for others: asked for anew.
    if (next === getVideo && this.proxy === null) next = makeProxy;
    this.changed();
    if (this.turn === turn && !this.url && this.failed === null) {
      this.timer = window.setTimeout(() => this.#follow(turn, next), POLL_MS);
    }
  }
}
