import { count } from '../words.js';
import { el } from './dom.js';

const most = 500;

/**
 * The numbers of a figure, for those who read rather than look.
 * @param {string} title
 * @param {string} caption
 * @param {(string | number)[][]} rows the first one names the columns
 */
export function showTable(title, caption, [names, ...rows]) {
  const note = rows.length > most ? `The first ${count(most)} of ${count(rows.length)} rows; the CSV holds all. ` : '';
  const dialog = el('dialog', { class: 'numbers-of', 'aria-label': `${title}, as a table`, onclose: () => dialog.remove() },
    el('h2', {}, title),
    el('p', { class: 'soft' }, note + caption),
    el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': title },
      el('table', {},
        el('thead', {}, el('tr', {}, ...names.map((name) => el('th', { scope: 'col' }, String(name))))),
        el('tbody', {}, ...rows.slice(0, most).map((row) => el('tr', {}, ...row.map((value) => el('td', {}, written(value)))))))),
    el('form', { method: 'dialog' }, el('button', {}, 'Close')));
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {string | number} value */
const written = (value) => (typeof value === 'number' && Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value));
