import { count, headName, share } from '../../words.js';
import { floor } from './codes.js';
import { strongest, summary } from './subject.js';

/** @param {number} weight as a share, small ones too */
export function weightWords(weight) {
  if (weight < floor) return `under ${100 * floor}%`;
  return weight < 0.001 ? `${Number((100 * weight).toPrecision(1))}%` : share(weight);
}

/** @param {number} distance @param {string} unit */
export const backWords = (distance, unit) => `${count(distance)} ${unit}${distance === 1 ? '' : 's'} back`;

/**
 * What the chosen head reads from the chosen token, in a sentence.
 * @param {import('./subject.js').Subject} subject
 * @param {number} row
 * @param {{ layer: number, head: number }} head
 * @param {Float32Array} weights
 * @param {string} unit
 */
export function headline(subject, row, head, weights, unit) {
  const [{ distance, weight }] = strongest(weights.subarray(0, Math.max(1, row)), 1);
  const { outside, holders } = summary(weights, row);
  const at = `At the ${subject.nameOf(row)}, ${headName(head)}`;
  if (outside > 0.5) return `${at} looks before the text, with ${share(outside)} of its attention.`;
  const key = `${subject.nameOf(row - distance)}, ${backWords(distance, unit)}`;
  if (weight > 0.2) return `${at} reads the ${key}, with ${share(weight)} of its attention.`;
  return `${at} spreads 90% of its attention over ${count(holders)} ${unit}s, most on the ${key}.`;
}

/** @param {[number, number]} rows edges @param {string} unit */
export const rowsInWords = ([first, stop], unit) => `${unit}s ${count(Math.floor(first))} to ${count(Math.ceil(stop) - 1)}`;
