/** An answer as one reads it: what is alike is told by its first few, and long texts by how they begin. */

const width = 76;
const longestText = 64;
const mostNumbers = 6;
const mostItems = 2;

/** @param {any} value what JSON holds @param {string} [indent] @returns {string} */
export function printed(value, indent = '') {
  if (typeof value === 'string') return JSON.stringify(shortened(value));
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const parts = Array.isArray(value) ? items(value, indent) : members(value, indent);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const line = `${open}${parts.join(', ')}${close}`;
  if (indent.length + line.length <= width && !line.includes('\n')) return line;
  return `${open}\n${parts.map((part) => `${indent}  ${part}`).join(',\n')}\n${indent}${close}`;
}

/** @param {any[]} values @param {string} indent */
function items(values, indent) {
  const most = values.every((value) => value === null || typeof value !== 'object') ? mostNumbers : mostItems;
  const shown = values.slice(0, values.length > most + 1 ? most : values.length).map((value) => printed(value, `${indent}  `));
  return shown.length < values.length ? [...shown, `… ${(values.length - shown.length).toLocaleString('en')} more`] : shown;
}

/** @param {Record<string, any>} value @param {string} indent */
const members = (value, indent) => Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}: ${printed(part, `${indent}  `)}`);

/** @param {string} text */
const shortened = (text) =>
  (text.length > longestText + 24 ? `${text.slice(0, longestText).toWellFormed()}… (${text.length.toLocaleString('en')} characters)` : text);
