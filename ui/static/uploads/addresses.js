/**
 * Reads addresses of videos out of what a person has typed or pasted, one a line. Pure. Whether an address is one that
 * the installation connects to is for the API to say.
 */

const SCHEMES = new Set(["http:", "https:", "s3:"]);

/** As many as the API takes in one request. */
export const MOST_AT_ONCE = 1000;

/**
 * @param {string} text
 * @returns {{addresses: string[], wrong: {line: string, why: string}[]}} each address once, in their order
 */
export function addressesIn(text) {
  const addresses = new Set();
  const wrong = [];
  for (const line of text.split(/\r?\n/).map((one) => one.trim()).filter(Boolean)) {
    const why = refusalOfAddress(line);
    if (why) wrong.push({ line, why });
    else addresses.add(line);
  }
  return { addresses: [...addresses], wrong };
}

/** Why a line is no address of a file; empty where it may be one. */
function refusalOfAddress(line) {
  if (/\s/.test(line)) return "Write one address in a line, without spaces.";
  let url;
  try {
    url = new URL(line);
  } catch {
    return "This is no address: it begins with https:// or http://.";
  }
  if (!SCHEMES.has(url.protocol)) return `Addresses with ${url.protocol} are not fetched: use https:// or http://.`;
  return url.protocol !== "s3:" && url.pathname === "/" && !url.search
    ? "This names a site, not a file: give the address of the video file itself." : "";
}

/** The name of a file by its address, as the API will call the video; the host where the path has none. */
export function nameOfAddress(address) {
  const { pathname, host } = new URL(address);
  const last = pathname.replace(/\/+$/, "").split("/").pop();
  try {
    return decodeURIComponent(last) || host;
  } catch {
    return last; // a percent sign that is no escape
  }
}
