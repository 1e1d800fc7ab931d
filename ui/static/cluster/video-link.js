/** A link to a video that the API names by its id and, for those who may see it, by the name of its file. */
import { h, show } from "../toolkit/dom.js";
import { showFilename } from "../toolkit/filenames.js";
import { go, hrefOf } from "../toolkit/router.js";

/** Characters of an id that stand for it where its video has no name any more. */
const ID_SHOWN = 8;

export class VideoLink {
  constructor() {
    this.id = null;
    this.element = h("a", { class: "video-link", hidden: true, on: { click: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go(this.id);
    } } });
  }

  /**
   * @param {string | null} id null: no video
   * @param {string} [name] its file's; left out: the beginning of the id is shown
   */
  update(id, name) {
    show(this.element, Boolean(id));
    if (!id) return;
    if (id !== this.id) this.element.setAttribute("href", hrefOf(id));
    this.id = id;
    showFilename(this.element, name ?? id.slice(0, ID_SHOWN));
  }
}

/** The link alone. */
export function videoLink(id, name) {
  const link = new VideoLink();
  link.update(id, name);
  return link.element;
}
