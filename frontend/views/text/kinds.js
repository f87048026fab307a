/** Sorts characters by what a reader takes them for, to say what calls for a long span. */

/** @typedef {'newline' | 'space' | 'mark' | 'digit' | 'word start' | 'inside word'} Kind */

/** @type {Record<Kind, string>} how a sentence says where */
export const placeOf = {
  newline: 'at line ends', space: 'at spaces', mark: 'at punctuation', digit: 'at digits',
  'word start': 'at the start of words', 'inside word': 'inside words',
};

const letter = /[\p{L}\p{M}]/u;

/**
 * @param {string} character
 * @param {string} before
 * @returns {Kind}
 */
function kindOf(character, before) {
  if (character === '\n') return 'newline';
  if (/\s/u.test(character)) return 'space';
  if (/\p{N}/u.test(character)) return 'digit';
  if (!letter.test(character)) return 'mark';
  return letter.test(before) ? 'inside word' : 'word start';
}

/**
 * Mean value by kind, highest first; kinds met only once or twice are left out.
 * @param {string[]} characters
 * @param {Float32Array} values
 */
export function byKind(characters, values) {
  const sums = /** @type {Map<Kind, { sum: number, count: number }>} */ (new Map());
  characters.forEach((character, i) => {
    if (!Number.isFinite(values[i])) return;
    const kind = kindOf(character, characters[i - 1] ?? '');
    const so = sums.get(kind) ?? { sum: 0, count: 0 };
    sums.set(kind, { sum: so.sum + values[i], count: so.count + 1 });
  });
  return [...sums].filter(([, { count }]) => count > 2)
    .map(([kind, { sum, count }]) => ({ kind, mean: sum / count }))
    .sort((a, b) => b.mean - a.mean);
}

/**
 * The word around a place, or nothing between words.
 * @param {string[]} characters
 * @param {number} at
 */
export function wordAround(characters, at) {
  if (!letter.test(characters[at])) return '';
  let [from, to] = [at, at + 1];
  while (from > 0 && letter.test(characters[from - 1])) from--;
  while (to < characters.length && letter.test(characters[to])) to++;
  return characters.slice(from, to).join('');
}

/** @param {string} symbol as a person can see it */
export const visible = (symbol) => ({ ' ': 'space', '␣': 'space', '\n': 'newline', '⏎': 'newline', '\t': 'tab', '⇥': 'tab' })[symbol] ?? symbol;
