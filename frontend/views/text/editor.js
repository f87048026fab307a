import { el } from '../../parts/dom.js';
import { css } from '../../parts/scale.js';

/** Past this the service refuses a text, and a page of so many coloured spans is of no use either. */
const mostCharacters = 20000;

/**
 * A text one types into while its characters are coloured: a box with clear letters over a coloured layer.
 * @param {{ onText: (text: string) => void, onPlace: (index: number | null) => void }} listeners
 */
export function editor({ onText, onPlace }) {
  const layer = el('div', { id: 'text-coloured', 'aria-hidden': 'true' });
  const box = el('textarea', {
    id: 'text-input', 'aria-label': 'Text to read', 'aria-describedby': 'text-status', spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off',
    placeholder: 'Paste or type a text, or choose an example.', oninput: typed, onpointermove: hover, onpointerleave: leave,
  });
  /** @type {string[]} */
  let characters = [];
  /** @type {HTMLElement[]} */
  let cells = [];
  let shown = -1;
  let hovered = false;

  function typed() {
    write(box.value);
    onText(box.value);
  }

  /** What did not change keeps its colour until the new ones arrive. @param {string} text */
  function write(text) {
    const next = Array.from(text);
    if (next.length > mostCharacters) {
      layer.textContent = text;
      [characters, cells] = [[], []];
      return;
    }
    if (!cells.length) layer.textContent = '';
    const most = Math.min(next.length, characters.length);
    let before = 0;
    while (before < most && next[before] === characters[before]) before++;
    let after = 0;
    while (after < most - before && next.at(-1 - after) === characters.at(-1 - after)) after++;
    const fresh = next.slice(before, next.length - after).map((character) => el('span', {}, character));
    cells.splice(before, cells.length - before - after, ...fresh).forEach((cell) => cell.remove());
    const follower = cells[before + fresh.length] ?? null;
    const added = document.createDocumentFragment();
    added.append(...fresh);
    layer.insertBefore(added, follower);
    for (let i = before; i < cells.length; i++) cells[i].dataset.index = String(i);
    characters = next;
  }

  let waiting = false;
  /** @param {PointerEvent} event */
  function hover({ clientX, clientY }) {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const under = document.elementsFromPoint(clientX, clientY).find((node) => node instanceof HTMLElement && node.parentElement === layer);
      if (!(under instanceof HTMLElement)) return;
      hovered = true;
      onPlace(Number(under.dataset.index));
    });
  }

  function leave() {
    hovered = false;
    onPlace(caret());
  }

  function caret() {
    const at = Array.from(box.value.slice(0, box.selectionStart)).length;
    return cells.length ? Math.min(at, cells.length - 1) : null;
  }

  return {
    element: el('div', { class: 'editor' }, layer, box),
    layer,
    /** @param {AbortSignal} signal */
    followCaret(signal) {
      document.addEventListener('selectionchange', () => {
        if (document.activeElement === box && !hovered) onPlace(caret());
      }, { signal });
      box.addEventListener('keydown', () => { hovered = false; }, { signal });
    },
    /** @param {string} text */
    set(text) {
      if (box.value !== text) box.value = text;
      write(text);
    },
    /** @param {Float32Array} values one a character @param {(value: number) => import('../../parts/scale.js').Rgb} colourOf */
    paint(values, colourOf) {
      if (values.length !== cells.length) return;
      cells.forEach((cell, i) => {
        const known = Number.isFinite(values[i]);
        cell.style.backgroundColor = known ? css(colourOf(values[i])) : '';
        cell.dataset.value = known ? values[i].toPrecision(4) : '';
      });
    },
    /** @param {number | null} index */
    mark(index) {
      cells[shown]?.classList.remove('here');
      shown = index ?? -1;
      cells[shown]?.classList.add('here');
    },
  };
}
