/**
 * Rows of a table by key. A row that stays is the same element and is not moved, so focus and a selection stay in it:
 * an element that is moved loses both.
 */
export class Rows {
  /**
   * @param {Element} parent
   * @param {Element | null} [tail] what stays behind the rows; null: nothing
   */
  constructor(parent, tail = null) {
    this.parent = parent;
    this.tail = tail;
    /** @type {Map<string, any>} in the order in which they stand */
    this.shown = new Map();
  }

  /**
   * Show one row for each item.
   * @param {any[]} items
   * @param {(item: any) => string} keyOf Items of one key are told apart by their number from the end: lists here have
   *   the newest first, so one that is there keeps its row when another follows.
   * @param {(item: any) => {element: HTMLElement}} make for an item that has no row yet
   * @param {(row: any, item: any) => void} update called for each row
   */
  draw(items, keyOf, make, update) {
    const wanted = new Map();
    for (const [key, item] of numbered(items, keyOf)) {
      const row = this.shown.get(key) ?? make(item);
      update(row, item);
      wanted.set(key, row);
    }
    // Those that go, first: else each row behind one of them would be moved before it.
    for (const [key, row] of this.shown) {
      if (wanted.has(key)) continue;
      row.element.remove();
      this.shown.delete(key);
    }
    const [first] = this.shown.values();
    let next = first ? first.element : this.tail;
    for (const { element } of wanted.values()) {
      if (element === next) next = next.nextElementSibling;
      else this.parent.insertBefore(element, next);
    }
    this.shown = wanted;
  }
}

/** The items in their order, each with a key of its own. */
function numbered(items, keyOf) {
  const counts = new Map();
  return [...items].reverse().map((item) => {
    const key = keyOf(item);
    const number = counts.get(key) ?? 0;
    counts.set(key, number + 1);
    return [number ? `${key} ${number}` : key, item];
  }).reverse();
}
