/**
 * Reads single frames of the open video through a media element of its own, which nobody sees: the API has stills of
 * segments only, and the player must stay where it is. Reads the file that the player plays, which is a proxy where the
 * browser cannot play the video's own: the clock of `transport` is that of this file. Knows nothing of boundaries.
 */
import { mediaUrl } from "../api/requests.js";
import { session } from "../video/session.js";
import { transport } from "../player/transport.js";

/** Width of a read frame in pixels of the canvas: twice what the drawer shows, for dense screens. */
const READ_WIDTH_PX = 320;

export class FrameReader {
  constructor() {
    /** @type {HTMLVideoElement | null} */
    this.media = null;
    /** Of the file that `media` reads. */
    this.address = null;
    session.on("opened", () => this.close());
  }

  /** Give back the connection; the next read opens another. */
  close() {
    this.abort?.abort();
    this.#release();
  }

  #release() {
    this.media?.removeAttribute("src");
    this.media?.load();
    this.media = null;
  }

  /**
   * Draw frames on canvases, one after the other; a later call ends an earlier one.
   * @param {{canvas: HTMLCanvasElement, timeS: number}[]} wanted times of the video
   * @returns {Promise<boolean>} whether all are drawn; false: another call came, or the browser cannot show the file
   */
  async draw(wanted) {
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    let address;
    do {
      address = addressOfFile();
      this.#open(address);
      if (await this.#drawFrom(address, wanted, abort.signal)) return true;
    } while (!abort.signal.aborted && addressOfFile() !== address);
    return false;
  }

  #open(address) {
    // One that failed stays failed, though what it read may be there again, as a proxy that was made anew.
    if (this.media && (this.media.error || this.address !== address)) this.#release();
    if (this.media) return;
    this.address = address;
    this.media = document.createElement("video");
    this.media.muted = true;
    this.media.preload = "auto";
    this.media.src = address;
  }

  /** @returns {Promise<boolean>} false also when the player plays another file by now, whose clock may be another */
  async #drawFrom(address, wanted, signal) {
    const { media } = this;
    if (media.readyState < HTMLMediaElement.HAVE_METADATA && !(await happened(media, "loadedmetadata", signal))) {
      return false;
    }
    if (!media.videoWidth) return false;
    for (const { canvas, timeS } of wanted) {
      if (signal.aborted || addressOfFile() !== address) return false;
      media.currentTime = transport.toMediaTime(timeS);
      // The end of a seek that an earlier call began may still come: only the last one ends the seeking.
      do {
        if (!(await happened(media, "seeked", signal))) return false;
      } while (media.seeking);
      canvas.width = READ_WIDTH_PX;
      canvas.height = Math.max(1, Math.round((READ_WIDTH_PX * media.videoHeight) / media.videoWidth));
      canvas.getContext("2d").drawImage(media, 0, 0, canvas.width, canvas.height);
    }
    return true;
  }
}

/** The address of what the player plays; of the video's own file where it plays none. */
function addressOfFile() {
  // Not `currentSrc`, which follows later, and remains when the address is taken away.
  return transport.media?.src || new URL(mediaUrl(session.id), document.baseURI).href;
}

/** Resolves to true at the event, to false at an error of the element or when the signal aborts. */
function happened(media, type, signal) {
  return new Promise((resolve) => {
    const ended = new AbortController();
    const end = (value) => {
      ended.abort();
      resolve(value);
    };
    if (signal.aborted || media.error) {
      resolve(false);
      return;
    }
    media.addEventListener(type, () => end(true), { signal: ended.signal });
    media.addEventListener("error", () => end(false), { signal: ended.signal });
    signal.addEventListener("abort", () => end(false), { signal: ended.signal });
  });
}
