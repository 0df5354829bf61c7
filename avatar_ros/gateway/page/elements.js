// Elements of the page by their id.

/** @param {string} id @returns {HTMLElement} */
export function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page lacks #${id}`);
  return found;
}

/** @param {string} id */
export const input = (id) => /** @type {HTMLInputElement} */ (element(id));
/** @param {string} id */
export const select = (id) => /** @type {HTMLSelectElement} */ (element(id));
/** @param {string} id */
export const button = (id) => /** @type {HTMLButtonElement} */ (element(id));

/** Fill a choice. @param {HTMLSelectElement} place @param {{id: string, name: string, default?: boolean}[]} entries @param {string} [chosen] */
export function fill(place, entries, chosen) {
  place.replaceChildren(...entries.map(({ id, name }) => new Option(name, id)));
  const wanted = entries.find((entry) => entry.id === chosen) ?? entries.find((entry) => entry.default) ?? entries[0];
  if (wanted) place.value = wanted.id;
  /** @type {HTMLElement} */ (place.parentElement).hidden = entries.length < 2;
}
