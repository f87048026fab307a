import { el } from './dom.js';

/**
 * A short table whose numbers are also seen as bars.
 * @param {string} caption
 * @param {{ name: string, value: number, text: string, marked?: boolean }[]} rows
 */
export function bars(caption, rows) {
  const longest = Math.max(...rows.map(({ value }) => value), 1e-9);
  return el('table', { class: 'bars', 'aria-label': caption }, el('tbody', {}, ...rows.map(({ name, value, text, marked }) =>
    el('tr', { 'aria-current': marked && 'true' },
      el('th', { scope: 'row' }, name),
      el('td', {}, el('span', { class: 'bar-mark', style: `width:${(100 * Math.max(0, value)) / longest}%` })),
      el('td', {}, text)))));
}
