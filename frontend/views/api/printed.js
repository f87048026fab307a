/** An answer as one reads it: what is alike is told by its first few, and long texts by how they begin. */

const width = 76;
const longestText = 80;
const shownText = 24;
const mostNumbers = 6;
const mostItems = 2;

/** @param {any} value what JSON holds @param {string} [indent] @returns {string} */
export function printed(value, indent = '') {
  if (typeof value === 'string') return JSON.stringify(shortened(value));
  if (!isNest(value)) return JSON.stringify(value);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const parts = Array.isArray(value) ? items(value, indent) : members(value, indent);
  const line = `${open}${parts.join(', ')}${close}`;
  if (indent.length + line.length <= width && !line.includes('\n')) return line;
  if (!Object.values(value).some(isNest)) return `${open}${filled(parts, `${indent} `)}${close}`;
  return `${open}\n${parts.map((part) => `${indent}  ${part}`).join(',\n')}\n${indent}${close}`;
}

/** @param {unknown} value */
const isNest = (value) => value !== null && typeof value === 'object';

/** Parts one after another, on as many lines as they take. @param {string[]} parts @param {string} indent */
function filled(parts, indent) {
  let room = width - indent.length;
  return parts.map((part, i) => {
    const more = i > 0 && part.length + 2 > room;
    room = (more ? width - indent.length : room) - part.length - 2;
    return more ? `\n${indent}${part}` : i ? ` ${part}` : part;
  }).join(',');
}

/** @param {any[]} values @param {string} indent */
function items(values, indent) {
  const most = values.some(isNest) ? mostItems : mostNumbers;
  const shown = values.slice(0, values.length > most + 1 ? most : values.length).map((value) => printed(value, `${indent}  `));
  return shown.length < values.length ? [...shown, `… ${(values.length - shown.length).toLocaleString('en')} more`] : shown;
}

/** @param {Record<string, any>} value @param {string} indent */
const members = (value, indent) => Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}: ${printed(part, `${indent}  `)}`);

/** @param {string} text */
const shortened = (text) =>
  (text.length > longestText ? `${text.slice(0, shownText).toWellFormed()}… (${text.length.toLocaleString('en')} characters)` : text);
