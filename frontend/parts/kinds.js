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
export const byKind = (characters, values) =>
  means(characters.map((character, i) => [kindOf(character, characters[i - 1] ?? ''), values[i]]), 3)
    .map(({ name, mean }) => ({ kind: /** @type {Kind} */ (name), mean })).sort((a, b) => b.mean - a.mean);

const places = ['first letter', 'second', 'third', 'fourth', 'fifth', 'sixth and on'];

/** Mean value by place in the word. @param {string[]} characters @param {Float32Array} values */
export function byPlace(characters, values) {
  const found = means(words(characters).flatMap(([from, to]) =>
    Array.from({ length: to - from }, (_, i) => /** @type {[string, number]} */ ([places[Math.min(i, places.length - 1)], values[from + i]]))), 1);
  return found.sort((a, b) => places.indexOf(a.name) - places.indexOf(b.name));
}

const mostWords = 8;

/** The words with the highest mean, of two letters or more. @param {string[]} characters @param {Float32Array} values */
export function byWord(characters, values) {
  const found = means(words(characters).filter(([from, to]) => to - from > 1).flatMap(([from, to]) => {
    const word = characters.slice(from, to).join('').toLowerCase();
    return Array.from(values.slice(from, to), (value) => /** @type {[string, number]} */ ([word, value]));
  }), 1);
  return found.sort((a, b) => b.mean - a.mean).slice(0, mostWords);
}

/** @param {string[]} characters @returns {[number, number][]} from and to of each */
function words(characters) {
  /** @type {[number, number][]} */
  const found = [];
  characters.forEach((character, i) => {
    if (!letter.test(character)) return;
    const last = found.at(-1);
    if (last?.[1] === i) last[1]++;
    else found.push([i, i + 1]);
  });
  return found;
}

/** The mean of each name that has values enough. @param {[string, number][]} named @param {number} enough */
function means(named, enough) {
  const sums = /** @type {Map<string, { sum: number, count: number }>} */ (new Map());
  for (const [name, value] of named) {
    if (!Number.isFinite(value)) continue;
    const so = sums.get(name) ?? { sum: 0, count: 0 };
    sums.set(name, { sum: so.sum + value, count: so.count + 1 });
  }
  return [...sums].filter(([, { count }]) => count >= enough).map(([name, { sum, count }]) => ({ name, mean: sum / count }));
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
