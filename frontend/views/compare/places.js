import { unpack } from '../../api.js';

/**
 * Values of tokens, as values of characters: a token's bits are divided among its characters, and those of one character
 * added up; spans are averaged. NaN where no token is, or its value is not known.
 * @param {ArrayLike<number>} values
 * @param {ArrayLike<number>} starts
 * @param {ArrayLike<number>} ends
 * @param {number} length
 * @param {boolean} shared whether a value is divided, as bits are
 */
export function byPlace(values, starts, ends, length, shared) {
  const sums = new Float64Array(length);
  const counts = new Uint16Array(length);
  for (let t = 0; t < values.length; t++) {
    for (let at = starts[t]; at < ends[t]; at++) {
      sums[at] += shared ? values[t] / (ends[t] - starts[t]) : values[t];
      counts[at] += 1;
    }
  }
  return sums.map((sum, i) => (counts[i] ? sum / (shared ? 1 : counts[i]) : NaN));
}

/**
 * @param {{ tokens: { start: Packed, end: Packed }, bits: Packed, span: Packed }} reading
 * @param {number} length in characters
 */
export function valuesOf({ tokens, bits, span }, length) {
  const [starts, ends] = [unpack(tokens.start).values, unpack(tokens.end).values];
  return {
    bits: byPlace(unpack(bits).values, starts, ends, length, true),
    span: byPlace(unpack(span).values, starts, ends, length, false),
  };
}

/** @typedef {ReturnType<typeof valuesOf>} Values */

const letter = /[\p{L}\p{M}\p{N}']/u;

/**
 * Words, and what stands between them character by character.
 * @param {string[]} characters
 */
export function words(characters) {
  /** @type {{ from: number, to: number, text: string }[]} */
  const found = [];
  characters.forEach((character, i) => {
    const last = found.at(-1);
    if (last && letter.test(character) && letter.test(characters[i - 1])) {
      last.to = i + 1;
      last.text += character;
    } else found.push({ from: i, to: i + 1, text: character });
  });
  return found;
}

/** @param {ArrayLike<number>} values those that are known */
export const sumOf = (values) => Array.from(values).reduce((sum, value) => (Number.isFinite(value) ? sum + value : sum), 0);

/** @param {ArrayLike<number>} values those that are known */
export const meanOf = (values) => sumOf(values) / Array.from(values).filter(Number.isFinite).length;
