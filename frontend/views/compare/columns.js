/** Two readings set against each other, a column for every character that either has. */

import { unpack } from '../../api.js';
import { align } from './align.js';
import { byPlace, meanOf, sumOf, valuesOf, words } from './places.js';

/**
 * `a`, `b`: the characters, null where one text lacks it; of each measure the value in either reading and what the second adds.
 * @typedef {{ a: number, b: number, difference: number }} Pair
 * @typedef {{ a: string | null, b: string | null, bits: Pair, span: Pair }} Column
 */

/** One text, read by two checkpoints. @param {TextComparison} answer @param {string} text @returns {Column[]} */
export function ofReaders({ readings: [first, second], differences: [added], places }, text) {
  const characters = Array.from(text);
  const [a, b] = [first, second].map((reading) => valuesOf(reading, characters.length));
  const [starts, ends] = [unpack(first.tokens.start).values, unpack(first.tokens.end).values];
  /** @param {Packed} packed @param {boolean} shared */
  const difference = (packed, shared) => (places === 'token' ? byPlace(unpack(packed).values, starts, ends, characters.length, shared) : unpack(packed).values);
  const by = { bits: difference(added.bits, true), span: difference(added.span, false) };
  return characters.map((character, i) => ({
    a: character, b: character,
    bits: { a: a.bits[i], b: b.bits[i], difference: by.bits[i] }, span: { a: a.span[i], b: b.span[i], difference: by.span[i] },
  }));
}

/** Two versions of a text, read by one checkpoint. @param {[Analysis, Analysis]} answers @param {[string, string]} texts @returns {Column[]} */
export function ofVersions(answers, texts) {
  const characters = texts.map((text) => Array.from(text));
  const [one, two] = answers.map(({ tokens, bits, fields }, i) => valuesOf({ tokens, bits, span: fields.span }, characters[i].length));
  return align(characters[0], characters[1]).map(([i, j]) => {
    /** @param {'bits' | 'span'} measure */
    const pair = (measure) => {
      const [a, b] = [i === null ? NaN : one[measure][i], j === null ? NaN : two[measure][j]];
      return { a, b, difference: b - a };
    };
    return { a: i === null ? null : characters[0][i], b: j === null ? null : characters[1][j], bits: pair('bits'), span: pair('span') };
  });
}

/**
 * The words on which two readings differ most.
 * @param {Column[]} columns
 * @param {'bits' | 'span'} measure bits of a word are added up, spans averaged
 */
export function mostApart(columns, measure) {
  const there = columns.map(({ b }, at) => ({ b, at })).filter(({ b }) => b !== null);
  const whole = measure === 'bits' ? sumOf : meanOf;
  return words(there.map(({ b }) => b ?? '')).map(({ from, to, text }) => {
    const own = there.slice(from, to).map(({ at }) => columns[at][measure]).filter(({ difference }) => Number.isFinite(difference));
    const of = (/** @type {keyof Pair} */ key) => whole(own.map((pair) => pair[key]));
    return { text, at: there[from].at, a: of('a'), b: of('b'), difference: own.length ? of('difference') : 0 };
  }).sort((x, y) => Math.abs(y.difference) - Math.abs(x.difference));
}

/** @typedef {ReturnType<typeof mostApart>[number]} Apart */

/** The word that did most for a difference of this sign. @param {Apart[]} apart @param {number} whole */
export function leading(apart, whole) {
  const found = apart.filter(({ difference }) => difference * whole > 0);
  return found.find(({ text }) => text.length > 1) ?? found[0];
}

/** Bits that the second version has more, by what they are spent on. @param {Column[]} columns */
export function spent(columns) {
  const bits = (/** @type {(column: Column) => number} */ value) => sumOf(columns.map(value));
  return {
    added: bits(({ a, bits: { b } }) => (a === null ? b : NaN)),
    dropped: bits(({ b, bits: { a } }) => (b === null ? a : NaN)),
    shared: bits(({ bits: { difference } }) => difference),
  };
}

/**
 * Lines of at most so many columns, broken after newlines and, where they can be, after spaces.
 * @param {Column[]} columns
 * @param {number} most
 * @returns {[number, number][]} where each begins and ends
 */
export function wrap(columns, most) {
  /** @type {[number, number][]} */
  const lines = [];
  let from = 0;
  let space = 0;
  columns.forEach(({ a, b }, i) => {
    const character = b ?? a;
    if (i - from >= most) {
      const to = space > from + most / 2 ? space : i;
      lines.push([from, to]);
      from = to;
    }
    if (character === ' ') space = i + 1;
    if (character === '\n') {
      lines.push([from, i + 1]);
      from = i + 1;
    }
  });
  if (from < columns.length) lines.push([from, columns.length]);
  return lines;
}
