import { addressOf, pathOf } from '../../api.js';
import { el } from '../../parts/dom.js';
import { amount, headKey, headName, ranked } from '../../words.js';

/** @typedef {Head & { rank: number }} Ranked */
/** @typedef {'layer' | 'head' | 'z' | 'span' | 'rank'} Column */

const columns = /** @type {Column[]} */ (['layer', 'head', 'z', 'span', 'rank']);

/** @param {import('./figure.js').Parts} parts */
export function headTable({ page, spans, unit, chooseHead }) {
  const heads = ranked(spans.heads).map((head, i) => ({ ...head, rank: i + 1 }));
  let sorted = /** @type {{ by: Column, up: boolean }} */ ({ by: 'rank', up: true });
  let chosen = heads[0];

  const filter = el('input', { type: 'search', 'aria-label': 'Filter heads', placeholder: 'L3, H2, >100 or <64', oninput: fill });
  const found = el('span', { class: 'soft', role: 'status' });
  const sorters = columns.map((column) => el('th', { scope: 'col' }, el('button', { type: 'button', class: 'quiet', onclick: () => sortBy(column) }, column)));
  const body = el('tbody');
  body.addEventListener('click', (event) => {
    const key = event.target instanceof Element && event.target.closest('tr')?.dataset.head;
    const head = heads.find((other) => headKey(other) === key);
    if (head) chooseHead(head);
  });

  /** @param {Column} column */
  function sortBy(column) {
    sorted = { by: column, up: sorted.by === column ? !sorted.up : column !== 'span' && column !== 'z' };
    fill();
  }

  function fill() {
    const { by, up } = sorted;
    const rows = heads.filter(matching(filter.value)).sort((a, b) => (up ? 1 : -1) * (a[by] - b[by]) || a.rank - b.rank);
    sorters.forEach((sorter, i) => sorter.setAttribute('aria-sort', columns[i] !== by ? 'none' : up ? 'ascending' : 'descending'));
    found.textContent = `${rows.length} of ${heads.length} heads`;
    body.replaceChildren(...rows.map(row));
  }

  /** @param {Ranked} head */
  const row = (head) => el('tr', { 'data-head': headKey(head), 'aria-current': headKey(head) === headKey(chosen) && 'true' },
    el('td', {}, `L${head.layer}`),
    el('td', {}, el('button', { type: 'button', class: 'quiet', 'aria-label': `Choose ${headName(head)}` }, `H${head.head}`)),
    ...[amount(head.z), amount(head.span), String(head.rank)].map((value) => el('td', {}, value)));

  fill();
  const csv = `${addressOf(pathOf(page.checkpoint.id, 'spans'))}?format=csv`;
  return {
    element: el('section', { class: 'heads' },
      el('div', { class: 'bar' }, el('h2', {}, 'Every head'), el('span', { class: 'links' }, el('a', { href: csv, download: true }, 'CSV'))),
      el('p', { class: 'note' }, filter, ' ', found, ` · z and span in ${unit}s`),
      el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Table of heads' }, el('table', {}, el('thead', {}, el('tr', {}, ...sorters)), body))),
    /** @param {Head} head */
    show(head) {
      chosen = heads.find((other) => headKey(other) === headKey(head)) ?? heads[0];
      for (const tr of body.children) {
        if (tr instanceof HTMLElement && tr.dataset.head === headKey(chosen)) tr.setAttribute('aria-current', 'true');
        else tr.removeAttribute('aria-current');
      }
    },
  };
}

/**
 * @param {string} words parts of a head's name, or >100, <64 for its span
 * @returns {(head: Ranked) => boolean}
 */
const matching = (words) => (head) =>
  words.trim().split(/\s+/).every((word) => {
    const limit = word.match(/^([<>])(\d+)$/);
    if (!limit) return headKey(head).toLowerCase().includes(word.replace('·', '').toLowerCase());
    return limit[1] === '<' ? head.span < Number(limit[2]) : head.span > Number(limit[2]);
  });
