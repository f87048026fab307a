import { el } from '../../parts/dom.js';
import { downloadText, toCsv } from '../../parts/save.js';
import { amount, count, findHead, headKey, headName, share } from '../../words.js';
import { filterOf } from './filter.js';

/**
 * @typedef {HeadUse & { cut?: number, growth: number | null }} Row
 * @typedef {{ name: string, of: (row: Row) => number | null, words: (value: number, row: Row) => string, about?: string }} Column
 */

/** @param {import('./figure.js').Parts} parts */
export function headTable({ page, uses, unit, chooseHead, growth }) {
  const columns = columnsOf(unit);
  let rows = /** @type {Row[]} */ (uses.heads.map((head) => ({ ...head, growth: growth ? growth(head) : null })));
  let sorted = { by: 2, up: false };
  let chosen = '';

  const filter = el('input', { type: 'search', 'aria-label': 'Filter heads', placeholder: 'L3, >100, entropy<3, unused', oninput: fill });
  const found = el('span', { class: 'soft', role: 'status' });
  const sorters = columns.map(({ name, about }, i) =>
    el('th', { scope: 'col', title: about }, el('button', { type: 'button', class: 'quiet', onclick: () => sortBy(i) }, name)));
  const body = el('tbody');
  body.addEventListener('click', (event) => {
    const key = event.target instanceof Element && event.target.closest('tr')?.dataset.head;
    const head = findHead(rows, key || undefined);
    if (head) chooseHead(head);
  });

  /** @param {number} by */
  function sortBy(by) {
    sorted = { by, up: sorted.by === by ? !sorted.up : by < 2 };
    fill();
  }

  const matching = () => {
    const { of } = columns[sorted.by];
    const sign = sorted.up ? 1 : -1;
    const value = (/** @type {Row} */ row) => of(row) ?? -Infinity;
    const asked = filterOf(filter.value, Object.fromEntries(columns.map((column) => [column.name.replace(' ', ''), column.of])));
    return rows.filter(asked).sort((a, b) => sign * (value(a) - value(b)) || b.span - a.span || b.z - a.z || a.layer - b.layer || a.head - b.head);
  };

  function fill() {
    const shown = matching();
    sorters.forEach((sorter, i) => sorter.setAttribute('aria-sort', sorted.by !== i ? 'none' : sorted.up ? 'ascending' : 'descending'));
    found.textContent = `${shown.length} of ${rows.length} heads`;
    body.replaceChildren(...shown.map(line));
  }

  /** @param {Row} row */
  const line = (row) => el('tr', { 'data-head': headKey(row), 'aria-current': headKey(row) === chosen && 'true' },
    el('td', {}, `L${row.layer}`),
    el('td', {}, el('button', { type: 'button', class: 'quiet', 'aria-label': `Choose ${headName(row)}` }, `H${row.head}`), row.reach_unused ? el('span', { title: 'far allowed, near used' }, ' ◇') : ''),
    ...columns.slice(2).map(({ of, words }) => {
      const value = of(row);
      return el('td', {}, value === null ? '–' : words(value, row));
    }));

  const csv = () => downloadText(
    toCsv([columns.map(({ name }) => name), ...matching().map((row) => columns.map(({ of }) => of(row) ?? ''))]),
    'text/csv', `heads-${page.checkpoint.id}.csv`);
  const measured = uses.tokens === null ? '' : `, measured on ${count(uses.tokens)} ${unit}s of held-out text`;
  return {
    element: el('section', { class: 'heads' },
      el('div', { class: 'bar' }, el('h2', {}, 'Every head'), el('span', { class: 'links' }, el('button', { type: 'button', class: 'quiet', 'aria-label': 'CSV of the heads below', onclick: csv }, 'CSV'))),
      el('p', { class: 'note' }, filter, ' ', found, ` · lengths in ${unit}s${measured}`),
      el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Table of heads' }, el('table', {}, el('thead', {}, el('tr', {}, ...sorters)), body))),
    /** More is known of what heads need. */
    measured() {
      rows = rows.map((row) => ({ ...row, needs: findHead(uses.heads, headKey(row))?.needs ?? null }));
    },
    /** @param {import('./figure.js').Shown} shown */
    show({ chosen: head, cuts }) {
      chosen = headKey(head);
      rows = rows.map((row) => ({ ...row, cut: findHead(cuts, headKey(row))?.span }));
      fill();
    },
  };
}

/** @param {string} unit @returns {Column[]} */
const columnsOf = (unit) => [
  { name: 'layer', of: ({ layer }) => layer, words: String },
  { name: 'head', of: ({ head }) => head, words: String },
  { name: 'span', of: ({ span }) => span, words: (span, { cut }) => (cut === undefined ? amount(span) : `${amount(cut)} ← ${amount(span)}`), about: `how many ${unit}s back it may look` },
  { name: 'z', of: ({ z }) => z, words: amount, about: 'its learned length' },
  { name: 'mean distance', of: ({ mean_distance }) => mean_distance, words: amount, about: 'how far back it looks on average' },
  { name: '90% within', of: ({ distance_90 }) => distance_90, words: amount, about: 'the distance that holds 90% of its attention' },
  { name: 'needs', of: ({ needs }) => needs, words: amount, about: 'the shortest span that was tried with which it loses less than 0.001 bits, all others as they are' },
  { name: 'entropy', of: ({ entropy }) => entropy, words: amount, about: 'how spread its attention is, in bits' },
  { name: 'outside', of: ({ outside }) => outside, words: share, about: 'the share of its attention that falls before the text' },
  { name: 'cost', of: ({ flops_share }) => flops_share, words: share, about: 'its share of what the attention of all heads costs' },
  { name: 'growth', of: ({ growth }) => growth, words: (value) => `${value < 0 ? '−' : '+'}${amount(Math.abs(value))}`, about: 'how z changed over the second half of the training' },
];
