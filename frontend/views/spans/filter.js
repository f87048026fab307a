import { headKey } from '../../words.js';

/**
 * Which heads some words ask for: parts of a name (L3, H2), bounds (>100 of the span, or by a column's first letters:
 * entropy<3, outside>5%), and "unused" for those that may look far and look near.
 * @template {{ layer: number, head: number, span: number, reach_unused: boolean | null }} Row
 * @param {string} words
 * @param {Record<string, (row: Row) => number | null>} columns by name
 * @returns {(row: Row) => boolean}
 */
export const filterOf = (words, columns) => {
  const tests = words.trim().toLowerCase().split(/\s+/).filter(Boolean).map((word) => testOf(word, columns));
  return (row) => tests.every((test) => test(row));
};

/**
 * @template {{ layer: number, head: number, span: number, reach_unused: boolean | null }} Row
 * @param {string} word
 * @param {Record<string, (row: Row) => number | null>} columns
 * @returns {(row: Row) => boolean}
 */
function testOf(word, columns) {
  const bound = word.match(/^([a-z0-9]*)([<>])(-?\d+(?:\.\d+)?)(%?)$/);
  if (bound) {
    const [, start, sign, number, percent] = bound;
    const name = Object.keys(columns).find((column) => column.startsWith(start || 'span'));
    const limit = Number(number) / (percent ? 100 : 1);
    return (row) => {
      const value = name === undefined ? null : columns[name](row);
      return value !== null && (sign === '<' ? value < limit : value > limit);
    };
  }
  if (word === 'unused') return ({ reach_unused }) => reach_unused === true;
  return (row) => headKey(row).toLowerCase().includes(word.replace('·', ''));
}
