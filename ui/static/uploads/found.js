/**
 * Which files a person means: those that were chosen or dropped, and those in folders, in the order of their paths. A
 * folder holds much that is no video, so of its files only those are taken whose type or name says video or sound; the
 * others are counted. Of files that were named one by one nothing is left out. Knows no element of the page.
 *
 * @typedef {{file: File, path: string}} Found path: below what was chosen or dropped, with "/"; the name alone where
 *   the file is in no folder
 * @typedef {{file: File, name: string, path: string}} Taken name: what the video will be called
 */

/** Ends of names of files with a moving picture or sound, for browsers that know no type for them. */
const MEDIA_NAMES = new RegExp(`\\.(${["3g2|3gp|aac|ac3|aif|aiff|amr|asf|au|avi|caf|divx|dv|f4v|flac|flv|gif|ivf|m1v",
  "m2t|m2ts|m2v|m4a|m4v|mka|mkv|mov|mp2|mp3|mp4|mpe|mpeg|mpg|mts|mxf|nut|oga|ogg|ogm|ogv|opus|qt|rm|rmvb|ts|vob|wav",
  "webm|wma|wmv|wtv|y4m"].join("|")})$`, "i");

/** Between the folders in the name of a video: the API takes a "/" for a path and drops what is before it. */
const BETWEEN = " › ";

const names = new Intl.Collator("en", { numeric: true });

/** Whether the type or the name of a file says that it has a moving picture or sound. */
export const saysMedia = ({ name, type }) => /^(video|audio)\//.test(type) || MEDIA_NAMES.test(name);

/** Files that programs hide, such as ".DS_Store" and "._clip.mov": the person does not know that they are there. */
const hidden = (path) => path.split("/").some((part) => part.startsWith("."));

/** Order of two paths: part by part, numbers by their value, so that "2" comes before "10". */
function byPath(one, other) {
  const [left, right] = [one.path.split("/"), other.path.split("/")];
  for (let place = 0; place < Math.min(left.length, right.length); place += 1) {
    const order = names.compare(left[place], right[place]);
    if (order) return order;
  }
  return left.length - right.length;
}

/**
 * What is to be uploaded of what was found. A video is called like its file, since editors find the file by that name;
 * where two files of one choice have the same name, the folders stand before it.
 * @param {Found[]} found
 * @returns {{taken: Taken[], skipped: number}} skipped: files of folders that are no videos; hidden ones not counted
 */
export function takenOf(found) {
  const single = found.filter(({ path }) => !path.includes("/"));
  const nested = found.filter(({ path }) => path.includes("/") && !hidden(path));
  const media = nested.filter(({ file }) => saysMedia(file)).sort(byPath);
  const all = [...single, ...media];
  const often = new Map();
  for (const { file } of all) often.set(file.name, (often.get(file.name) ?? 0) + 1);
  const taken = all.map(({ file, path }) =>
    ({ file, path, name: often.get(file.name) > 1 ? path.split("/").join(BETWEEN) : file.name }));
  return { taken, skipped: nested.length - media.length };
}

/** Files of an input, which knows their paths where a folder was chosen. @returns {Found[]} */
export const chosenFiles = (input) => [...input.files]
  .map((file) => ({ file, path: file.webkitRelativePath || file.name }));

/**
 * What was dropped. It must be called while the event is handled: the browser forgets the entries afterwards.
 * @param {DataTransfer} transfer
 * @returns {Promise<{found: Found[], unread: number}>} unread: files and folders that could not be read
 */
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].filter(({ kind }) => kind === "file").map((item) => item.webkitGetAsEntry?.());
  if (!entries.length || entries.includes(null) || entries.includes(undefined)) {
    // no browser that tells folders
    return { found: [...transfer.files].map((file) => ({ file, path: file.name })), unread: 0 };
  }
  const found = [];
  let unread = 0;
  for (const entry of entries) unread += await walk(entry, found);
  return { found, unread };
}

/** Add the files of an entry and of the folders in it; one that cannot be read keeps none of the others back. */
async function walk(entry, found) {
  try {
    return await walkInto(entry, found);
  } catch {
    return 1; // it is counted, and the person is told
  }
}

async function walkInto(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
    found.push({ file, path: entry.fullPath.replace(/^\//, "") });
    return 0;
  }
  const reader = entry.createReader();
  let unread = 0;
  for (;;) { // a browser gives a hundred at a time, and none at the end
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!some.length) return unread;
    for (const inside of some) unread += await walk(inside, found);
  }
}
