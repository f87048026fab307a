import { el } from '../../parts/dom.js';
import { count } from '../../words.js';
import { weightOf } from './codes.js';
import { codeAt } from './paint.js';
import { backWords, weightWords } from './words.js';

/** @typedef {{ before: string, itself: string, after: string }} Around */

/** A token among its neighbours, itself marked. @param {Around} around */
export const snippet = ({ before, itself, after }) =>
  el('span', { class: 'snippet' }, el('span', {}, el('bdi', {}, before)), el('mark', {}, itself), el('span', {}, after));

/**
 * The weight of a place as far as it is known: of a pooled map only the largest of several.
 * @param {import('./map.js').Shown} shown
 * @param {import('./frame.js').At} at
 * @param {import('./levels.js').Level | undefined} level
 * @param {{ row: number, weights: Float32Array } | undefined} known a whole row
 */
export function weightAt({ subject, head }, { query, distance }, level, known) {
  if (known?.row === query) return weightWords(known.weights[distance - 1] ?? 0);
  const tile = level && subject.levels.finder(head, level)(query);
  if (!tile) return '…';
  if (tile.weights) return weightWords(tile.weights[(query - tile.first) * tile.columns + distance - 1] ?? 0);
  const code = codeAt(tile, query, distance);
  const most = weightWords(weightOf(Math.max(0, code)));
  if (tile.pool === 1 && tile.back === 1) return `about ${most}`;
  return `at most ${most} among its neighbours`;
}

/** The cross-hair in words: query, key, and what is between them. @param {string} unit */
export function readout(unit) {
  const [query, key, weight] = [el('p'), el('p'), el('output', { class: 'weight' })];
  const announced = el('p', { class: 'hidden', role: 'status' });
  let pause = 0;
  return {
    element: el('div', { id: 'attention-readout', class: 'readout' }, query, key, el('p', {}, el('span', { class: 'soft' }, 'weight'), weight), announced),
    /**
     * @param {import('./subject.js').Subject} subject
     * @param {import('./frame.js').At} at
     * @param {string} value
     * @param {boolean} aloud
     */
    show(subject, { query: row, distance }, value, aloud) {
      const to = row - distance;
      query.replaceChildren(el('span', { class: 'soft' }, 'from'), snippet(subject.textAround(row)), el('span', { class: 'soft' }, `${unit} ${count(row)}`));
      key.replaceChildren(el('span', { class: 'soft' }, 'reads'),
        to < 0 ? el('span', { class: 'snippet' }, 'before the text began') : snippet(subject.textAround(to)),
        el('span', { class: 'soft' }, backWords(distance, unit)));
      weight.textContent = value;
      if (!aloud) return;
      clearTimeout(pause);
      pause = setTimeout(() => { // the weight may have become known meanwhile
        announced.textContent = `From the ${subject.nameOf(row)}, ${unit} ${row}, to ${to < 0 ? 'before the text' : `the ${subject.nameOf(to)}`}, ${backWords(distance, unit)}: ${weight.textContent}`;
      }, 500);
    },
  };
}
