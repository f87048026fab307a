import { amount, headKey } from '../../words.js';
import { answerOf, answerWords, plural } from './words.js';

/** @typedef {(head: GalleryHead) => number | null} Measure */

/**
 * What cards can be sorted by, the usual first; all but layers from the most to the least.
 * @param {Gallery['groups']} groups
 * @returns {Record<string, { name: string, of: Measure }>}
 */
export const ordersOf = (groups) => ({
  layer: { name: 'layer', of: ({ layer, head }) => -(1e6 * layer + head) },
  span: { name: 'span', of: ({ span }) => span },
  distance: { name: 'distance used', of: ({ mean_distance }) => mean_distance },
  ...Object.fromEntries(kindsOf(groups).map(({ kind, index }) =>
    [kind, { name: `use at ${plural(kind)}`, of: (/** @type {GalleryHead} */ head) => head.group_use[index] }])),
  entropy: { name: 'entropy', of: ({ entropy }) => entropy },
  outside: { name: 'outside', of: ({ outside }) => outside },
});

/** The kinds of characters that the texts have. @param {Gallery['groups']} groups */
export const kindsOf = (groups) =>
  groups.flatMap(({ grouping, group, tokens }, index) => (grouping === 'kind' && tokens ? [{ kind: group, index }] : []));

/** @param {string} [words] as 32:512, either end may be missing @returns {[number, number]} */
export function rangeOf(words = '') {
  const [from, to] = words.split(':');
  return [Number(from) || 0, Number(to) || Infinity];
}

/**
 * The heads that the choices ask for, in their order.
 * @param {Gallery} gallery
 * @param {Choices} choices
 */
export function arranged({ heads, groups }, { sort, kind, layer, span }) {
  const orders = ordersOf(groups);
  const { of } = orders[sort ?? 'layer'] ?? orders.layer;
  const [from, to] = rangeOf(span);
  const value = (/** @type {GalleryHead} */ head) => of(head) ?? -Infinity;
  return heads
    .filter((head) => (layer === undefined || head.layer === Number(layer)) && head.span >= from && head.span <= to)
    .filter((head) => kind === undefined || answerOf(head)?.kind === kind)
    .sort((a, b) => value(b) - value(a) || headKey(a).localeCompare(headKey(b)));
}

/**
 * What a card says of its head beside its name: what it is sorted by, where that is its use at a kind, else what it answers to.
 * @param {Gallery} gallery
 * @param {Choices} choices
 * @returns {(head: GalleryHead) => string}
 */
export function toldBy({ groups }, { sort }) {
  const sorted = kindsOf(groups).find(({ kind }) => kind === sort);
  if (!sorted) return answerWords;
  return (head) => {
    const use = head.group_use[sorted.index] ?? NaN;
    return `use ${amount(use)} at ${plural(sorted.kind)}, × ${amount(use / head.use)}`;
  };
}
