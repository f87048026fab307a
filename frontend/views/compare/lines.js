import { el } from '../../parts/dom.js';
import { css, diverging, position, tinter } from '../../parts/scale.js';
import { isDark, onTheme } from '../../theme.js';
import { domainOf } from '../../parts/measures.js';
import { tintScale } from '../../parts/tint-scale.js';
import { wrap } from './columns.js';

/** More would only be slow to look at: the CSV holds all. */
const mostShown = 3000;
/** As compare.css has it. */
const whoWidth = 64;
const shownAs = /** @type {Record<string, string>} */ ({ '\n': '↵', '\t': '⇥' });

/**
 * @typedef {{ columns: import('./columns.js').Column[], measure: 'bits' | 'span', names: [string, string], unit: string }} About
 */

/**
 * Two readings line under line, tinted, and under them where they differ.
 * @param {Frame} frame
 * @param {{ onPlace: (column: number) => void }} listeners
 */
export function twoLines(frame, { onPlace }) {
  /** @type {About | undefined} */
  let shown;
  /** @type {HTMLElement[][]} the cells of each column */
  let cells = [];
  /** @type {[number, number][]} */
  let lines = [];
  let place = 0;
  let width = 0;
  const ruler = el('span', { class: 'ruler', 'aria-hidden': 'true' }, '0'.repeat(40));
  const body = el('div');
  const element = el('div', { id: 'compare-lines', class: 'two-lines', role: 'group', tabindex: '0', onkeydown: keys, onpointerover: hover, onclick: hover }, ruler, body);
  const scale = tintScale();
  const legend = el('span');
  const cut = el('p', { class: 'note' });

  const sizes = new ResizeObserver(() => {
    if (element.clientWidth === width) return;
    width = element.clientWidth;
    build();
  });
  sizes.observe(element);
  frame.signal.addEventListener('abort', () => sizes.disconnect());
  onTheme(build, frame.signal);

  function build() {
    if (!shown || !width) return;
    const { columns, measure, names } = shown;
    const visible = columns.slice(0, mostShown);
    const tints = tintsOf(columns, measure);
    const [a, b, difference] = names.concat(`${names[1]} − ${names[0]}`);
    cells = visible.map((column, i) => [
      cell(i, column.a, tints.value(column[measure].a)), cell(i, column.b, tints.value(column[measure].b)),
      cell(i, tints.sign(column), tints.difference(column[measure].difference)),
    ]);
    const letters = Math.max(16, Math.floor((width - whoWidth) / (ruler.offsetWidth / 40)));
    lines = wrap(visible, letters);
    /** @param {string} who @param {number} row @param {[number, number]} range */
    const row = (who, row, [from, to]) => el('div', { class: row === 2 ? 'row differ' : 'row', 'aria-hidden': row === 2 && 'true' },
      el('span', { class: 'who' }, who), el('span', { class: 'chars' }, ...cells.slice(from, to).map((own) => own[row])));
    body.replaceChildren(...lines.map((range) => el('div', { class: 'line' }, row(a, 0, range), row(b, 1, range), row(difference, 2, range))));
    scale.show(tints.domain, measure, shown.unit);
    legend.textContent = `${difference}: + on orange where ${b} ${measure === 'bits' ? 'needs more bits' : 'looks further'}, − on purple where ${measure === 'bits' ? 'fewer' : 'less far'}`;
    cut.textContent = columns.length > mostShown ? `The first ${mostShown.toLocaleString('en')} characters; the CSV holds all.` : '';
    mark(Math.min(place, visible.length - 1));
  }

  /** @param {number} i @param {string | null} character @param {string} background */
  const cell = (i, character, background) =>
    el('span', { 'data-column': i, style: background && `background:${background}`, class: character === '\n' && 'soft' }, character === null ? ' ' : shownAs[character] ?? character);

  /** @param {number} column */
  function mark(column) {
    cells[place]?.forEach((node) => node.classList.remove('here'));
    place = column;
    cells[place]?.forEach((node) => node.classList.add('here'));
  }

  /** @param {number} column */
  function move(column) {
    const last = Math.min(shown?.columns.length ?? 0, mostShown) - 1;
    mark(Math.min(Math.max(column, 0), last));
    onPlace(place);
  }

  /** @param {Event} event */
  function hover({ target }) {
    const column = target instanceof HTMLElement ? target.dataset.column : undefined;
    if (column !== undefined) move(Number(column));
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const line = lines.findIndex(([, to]) => place < to);
    /** @param {number} step */
    const beside = (step) => {
      const [from, to] = lines[line + step] ?? lines[line];
      return Math.min(from + place - lines[line][0], to - 1);
    };
    const next = { ArrowRight: () => place + 1, ArrowLeft: () => place - 1, ArrowDown: () => beside(1), ArrowUp: () => beside(-1), Home: () => 0, End: () => cells.length - 1 }[event.key];
    if (!next || line < 0) return;
    event.preventDefault();
    move(next());
    cells[place][0].scrollIntoView({ block: 'nearest' });
  }

  return {
    element: el('div', { class: 'block' }, el('div', { class: 'under' }, legend, scale.element), element, cut),
    move,
    /** @param {About} next @param {string} label */
    show(next, label) {
      shown = next;
      element.setAttribute('aria-label', label);
      build();
    },
  };
}

/** The colours of values, and of differences. @param {import('./columns.js').Column[]} columns @param {'bits' | 'span'} measure */
function tintsOf(columns, measure) {
  const domain = domainOf(columns.flatMap(({ [measure]: { a, b } }) => [a, b]), measure);
  const [tint, apart] = [tinter(), diverging(isDark() ? 0.42 : 0.5)];
  const sizes = columns.map(({ [measure]: { difference } }) => Math.abs(difference)).filter(Number.isFinite).sort((x, y) => x - y);
  const most = Math.max(sizes[Math.floor(0.98 * (sizes.length - 1))] ?? 0, measure === 'bits' ? 0.1 : 1);
  const level = (/** @type {number} */ value) => value / most;
  return {
    domain,
    value: (/** @type {number} */ value) => (Number.isFinite(value) ? css(tint(position(value, domain))) : ''),
    difference: (/** @type {number} */ value) => (Number.isFinite(value) ? css(apart(level(value))) : ''),
    /** @param {import('./columns.js').Column} column */
    sign({ a, b, [measure]: { difference } }) {
      if (a === null) return '+';
      if (b === null) return '−';
      return Math.abs(level(difference)) < 0.5 || !Number.isFinite(difference) ? ' ' : difference > 0 ? '+' : '−';
    },
  };
}
