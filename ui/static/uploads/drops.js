/** The whole window takes dropped files: outside of a drop target the browser would leave the page for the file. */
import { droppedFiles } from "./found.js";

/** @param {(found: Found[], unread: number) => void} onFiles unread: files and folders that cannot be read */
export function acceptDrops(onFiles) {
  const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  window.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    document.body.classList.add("dropping");
  });
  window.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  window.addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    if (!holdsFiles(event)) return;
    event.preventDefault();
    droppedFiles(event.dataTransfer).then(({ found, unread }) => onFiles(found, unread));
  });
}
