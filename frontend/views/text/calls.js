import { bars } from '../../parts/bars.js';
import { el } from '../../parts/dom.js';
import { amount, bits, share } from '../../words.js';
import { byKind, byPlace, byWord } from '../../parts/kinds.js';
import { measures } from '../../parts/measures.js';

const titles = { span: 'What calls for a long span', distance: 'What looks far back', bits: 'What costs bits', outside: 'What looks before the text' };

/** The measure by kind of character, by place in the word, and by word. */
export function callers() {
  const title = el('h2');
  const columns = el('div', { class: 'three' });
  const element = el('section', { id: 'text-calls', class: 'block', hidden: true }, title, columns);
  return {
    element,
    /** @param {import('./along.js').Shown} shown */
    show({ reading: { characters, tokenValues, characterValues }, measure, of, chosen }) {
      const values = tokenValues(measure, of, chosen);
      const each = values ? characterValues(values, measure) : new Float32Array();
      const kinds = byKind(characters, each);
      title.textContent = titles[measure];
      const name = measures[measure].title.toLowerCase();
      const written = { span: amount, distance: amount, bits, outside: share }[measure];
      element.hidden = kinds.length < 2 || written(kinds[0].mean) === written(kinds[kinds.length - 1].mean);
      /** @param {string} what @param {{ name: string, mean: number }[]} rows */
      const column = (what, rows) => {
        const caption = `mean ${name} ${what}`;
        return el('section', {}, el('h3', { class: 'note' }, caption), bars(caption, rows.map(({ name: row, mean }) => ({ name: row, value: mean, text: written(mean) }))));
      };
      columns.replaceChildren(
        column('by kind of character', kinds.map(({ kind, mean }) => ({ name: kind, mean }))),
        column('by place in the word', byPlace(characters, each)),
        column('by word, the highest', byWord(characters, each)));
    },
  };
}
