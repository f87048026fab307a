import { examples } from '../text/examples.js';

/** What the steps read. */
export const sentence = examples['Compound words'];
export const usualPlace = sentence.indexOf('straightforward') + 8;

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

/** The character at a place, and where it stands. @param {number} place */
export function named(place) {
  const start = sentence.slice(0, place + 1).search(/[\w']*$/);
  const word = sentence.slice(start).match(/^[\w']*/)?.[0] ?? '';
  return word && /\w/.test(sentence[place]) ? `“${sentence[place]}” of “${word}”, letter ${place - start + 1}` : `“${visible(sentence[place])}” after “${sentence.slice(0, place).match(/\w+(?=\W*$)/)?.[0] ?? ''}”`;
}
