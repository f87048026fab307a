import { el, factList } from '../../parts/dom.js';
import { amount, count, headName, share } from '../../words.js';
import { snippet } from './readout.js';
import { strongest, summary } from './subject.js';
import { weightWords } from './words.js';

const listed = 10;
const beside = 8;

/**
 * What the chosen head reads from the chosen token, key by key.
 * @param {Page} page
 * @param {string} unit
 * @param {(distance: number) => void} onKey
 */
export function rowPanel(page, unit, onKey) {
  const title = el('h2');
  const where = el('p', { class: 'note' });
  const facts = el('div');
  const table = el('table', { class: 'bars keys', 'aria-label': 'The keys with the most weight' });

  /** @param {import('./map.js').Shown} shown @param {{ distance: number, weight: number }} key @param {number} most */
  function line({ subject, at }, { distance, weight }, most) {
    const to = at.query - distance;
    const go = el('button', { type: 'button', class: 'quiet', 'aria-label': `Cross-hair to ${distance} back`, onclick: () => onKey(distance) }, count(distance));
    return el('tr', { 'aria-current': distance === at.distance && 'true' }, el('th', { scope: 'row' }, go),
      el('td', {}, to < 0 ? el('span', { class: 'soft' }, 'before the text') : snippet(subject.textAround(to, beside))),
      el('td', {}, el('span', { class: 'bar-mark', style: `width:${(100 * weight) / most}%` })), el('td', {}, weightWords(weight)));
  }

  return {
    element: el('aside', { id: 'row-panel', class: 'panel', 'aria-label': 'What the chosen head reads here' }, title, where, facts,
      el('section', {}, el('h3', {}, 'It reads most'), el('p', { class: 'note' }, `${unit}s back, the key among its neighbours, weight`), table),
      el('section', { class: 'go' },
        el('button', { type: 'button', class: 'link', onclick: () => page.go('spans') }, 'This head in Spans'),
        el('button', { type: 'button', class: 'link', onclick: () => page.go('text') }, 'This text in Text'))),
    /** @param {import('./map.js').Shown} shown @param {Float32Array} weights */
    show(shown, weights) {
      const { subject, head, at } = shown;
      const { outside, distance, holders } = summary(weights, at.query);
      title.textContent = `${headName(head)} at the ${subject.nameOf(at.query)}`;
      where.textContent = `${unit} ${count(at.query)} of ${count(subject.count)}`;
      facts.replaceChildren(factList({
        'may look back': `${count(weights.length)} ${unit}s`,
        'looks back, on average': `${amount(distance)} ${unit}s`,
        '90% of its weight is on': `${count(holders)} ${unit}s`,
        ...(outside >= 0.0005 ? { 'before the text': share(outside) } : {}),
      }));
      const keys = strongest(weights, listed);
      table.replaceChildren(el('tbody', {}, ...keys.map((key) => line(shown, key, keys[0].weight))));
    },
  };
}
