import { el } from '../../parts/dom.js';
import { amount, bits, signed } from '../../words.js';
import { visible } from '../../parts/kinds.js';

const wordsShown = 8;

/**
 * The words on which two readings differ most; each leads to its place in the text.
 * @param {(column: number) => void} onPlace
 */
export function apartTable(onPlace) {
  const head = el('tr');
  const body = el('tbody');
  const element = el('div', {}, el('h3', {}, 'Where they differ most'), el('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': 'Where they differ most' }, el('table', { class: 'apart' }, el('thead', {}, head), body)));
  return {
    element,
    /** @param {import('./columns.js').Apart[]} apart @param {[string, string]} names @param {'bits' | 'span'} measure */
    show(apart, [a, b], measure) {
      const written = measure === 'bits' ? bits : amount;
      const shown = apart.slice(0, wordsShown).filter(({ difference }) => difference);
      element.hidden = shown.length === 0;
      head.replaceChildren(...['word', `${measure} ${a}`, `${measure} ${b}`, `${b} − ${a}`].map((name) => el('th', { scope: 'col' }, name)));
      body.replaceChildren(...shown.map((word) => el('tr', {},
        el('th', { scope: 'row' }, el('button', { type: 'button', class: 'quiet', 'aria-label': `Show ${visible(word.text)} in the text`, onclick: () => onPlace(word.at) }, visible(word.text))),
        ...[written(word.a), written(word.b), signed(word.difference, written)].map((value) => el('td', {}, value)))));
    },
  };
}
