import { el } from '../../parts/dom.js';
import { css } from '../../parts/scale.js';
import { alike, alikeAtEnd } from './changes.js';

/** @typedef {{ node: HTMLElement, value: number, colour: string }} Cell */

/** The coloured layer: a cell a character in a block a line, so that one more character lays out its line and not the text. */
export function cellLayer() {
  const element = el('div', { id: 'text-coloured', 'aria-hidden': 'true' });
  /** @type {string[]} */
  let characters = [];
  /** @type {Cell[]} */
  let cells = [];
  /** @type {Cell[]} */
  let inked = [];

  /**
   * What did not change keeps its colour until the new ones arrive.
   * @param {string[]} next
   * @param {boolean} [byModel] whether the model wrote what is new
   */
  function write(next, byModel = false) {
    if (!cells.length) element.replaceChildren(el('div'));
    const before = alike(characters, next);
    const after = alikeAtEnd(characters, next, before);
    const fresh = next.slice(before, next.length - after).map((character) => newCell(character, byModel));
    const stale = cells.splice(before, cells.length - before - after, ...fresh);
    characters = next;
    if ([...stale, ...fresh].some(({ node }) => node.textContent === '\n')) breakLines(stale, before, before + fresh.length);
    else {
      const follower = cells[before + fresh.length]?.node;
      const line = follower?.parentElement ?? element.lastElementChild;
      line?.insertBefore(all(fresh.map(({ node }) => node)), follower ?? null);
      stale.forEach(({ node }) => node.remove());
    }
  }

  /** Makes the lines anew that a change touches. @param {Cell[]} stale @param {number} from @param {number} to what is new */
  function breakLines(stale, from, to) {
    let [first, last] = [from, to];
    while (first > 0 && characters[first - 1] !== '\n') first--;
    while (last < cells.length && characters[last] !== '\n') last++;
    last = Math.min(last + 1, cells.length);
    const touched = new Set([...stale, ...cells.slice(first, last)].map(({ node }) => node.parentElement));
    if (last === cells.length) touched.add(/** @type {HTMLElement} */ (element.lastElementChild));
    const lines = [el('div')];
    for (let i = first; i < last; i++) {
      lines[lines.length - 1].append(cells[i].node);
      if (characters[i] === '\n') lines.push(el('div'));
    }
    if (last < cells.length) lines.pop(); // what follows has its line
    element.insertBefore(all(lines), cells[last]?.node.parentElement ?? null);
    touched.forEach((line) => line?.remove());
  }

  return {
    element,
    write,
    count: () => cells.length,
    /** @param {number} index */
    node: (index) => cells[index]?.node,
    /** @param {Element} node */
    indexOf: (node) => cells.findIndex((cell) => cell.node === node),
    /** A text as it is, without cells. @param {string} text */
    plain(text) {
      [characters, cells, inked] = [[], [], []];
      element.replaceChildren(el('div', {}, text));
    },
    /** @param {Float32Array} values one a character, of the first characters @param {(value: number) => import('../../parts/scale.js').Rgb} colourOf */
    paint(values, colourOf) {
      values.forEach((value, i) => {
        const cell = cells[i];
        if (!cell) return;
        const known = Number.isFinite(value);
        const colour = known ? css(colourOf(value)) : '';
        if (colour !== cell.colour) cell.node.style.backgroundColor = colour;
        if (value !== cell.value) cell.node.dataset.value = known ? value.toPrecision(4) : '';
        [cell.colour, cell.value] = [colour, value];
      });
    },
    /** Bars under characters, those of several rays over one another. @param {Map<number, string>} bars the shadows of each */
    ink(bars) {
      for (const { node } of inked) {
        node.style.boxShadow = '';
        node.classList.remove('inked');
      }
      inked = [];
      for (const [index, shadow] of bars) {
        const cell = cells[index];
        if (!cell) continue;
        cell.node.style.boxShadow = shadow;
        cell.node.classList.add('inked');
        inked.push(cell);
      }
    },
    /** What the model wrote, as [from, to). */
    byModel() {
      /** @type {[number, number][]} */
      const runs = [];
      cells.forEach(({ node }, i) => {
        if (!node.classList.contains('by-model')) return;
        const run = runs.at(-1);
        if (run?.[1] === i) run[1]++;
        else runs.push([i, i + 1]);
      });
      return runs;
    },
    /** @param {[number, number][]} runs */
    markByModel(runs) {
      cells.forEach(({ node }, i) => node.classList.toggle('by-model', runs.some(([from, to]) => from <= i && i < to)));
    },
  };
}

/** @param {string} character @param {boolean} byModel @returns {Cell} */
function newCell(character, byModel) {
  const kinds = [byModel && 'by-model', character === '\n' && 'newline'].filter(Boolean).join(' ');
  return { node: el('span', { class: kinds || undefined }, character), value: NaN, colour: '' };
}

/** @param {HTMLElement[]} nodes */
function all(nodes) {
  const fragment = document.createDocumentFragment();
  fragment.append(...nodes);
  return fragment;
}
