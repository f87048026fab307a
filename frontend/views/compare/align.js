/** @typedef {[number | null, number | null]} Pair a place in each of two texts; null where one has no counterpart */

/** Texts that differ by more are set against each other as wholes. */
const mostEdits = 1000;

/**
 * What two texts share, by the fewest characters added and dropped (Myers 1986).
 * @param {string[]} before
 * @param {string[]} after
 * @returns {Pair[]}
 */
export function align(before, after) {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const middle = fewestEdits(before.slice(head, before.length - tail), after.slice(head, after.length - tail));
  return [
    ...together(0, 0, head),
    ...middle.map(([a, b]) => /** @type {Pair} */ ([a === null ? null : a + head, b === null ? null : b + head])),
    ...together(before.length - tail, after.length - tail, tail),
  ];
}

/** @param {number} a @param {number} b @param {number} length @returns {Pair[]} */
const together = (a, b, length) => Array.from({ length }, (_, i) => [a + i, b + i]);

/**
 * Diagonal k holds the places with a - b = k; reach[k] is how far along it so many edits get.
 * @param {string[]} before
 * @param {string[]} after
 * @returns {Pair[]}
 */
function fewestEdits(before, after) {
  const most = Math.min(before.length + after.length, mostEdits);
  const reach = new Int32Array(2 * most + 3);
  /** @type {Int32Array[]} */
  const earlier = [];
  for (let edits = 0; edits <= most; edits++) {
    earlier.push(reach.slice());
    for (let k = -edits; k <= edits; k += 2) {
      let a = stepDown(reach, most, k, edits) ? reach[most + 1 + k + 1] : reach[most + 1 + k - 1] + 1;
      while (a < before.length && a - k < after.length && before[a] === after[a - k]) a++;
      reach[most + 1 + k] = a;
      if (a >= before.length && a - k >= after.length) return walkBack(earlier, most, before.length, after.length);
    }
  }
  return [...before.map((_, a) => /** @type {Pair} */ ([a, null])), ...after.map((_, b) => /** @type {Pair} */ ([null, b]))];
}

/** Whether diagonal k is reached by adding a character rather than by dropping one. @param {Int32Array} reach @param {number} most @param {number} k @param {number} edits */
const stepDown = (reach, most, k, edits) => k === -edits || (k !== edits && reach[most + k] < reach[most + k + 2]);

/** @param {Int32Array[]} earlier @param {number} most @param {number} a @param {number} b @returns {Pair[]} */
function walkBack(earlier, most, a, b) {
  /** @type {Pair[]} */
  const pairs = [];
  for (let edits = earlier.length - 1; edits > 0; edits--) {
    const reach = earlier[edits];
    const added = stepDown(reach, most, a - b, edits);
    const k = a - b + (added ? 1 : -1);
    const from = reach[most + 1 + k];
    const [startA, startB] = added ? [from, from - k + 1] : [from + 1, from - k];
    while (a > startA && b > startB) pairs.push([--a, --b]);
    pairs.push(added ? [null, --b] : [--a, null]);
  }
  while (a > 0) pairs.push([--a, --b]);
  return pairs.toReversed();
}
