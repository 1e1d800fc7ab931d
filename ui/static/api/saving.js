/**
 * Fetches a file of the API and has the browser save it. A link with `download` would show a refusal as a failed
 * download only; this way the API's sentence is there to be shown. For files that fit into memory.
 */
import { access } from "./access.js";
import { connection } from "./connection.js";
import { ApiError, NO_ANSWER, problemError } from "./requests.js";

/** The name that a Content-Disposition header gives (RFC 6266); empty without one. */
export function nameIn(disposition) {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? "")?.[1];
  try {
    if (encoded) return decodeURIComponent(encoded);
  } catch {
    // A percent sign that is no escape: the plain name is there, too.
  }
  return /filename="([^"]*)"/i.exec(disposition ?? "")?.[1] ?? "";
}

/**
 * @param {string} address
 * @throws {ApiError} with the server's sentence
 */
export async function saveFile(address) {
  let answer;
  let content;
  try {
    answer = await fetch(address, { cache: "no-store" });
    content = await answer.blob();
  } catch {
    connection.reportLost();
    throw new ApiError(NO_ANSWER);
  }
  if (answer.status === 401) {
    await access.signIn();
    await saveFile(address);
    return;
  }
  if (!answer.ok) throw problemError(answer.status, await content.text());
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = nameIn(answer.headers.get("Content-Disposition")) || "export";
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}

/** A browser has begun to save by then. */
const KEPT_MS = 60000;
