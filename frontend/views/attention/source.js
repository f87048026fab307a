import { el } from '../../parts/dom.js';
import { examples } from '../../parts/examples.js';
import { fileChoice } from '../../parts/file.js';
import { count } from '../../words.js';

const typingPause = 400;

/**
 * The text that is read, folded to a line: to type, paste, drop or choose another.
 * @param {Page} page
 * @param {number} most characters that are read at once
 * @param {(text: string) => void} onText
 */
export function source(page, most, onText) {
  let pause = 0;
  const title = el('span');
  const box = el('textarea', { rows: '6', 'aria-label': 'Text', spellcheck: 'false', oninput: typed });
  const file = fileChoice(box, { most, onText: take, complain: page.complain });
  const choice = el('select', { 'aria-label': 'Examples', onchange: chosen }, el('option', { value: '' }, 'examples'),
    ...Object.keys(examples).map((name) => el('option', { value: name }, name)));
  page.signal.addEventListener('abort', () => clearTimeout(pause));

  function typed() {
    clearTimeout(pause);
    pause = setTimeout(() => onText(box.value), typingPause);
  }

  /** @param {string} text */
  function take(text) {
    box.value = text;
    onText(text);
  }

  function chosen() {
    const text = examples[/** @type {keyof typeof examples} */ (choice.value)];
    choice.value = '';
    if (text !== undefined) take(text);
  }

  return {
    element: el('details', { class: 'source' }, el('summary', {}, title),
      el('div', { class: 'block' }, box, el('div', { class: 'controls' }, choice, file.button, file.told))),
    /** @param {string} text @param {number} tokens @param {string} unit @param {string} note */
    show(text, tokens, unit, note) {
      if (document.activeElement !== box) box.value = text;
      const start = Array.from(text.replace(/\s+/g, ' ').trim()).slice(0, 40).join('');
      title.textContent = `“${start}${start.length < text.length ? '…' : ''}” ${count(tokens)} ${unit}s${note} · change`;
    },
  };
}
