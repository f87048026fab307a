import * as api from '../../api.js';
import { el } from '../../parts/dom.js';
import { segments } from '../../parts/segments.js';
import { amount, bits, signed } from '../../words.js';
import { examples } from '../../parts/examples.js';
import { visible } from '../../parts/kinds.js';
import { alongBoth } from './along.js';
import { apartTable } from './apart.js';
import { textBoxes } from './boxes.js';
import { leading, mostApart, ofReaders, ofVersions, spent } from './columns.js';
import { twoLines } from './lines.js';
import { meanOf } from './places.js';
import { readingsDiffer, versionsDiffer } from './words.js';

/** @typedef {import('../compare.js').Shown} Shown @typedef {{ columns: import('./columns.js').Column[], mean: number | null, unit: string }} Read */

/**
 * One text read by two checkpoints, or two versions of it by one, and where they differ.
 * @param {Frame} frame
 */
export function textSection(frame) {
  /** @type {import('../compare.js').State} */
  let state;
  /** @type {Read | undefined} */
  let read;
  let [readKey, shownKey] = ['', ''];
  let complained = false;
  let asked = new AbortController();

  const by = segments('compare texts by', (value) => frame.choose({ by: value }));
  const measures = segments('show', (value) => frame.choose({ show: value }));
  const partner = segments('checkpoint', (value) => frame.choose(mode() === 'versions' ? { reader: value } : { other: value }));
  const example = el('select', { 'aria-label': 'Examples', onchange: () => frame.choose({ text: examples[/** @type {keyof typeof examples} */ (example.value)], stored: undefined, edited: undefined, editedStored: undefined }) },
    el('option', { value: '' }, 'examples'), ...Object.keys(examples).map((name) => el('option', { value: name }, name)));
  const boxes = textBoxes(frame);
  const finding = el('p', { id: 'compare-finding', role: 'status' });
  const here = el('p', { class: 'note numbers', id: 'compare-here' });
  const lines = twoLines(frame, { onPlace: place });
  const along = alongBoth(frame, { onPlace: (column) => lines.move(column) });
  const worst = apartTable((column) => lines.move(column));
  const pictures = el('div', { class: 'block' }, lines.element, here, along.element, worst.element);
  pictures.hidden = true;
  frame.signal.addEventListener('abort', () => asked.abort());

  const mode = () => (state.choices.by === 'versions' || state.chosen.length === 1 ? 'versions' : 'checkpoints');
  /** @returns {'bits' | 'span'} */
  const measure = () => (state.choices.show === 'span' ? 'span' : 'bits');
  const readers = () => {
    const named = (/** @type {string | undefined} */ letter, /** @type {number} */ usual) => state.chosen.find((checkpoint) => checkpoint.letter === letter) ?? state.chosen[usual];
    return mode() === 'versions' ? [named(state.choices.reader, 0)] : [state.chosen[0], named(state.choices.other === 'A' ? 'B' : state.choices.other, 1)];
  };

  /** @param {{ text: string, edited: string }} texts @param {AbortSignal} signal @returns {Promise<Read>} */
  async function ask({ text, edited }, signal) {
    const [first, second] = readers();
    if (mode() === 'versions') {
      const [one, two] = await Promise.all([text, edited].map((each) => api.analyse(first.id, { text: each, fields: ['span'], reduce: 'all' }, signal)));
      return { columns: ofVersions([one, two], [text, edited]), mean: null, unit: first.unit.slice(0, -1) };
    }
    const answer = await api.compareReadings({ ids: [first.id, second.id], text }, signal);
    const columns = ofReaders(answer, text);
    const [a, b] = answer.readings.map(({ bpc }) => bpc);
    const together = answer.places === 'token' && a !== null && b !== null;
    return { columns, mean: together ? b - a : meanOf(columns.map(({ bits: { difference } }) => difference)), unit: together ? first.unit.slice(0, -1) : 'character' };
  }

  /** A choice that is not about texts leaves the place in them alone. */
  function presentOnce() {
    const key = readKey + measure();
    if (key === shownKey) return undefined;
    shownKey = key;
    return present();
  }

  function present() {
    if (!read) return undefined;
    const { columns, mean, unit } = read;
    const [first, second = first] = readers();
    const names = /** @type {[string, string]} */ (mode() === 'versions' ? ['V1', 'V2'] : [first.letter, second.letter]);
    const apart = mostApart(columns, measure());
    const parts = spent(columns);
    const added = measure() === 'span' || mean === null ? meanOf(columns.map((column) => column[measure()].difference)) : mean;
    const words = mode() === 'versions' && measure() === 'bits' ? versionsDiffer({ ...parts, most: leading(apart, parts.shared) })
      : readingsDiffer({
        measure: measure(), names: mode() === 'versions' ? ['version 1', 'Version 2'] : names, most: leading(apart, added), mean: added,
        unit: measure() === 'bits' ? unit : state.unit,
      });
    finding.textContent = words;
    pictures.hidden = false;
    const about = { columns, measure: measure(), names, unit: state.unit, ids: [...new Set([first.id, second.id])].join(', '), colours: /** @type {[Variant, Variant]} */ ([first.variant, second.variant]) };
    lines.show(about, `Two readings of a text, ${columns.length} characters; arrow keys move over them. ${words}`);
    worst.show(apart, names, measure());
    const drawn = along.show(about, words);
    lines.move(apart[0]?.at ?? 0);
    return drawn;
  }

  /** @param {number} column */
  function place(column) {
    if (!read || !read.columns[column]) return;
    const { a, b, ...pairs } = read.columns[column];
    const names = mode() === 'versions' ? ['V1', 'V2'] : readers().map(({ letter }) => letter);
    /** @param {import('./columns.js').Pair} pair @param {(value: number) => string} written */
    const numbers = (pair, written) => `${names[0]} ${written(pair.a)}, ${names[1]} ${written(pair.b)}${Number.isFinite(pair.difference) ? ` (${signed(pair.difference, written)})` : ''}`;
    const only = a === null ? `only in version 2 · ` : b === null ? 'only in version 1 · ' : '';
    here.textContent = `“${visible(b ?? a ?? '')}” · ${only}bits ${numbers(pairs.bits, bits)} · span ${numbers(pairs.span, amount)}`;
    along.cursor(column);
  }

  function showControls() {
    const { chosen } = state;
    const versions = mode() === 'versions';
    by.element.hidden = chosen.length === 1;
    by.show({ checkpoints: 'one text, two checkpoints', versions: 'two versions, one checkpoint' }, mode());
    measures.show({ bits: 'bits', span: 'span' }, measure());
    const letters = (versions ? chosen : chosen.slice(1)).map(({ letter }) => [letter, versions ? `read by ${letter}` : `A and ${letter}`]);
    partner.element.hidden = letters.length < 2;
    partner.show(Object.fromEntries(letters), readers()[versions ? 0 : 1].letter);
    boxes.name(versions);
    example.value = '';
  }

  return {
    element: el('section', { id: 'compare-text', class: 'block' },
      el('div', { class: 'bar' }, el('h2', {}, 'The same text, line under line')),
      el('div', { class: 'controls' }, by.element, partner.element, measures.element, example),
      boxes.element, finding, pictures),
    /** @param {import('../compare.js').State} next */
    async show(next) {
      state = next;
      showControls();
      const texts = boxes.recall(next.choices);
      const key = JSON.stringify([mode(), readers().map(({ id }) => id), texts.text, mode() === 'versions' ? texts.edited : '']);
      if (key === readKey) return presentOnce();
      asked.abort();
      asked = new AbortController();
      const { signal: stale } = asked;
      const mute = readers().find(({ alphabet }) => alphabet === 'unknown');
      const silent = mute ? `${mute.letter} numbers its symbols without naming them, so it cannot read a text.` : !texts.text || (mode() === 'versions' && !texts.edited) ? 'What should they read?' : '';
      if (silent) {
        [read, readKey, shownKey, pictures.hidden] = [undefined, '', '', true];
        finding.textContent = silent;
        return undefined;
      }
      try {
        const answer = await ask(texts, AbortSignal.any([stale, frame.signal]));
        if (stale.aborted || frame.signal.aborted) return undefined;
        [read, readKey] = [answer, key];
        if (complained) frame.calm();
        complained = false;
      } catch (error) {
        complained = !(error instanceof Error && error.name === 'AbortError');
        frame.complain(error);
        return undefined;
      }
      return presentOnce();
    },
  };
}
