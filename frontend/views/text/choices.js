import { parseCuts } from '../../parts/cuts.js';
import { findHead, longestOf } from '../../words.js';
import { measures } from '../../parts/measures.js';

const usualShare = 90;

/**
 * What the address chooses, or what is usual where it does not.
 * @param {Choices} choices
 * @param {Checkpoint} checkpoint
 * @param {Head[]} heads
 * @param {import('../../parts/measures.js').Measure} usual
 */
export function chosenFrom(choices, checkpoint, heads, usual) {
  const { show, of, way, share, at, beside, written, head } = choices;
  const chosen = findHead(heads, head) ?? longestOf(heads);
  const second = findHead(heads, beside);
  const percent = Number(share);
  return {
    chosen,
    measure: show && Object.hasOwn(measures, show) ? /** @type {import('../../parts/measures.js').Measure} */ (show) : usual,
    of: of === 'layer' || of === 'head' ? /** @type {import('./reading.js').Of} */ (of) : 'all',
    cuts: parseCuts(choices.cuts, checkpoint),
    way: way === 'readers' ? /** @type {import('./rays.js').Way} */ ('readers') : 'reads',
    share: percent >= 10 && percent <= 100 ? percent : usualShare,
    held: numbers(at).slice(0, 2),
    beside: second === chosen ? undefined : second,
    written: [...(written ?? '').matchAll(/(\d+)-(\d+)/g)].map(([, from, to]) => /** @type {[number, number]} */ ([Number(from), Number(to)])),
  };
}

/** @typedef {ReturnType<typeof chosenFrom>} Chosen */

/** @param {string | undefined} list */
const numbers = (list = '') => list.split(',').filter((part) => /^\d+$/.test(part)).map(Number);
