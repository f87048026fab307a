import { addressOf, comparisonPath } from '../../api.js';
import { el } from '../../parts/dom.js';
import { amount, bits, bytes, compact, count, signed } from '../../words.js';

/** @typedef {import('../compare.js').Shown} Shown */

/** @type {[string, (checkpoint: Shown) => string, ((difference: Difference) => string | null)?][]} */
const rows = [
  ['checkpoint', ({ id }) => id],
  ['spans', ({ variant }) => variant],
  ['trained on', ({ corpus }) => corpus],
  ['layers × heads', ({ layers, heads }) => `${layers} × ${heads}`],
  ['hidden size D', ({ hidden }) => count(hidden)],
  ['span limit S', ({ span_limit: limit }) => count(limit)],
  ['ramp R', ({ ramp }) => count(ramp)],
  ['parameters', ({ parameters }) => compact(parameters), ({ parameters }) => signed(parameters, compact)],
  ['bits, all of valid', ({ bpc }) => bits(bpc.valid)],
  ['bits, its part', ({ bpc }) => bits(bpc.part)],
  ['bits, difference', () => '', ({ bpc }) => (bpc === null ? null : signed(bpc, bits))],
  ['mean span', ({ mean_span: mean }) => amount(mean), ({ mean_span: mean }) => signed(mean, amount)],
  ['FLOPs a token', ({ flops }) => compact(flops), ({ flops }) => signed(flops, compact)],
  ['with positions', (of) => compact(of.flops_with_positions), (by) => signed(by.flops_with_positions, compact)],
  ['as computed', (of) => compact(of.flops_paid), (by) => signed(by.flops_paid, compact)],
  ['cache', (of) => bytes(of.cache_bytes), (by) => signed(by.cache_bytes, bytes)],
];

/** All numbers of the chosen checkpoints, those after the first also as what they add to it; and the published ones. */
export function tables() {
  const scrolled = (/** @type {string} */ name) => el('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': name });
  const place = scrolled('Everything in numbers');
  const csv = el('a', { download: true }, 'CSV');
  const note = el('p', { class: 'note' });
  const printed = scrolled('Published results');
  return {
    element: el('section', { id: 'compare-table', class: 'block' },
      el('div', { class: 'bar' }, el('h2', {}, 'Everything in numbers'), el('span', { class: 'links' }, csv)), note, place,
      el('details', {}, el('summary', {}, 'Published results'),
        el('p', { class: 'note' }, 'All as Sukhbaatar et al. (2019) print them; FLOPs are multiply-adds a token. ',
          el('a', { href: `${addressOf('/published')}?format=csv`, download: true }, 'CSV')), printed)),
    /** @param {import('../compare.js').State} state */
    show({ chosen, comparison, published }) {
      const [first, ...others] = chosen;
      note.textContent = others.length ? `Under a number, what it differs by from ${first.letter}. Bits of different corpora are not comparable.` : '';
      csv.hidden = !comparison;
      csv.href = `${addressOf(comparisonPath(chosen.map(({ id }) => id)))}&table=checkpoints&format=csv`;
      place.replaceChildren(el('table', {},
        el('thead', {}, el('tr', {}, el('td'), ...chosen.map(({ letter, variant, name }) => el('th', { scope: 'col' }, el('span', { class: `variant ${variant}` }, `${letter} ${name}`))))),
        el('tbody', {}, ...rows.map(([title, value, change]) => el('tr', {}, el('th', { scope: 'row' }, title), ...chosen.map((checkpoint, i) => {
          const by = i && change && comparison ? change(comparison.differences[i - 1]) : null;
          return el('td', {}, value(checkpoint), ...(by === null ? [] : [el('small', { class: 'soft' }, by)]));
        }))))));
      printed.replaceChildren(publishedTable(published));
    },
  };
}

/** @param {PublishedResult[]} published */
function publishedTable(published) {
  const known = (/** @type {number | null} */ value, /** @type {(value: number) => string} */ written) => (value === null ? '–' : written(value));
  return el('table', {},
    el('thead', {}, el('tr', {}, ...['model', 'corpus', 'layers', 'mean span', 'parameters', 'FLOPs', 'test', 'dev', 'source'].map((name) => el('th', { scope: 'col' }, name)))),
    el('tbody', {}, ...published.map((result) => el('tr', {}, el('th', { scope: 'row' }, result.model), ...[
      result.corpus, known(result.layers, count), known(result.mean_span, count), known(result.parameters, compact), known(result.flops, compact),
      known(result.bpc_test, bits), known(result.bpc_dev, bits), result.source,
    ].map((value) => el('td', {}, value))))));
}
