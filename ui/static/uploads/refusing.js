/**
 * Says of a file that is surely no video why it is not uploaded. The server decides in the end, by trying: here only
 * what is known by its first bytes to be something else is refused, so that nothing is refused that the server would
 * take.
 */

/** Marks at the beginning of files, and what such a file is. GIF is not among them: the server takes it. */
const MARKS = [
  ["%PDF-", "a PDF document"],
  ["PK\u0003\u0004", "a ZIP archive or an office document"],
  ["Rar!\u001a\u0007", "a RAR archive"],
  ["7z\u00bc\u00af\u0027\u001c", "a 7-Zip archive"],
  ["\u001f\u008b", "a gzip archive"],
  ["\u0089PNG\r\n\u001a\n", "a picture (PNG)"],
  ["\u00ff\u00d8\u00ff", "a picture (JPEG)"],
  ["MZ", "a program"],
  ["\u007fELF", "a program"],
  ["{\\rtf", "a text document"],
];

/** Of names with these ends a file of plain text is refused; others may be a format that begins with text. */
const TEXT_NAMES = /\.(txt|md|srt|vtt|csv|tsv|json|xml|html?|css|js|py|log|ini|ya?ml|m3u8?|pls|edl|nfo)$/i;

const HEAD_BYTES = 512;

/** Letters, marks and line ends of any script; a control character means that it is no text. */
const NOT_TEXT = /[\u0000-\u0008\u000e-\u001f\u007f\ufffd]/;

/**
 * @param {File} file
 * @returns {Promise<string | null>} a sentence, or null where it may be a video
 */
export async function refusalOf(file) {
  if (file.size === 0) return "The file is empty, or it is a folder. Choose the videos in it.";
  let head;
  try {
    head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  } catch {
    return "This cannot be read. If it is a folder, choose the videos in it.";
  }
  return refusalOfHead(head, file.name);
}

/** The same, of the first bytes. */
export function refusalOfHead(head, name) {
  const start = String.fromCharCode(...head.subarray(0, 16));
  const mark = MARKS.find(([bytes]) => start.startsWith(bytes));
  if (mark) return `This is ${mark[1]}, not a video.`;
  // A character of several bytes may be cut off at the end of the head.
  const text = new TextDecoder().decode(head.subarray(0, Math.max(1, head.length - 4)));
  if (TEXT_NAMES.test(name) && !NOT_TEXT.test(text)) return "This is a file of text, not a video.";
  return null;
}
