import { bars } from '../../parts/bars.js';
import { el, factList } from '../../parts/dom.js';
import { amount, bits, headName, share } from '../../words.js';
import { visible, wordAround } from '../../parts/kinds.js';

/** @param {Page} page @param {string} unit @param {HTMLElement} lists what the heads look at from here */
export function placePanel({ checkpoint }, unit, lists) {
  const moves = checkpoint.variant === 'dynamic';
  const title = el('h2');
  const where = el('p', { class: 'note' });
  const facts = el('div');
  const next = el('section');
  const announced = el('p', { class: 'hidden', role: 'status' });
  let announcing = 0;

  /** @param {import('./reading.js').Reading} reading @param {number} token */
  function longestAt({ fields, rows, perHead }, token) {
    if (!perHead) return {};
    const values = moves ? fields.span : fields.distance;
    let longest = 0;
    for (let row = 1; row < rows; row++) if (values[token * rows + row] > values[token * rows + longest]) longest = row;
    const head = { layer: Math.floor(longest / checkpoint.heads), head: longest % checkpoint.heads };
    return { [moves ? 'longest' : 'furthest']: `${headName(head)}, ${amount(values[token * rows + longest])}` };
  }

  return {
    element: el('aside', { id: 'place-panel', class: 'panel', 'aria-label': 'The place in the text' }, title, where, facts, lists, next, announced),
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
      const means = (moves ? /** @type {const} */ (['span', 'distance', 'outside']) : /** @type {const} */ (['distance', 'outside'])).flatMap((measure) => {
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
      for (const part of [facts, lists, next]) part.replaceChildren();
    },
  };
}
