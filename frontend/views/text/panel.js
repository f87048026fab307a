import { bars } from '../../parts/bars.js';
import { el, factList } from '../../parts/dom.js';
import { amount, bits, headName, share } from '../../words.js';
import { byKind, visible, wordAround } from './kinds.js';
import { measures } from './reading.js';

/** @param {Page} page @param {string} unit */
export function placePanel({ checkpoint }, unit) {
  const title = el('h2');
  const where = el('p', { class: 'note' });
  const facts = el('div');
  const next = el('section');
  const kinds = el('section');
  const announced = el('p', { class: 'hidden', role: 'status' });
  let announcing = 0;

  /** @param {import('./reading.js').Reading} reading @param {number} token */
  function longestAt({ fields, rows, perHead }, token) {
    const values = fields.span ?? fields.distance;
    if (!perHead || !values) return {};
    let longest = 0;
    for (let row = 1; row < rows; row++) if (values[token * rows + row] > values[token * rows + longest]) longest = row;
    const head = { layer: Math.floor(longest / checkpoint.heads), head: longest % checkpoint.heads };
    return { [fields.span ? 'longest' : 'furthest']: `${headName(head)}, ${amount(values[token * rows + longest])}` };
  }

  return {
    element: el('aside', { id: 'place-panel', class: 'panel', 'aria-label': 'The place in the text' }, title, where, facts, next, kinds, announced),
    /** @param {import('./along.js').Shown} shown */
    showKinds({ reading, measure, of, chosen }) {
      const values = reading.tokenValues(measure, of, chosen);
      const found = values ? byKind(reading.characters, reading.characterValues(values, measure)) : [];
      const name = measures[measure].title.toLowerCase();
      const written = { span: amount, distance: amount, bits, outside: share }[measure];
      const alike = found.length < 2 || found[0].mean < 1.005 * found[found.length - 1].mean;
      kinds.replaceChildren(...(alike ? [] : [
        el('h3', {}, measure === 'span' ? 'What calls for a long span' : `${measures[measure].title} by kind`),
        el('p', { class: 'note' }, `mean ${name} by kind of character`),
        bars(`Mean ${name} by kind of character`, found.map(({ kind, mean }) => ({ name: kind, value: mean, text: written(mean) }))),
      ]));
    },
    /** @param {import('./along.js').Shown} shown @param {number} index of a character */
    show({ reading, chosen }, index) {
      const character = reading.characters[index];
      const [first, last] = [reading.firstToken[index], reading.lastToken[index]];
      const word = wordAround(reading.characters, index);
      title.textContent = `“${visible(character)}”${word.length > 1 ? ` of ${word}` : ''}`;
      if (last < 0) {
        where.textContent = `character ${index} · the model does not read it`;
        facts.replaceChildren();
        next.replaceChildren();
        return;
      }
      const cost = reading.tokenValues('bits', 'all', chosen)?.slice(first, last + 1).reduce((sum, value) => sum + value, 0) ?? NaN;
      where.textContent = `${unit} ${first === last ? first : `${first} to ${last}`} · ${Number.isFinite(cost) ? `${bits(cost)} bits` : 'the first: its bits are unknown'}`;
      const means = /** @type {const} */ (['span', 'distance', 'outside']).flatMap((measure) => {
        const value = reading.tokenValues(measure, 'all', chosen)?.[last];
        if (value === undefined) return [];
        const name = { span: 'mean span here', distance: 'mean distance here', outside: 'outside the text' }[measure];
        return [[name, measure === 'outside' ? share(value) : amount(value)]];
      });
      facts.replaceChildren(factList({ ...Object.fromEntries(means), ...longestAt(reading, last) }));
      next.replaceChildren(
        el('h3', {}, 'Next, most likely'),
        bars('Likeliest next', reading.next(last).map(({ symbol, share: value, follows }) => ({ name: visible(symbol), value, text: share(value), marked: follows }))));
      clearTimeout(announcing);
      announcing = setTimeout(() => { announced.textContent = `${title.textContent}, ${where.textContent}`; }, 600);
    },
    clear() {
      title.textContent = 'No text yet';
      where.textContent = 'What the model makes of a character appears here.';
      for (const part of [facts, next, kinds]) part.replaceChildren();
    },
  };
}
