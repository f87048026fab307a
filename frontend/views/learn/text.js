import { examples } from '../../parts/examples.js';
import { numberOf } from './step.js';

/** What the steps read. */
export const sentence = examples['Compound words'];
const usualPlace = sentence.indexOf('straightforward') + 8;

/** The character that is looked at. @param {Choices} choices */
export const placeOf = ({ place }) => Math.round(numberOf(place, usualPlace, 1, sentence.length - 1));

/**
 * The token at a character, or the last before it: a model of few symbols drops some.
 * @param {ArrayLike<number>} starts where each token starts, in characters
 * @param {number} place
 */
export function tokenAt(starts, place) {
  let token = 0;
  while (token + 1 < starts.length && starts[token + 1] <= place) token++;
  return token;
}

/** A character as one can see it. @param {string} character */
export const visible = (character) => (character === ' ' ? '␣' : character === '\n' ? '↵' : character);

/** The character at a place, in words. @param {number} place */
export function named(place) {
  const before = sentence.slice(0, place);
  const word = before.match(/\w*$/)?.[0] ?? '';
  const rest = sentence.slice(place).match(/^\w*/)?.[0] ?? '';
  if (rest) return `“${sentence[place]}”, letter ${word.length + 1} of “${word}${rest}”`;
  return `the “${visible(sentence[place])}” after “${before.match(/\w+(?=\W*$)/)?.[0] ?? ''}”`;
}
