import { unpack } from '../../api.js';

/**
 * What is known of the tokens of a text, `width` numbers a token in each column.
 * @typedef {{ width: number, values: Float32Array }} Column
 * @typedef {{ count: number, perHead: boolean, symbols: string[], columns: Record<string, Column> }} Raw
 */

/** @param {Analysis} answer @returns {Raw} */
export function rawOf({ tokens, bits, next, fields, axes }) {
  const packed = { start: tokens.start, end: tokens.end, token: tokens.token, bits, likely: next.token, share: next.share, ...fields };
  return {
    count: tokens.count, perHead: axes.includes('head'), symbols: next.symbols,
    columns: Object.fromEntries(Object.entries(packed).map(([name, column]) => [name, columnOf(column)])),
  };
}

/** Places and tokens are small enough to be exact as floats. @param {Packed} packed @returns {Column} */
function columnOf(packed) {
  const { values, shape } = unpack(packed);
  return { width: shape.slice(1).reduce((product, length) => product * length, 1), values: Float32Array.from(values) };
}

/** The first tokens of what is known. @param {Raw} raw @param {number} count @returns {Raw} */
export const headOf = (raw, count) => ({
  ...raw, count,
  columns: Object.fromEntries(Object.entries(raw.columns).map(([name, { width, values }]) => [name, { width, values: values.subarray(0, count * width) }])),
});

/** What is known, and behind it what was added. @param {Raw | undefined} known @param {Raw} added @returns {Raw} */
export function joined(known, added) {
  if (!known?.count) return added;
  return {
    ...added, count: known.count + added.count,
    columns: Object.fromEntries(Object.entries(added.columns).map(([name, { width, values }]) => {
      const all = new Float32Array((known.count + added.count) * width);
      all.set(known.columns[name].values);
      all.set(values, known.count * width);
      return [name, { width, values: all }];
    })),
  };
}

/** How many tokens start before a place of the text. @param {Raw} raw @param {number} place */
export function tokensBefore({ count, columns: { start } }, place) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (start.values[middle] < place) low = middle + 1;
    else high = middle;
  }
  return low;
}
