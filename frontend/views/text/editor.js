import { el } from '../../parts/dom.js';
import { cellLayer } from './cells.js';

/**
 * @typedef {{
 *   onText: (text: string) => void, onPlace: (index: number | null, shift: boolean) => void,
 *   onPick: (index: number | null, more: boolean) => void, onScroll: () => void,
 * }} Listeners
 */

/**
 * A text one types into while its characters are coloured: a box with clear letters over a coloured layer.
 * @param {{ most: number } & Listeners} about most: past this a text is not read and has no cells
 */
export function editor({ most, onText, onPlace, onPick, onScroll }) {
  const layer = cellLayer();
  const box = el('textarea', {
    id: 'text-input', 'aria-label': 'Text to read', 'aria-describedby': 'text-status', spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off',
    placeholder: 'Paste or type a text, or choose an example.',
    oninput: typed, onpointermove: hover, onpointerleave: leave, onclick: pick,
  });
  const scroller = el('div', { class: 'editor', onscroll: onScroll }, layer.element, box);
  /** @type {HTMLElement | undefined} */
  let marked;
  /** @type {HTMLElement[]} */
  let held = [];
  let hovered = false;

  function typed() {
    hovered = false;
    onText(box.value);
    write(box.value);
  }

  /** @param {string} text @param {boolean} [byModel] */
  function write(text, byModel) {
    const characters = Array.from(text);
    if (characters.length > most) layer.plain(text);
    else layer.write(characters, byModel);
  }

  /** @param {MouseEvent} event */
  function under({ clientX, clientY }) {
    const cell = document.elementsFromPoint(clientX, clientY).find((node) => node.localName === 'span' && layer.element.contains(node));
    return cell ? layer.indexOf(cell) : null;
  }

  let waiting = false;
  /** @param {PointerEvent} event */
  function hover(event) {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const index = under(event);
      if (index === null) return;
      hovered = true;
      onPlace(index, event.shiftKey);
    });
  }

  function leave() {
    if (hovered) onPlace(caret(), false);
    hovered = false;
  }

  /** @param {MouseEvent} event */
  function pick(event) {
    if (box.selectionStart === box.selectionEnd) onPick(under(event), event.ctrlKey || event.metaKey);
  }

  function caret() {
    const at = Array.from(box.value.slice(0, box.selectionStart)).length;
    return layer.count() ? Math.min(at, layer.count() - 1) : null;
  }

  /** The box cannot scroll to its caret, since it is as high as its text. @param {number | null} index */
  function reveal(index) {
    const cell = index === null ? undefined : layer.node(index);
    if (!cell) return;
    const [{ top, bottom }, sight] = [cell.getBoundingClientRect(), scroller.getBoundingClientRect()];
    scroller.scrollTop += Math.min(0, top - sight.top - 8) + Math.max(0, bottom - sight.bottom + 8);
  }

  return {
    element: scroller,
    layer,
    hovered: () => hovered,
    /** @param {AbortSignal} signal */
    followCaret(signal) {
      document.addEventListener('selectionchange', () => {
        if (document.activeElement !== box || hovered) return;
        onPlace(caret(), false);
        reveal(caret());
      }, { signal });
      box.addEventListener('keydown', ({ key }) => { if (key !== 'Shift' && key !== 'Control') hovered = false; }, { signal });
    },
    /** @param {string} text */
    set(text) {
      if (box.value !== text) box.value = text;
      write(text);
    },
    /** What the model writes goes to the end, and the caret stays. @param {string} text */
    append(text) {
      const { selectionStart, selectionEnd } = box;
      box.value += text;
      box.setSelectionRange(selectionStart, selectionEnd);
      write(box.value, true);
      scroller.scrollTop = scroller.scrollHeight;
      return box.value;
    },
    /** @param {number | null} index */
    mark(index) {
      marked?.classList.remove('here');
      marked = index === null ? undefined : layer.node(index);
      marked?.classList.add('here');
    },
    /** @param {number[]} indices */
    hold(indices) {
      held.forEach((node) => node.classList.remove('held', 'second'));
      held = indices.flatMap((index) => layer.node(index) ?? []);
      held.forEach((node, i) => node.classList.add('held', ...(i ? ['second'] : [])));
    },
    /** The characters of the lines in sight, [first, last). */
    inSight() {
      const { top, bottom } = scroller.getBoundingClientRect();
      const place = (/** @type {number} */ index) => layer.node(index).getBoundingClientRect();
      return [firstOf(layer.count(), (i) => place(i).bottom > top + 2), firstOf(layer.count(), (i) => place(i).top > bottom - 2)];
    },
    /** @param {number} index */
    bring(index) {
      const cell = layer.node(index);
      if (cell) scroller.scrollTop += cell.getBoundingClientRect().top - scroller.getBoundingClientRect().top - scroller.clientHeight / 2;
    },
  };
}

/** The first of `count` numbers for which something holds, given that it holds for all after it. @param {number} count @param {(i: number) => boolean} holds */
function firstOf(count, holds) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
