import { el } from './dom.js';

/**
 * A panel that on a narrow screen is a sheet from below: its bar stays and opens the rest.
 * @param {{ id: string, label: string, bar: Node[] }} about
 * @param {...(Node | string)} content
 */
export function sheet({ id, label, bar }, ...content) {
  const button = el('button', { type: 'button', class: 'sheet-bar', 'aria-expanded': 'false', 'aria-controls': `${id}-body`, onclick: () => open(!isOpen()) }, ...bar);
  const element = el('aside', { id, class: 'sheet', 'aria-label': label, onkeydown: (/** @type {KeyboardEvent} */ { key }) => { if (key === 'Escape') open(false); } },
    button, el('div', { id: `${id}-body`, class: 'panel' }, ...content));
  element.addEventListener('unfold', () => open(true));
  const isOpen = () => button.getAttribute('aria-expanded') === 'true';

  /** @param {boolean} so */
  function open(so) {
    if (!so && isOpen()) button.focus();
    button.setAttribute('aria-expanded', String(so));
  }
  return element;
}

/** Opens a sheet, where it is one. @param {HTMLElement} element */
export const unfold = (element) => element.dispatchEvent(new Event('unfold'));
