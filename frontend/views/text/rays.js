import { onTheme } from '../../theme.js';
import { beyond, fewest, readBy, reads } from './weights.js';

/** Pixels of the heaviest character's bar, alone and of two. */
const tallest = [7, 4];
export const rayColours = ['var(--accent)', 'var(--marks)'];
const mostRays = 2;

/**
 * @typedef {{ layer: number, head: number }} Place
 * @typedef {'reads' | 'readers'} Way
 * @typedef {{ index: number, head: Place, way: Way, spread: import('./weights.js').Spread, shown: number[] }} Ray
 * @typedef {{ reading: import('./reading.js').Reading, heads: Place[], held: number[], way: Way, share: number }} Looked
 */

/**
 * What heads attend to from a character, drawn on the text: bars under what it reads, or under who reads it.
 * @param {Page} page
 * @param {{
 *   box: ReturnType<typeof import('./editor.js').editor>, rows: ReturnType<typeof import('./attention.js').attentionRows>,
 *   reachOf: (head: Place) => number, onRays: (rays: Ray[]) => void, edges: ReturnType<typeof import('./edges.js').edges>,
 * }} parts
 */
export function rays(page, { box, rows, reachOf, onRays, edges }) {
  /** @type {Looked | undefined} */
  let looked;
  let place = /** @type {number | null} */ (null);
  let turned = false;
  /** @type {Ray[]} */
  let drawn = [];

  /** @param {number} index @param {Place} head @returns {Ray} */
  function ray(index, head) {
    const { reading, way, share } = /** @type {Looked} */ (looked);
    const now = turned ? other(way) : way;
    const rowOf = (/** @type {number} */ token) => rows.row(head, token);
    const spread = now === 'reads' ? reads(reading, index, rowOf) : readBy(reading, index, rowOf, reachOf(head));
    return { index, head, way: now, spread, shown: fewest(spread.weights, share) };
  }

  function draw() {
    if (!looked) return;
    const { reading, heads, held } = looked;
    const from = (held.length ? held : place === null ? [] : [place]).filter((index) => reading.lastToken[index] >= 0);
    const pairs = from.length > 1 ? from.map((index) => ({ index, head: heads[0] })) : from.flatMap((index) => heads.map((head) => ({ index, head })));
    drawn = pairs.slice(0, mostRays).map(({ index, head }) => ray(index, head));
    for (const { head, spread: { missing } } of drawn) if (missing) rows.want(head, missing[0]);
    box.layer.ink(bars(drawn));
    box.hold(held);
    onRays(drawn);
    nameEdges();
  }

  function nameEdges() {
    const [first, stop] = box.inSight();
    edges.show(drawn.map(({ spread: { weights, total, outside } }) => ({ ...beyond(weights, first, stop), all: total + outside })),
      (way) => box.bring(heaviest(drawn, way === 'above' ? [0, first] : [stop, Infinity])));
  }

  const turn = (/** @type {boolean} */ so) => {
    if (so === turned) return;
    turned = so;
    draw();
  };
  for (const name of /** @type {const} */ (['keydown', 'keyup'])) {
    document.addEventListener(name, ({ key }) => { if (key === 'Shift' && box.hovered()) turn(name === 'keydown'); }, { signal: page.signal });
  }
  onTheme(draw, page.signal);

  return {
    draw,
    nameEdges,
    /** @param {Looked} now */
    show(now) {
      looked = now;
      draw();
    },
    /** Until the text that is there has been read. */
    clear() {
      looked = undefined;
      drawn = [];
      box.layer.ink(new Map());
      edges.clear();
    },
    /** @param {number | null} index @param {boolean} shift */
    look(index, shift) {
      const still = looked?.held.length && shift === turned;
      [place, turned] = [index, shift];
      if (!still) draw();
    },
  };
}

/** @param {Way} way @returns {Way} */
const other = (way) => (way === 'reads' ? 'readers' : 'reads');

/** Bars of heights that compare, one under the other where two rays meet. @param {Ray[]} drawn @returns {Map<number, string>} */
function bars(drawn) {
  const most = Math.max(...drawn.map(({ spread: { weights }, shown }) => weights[shown[0]] ?? 0));
  const height = tallest[drawn.length - 1] ?? 0;
  const stacks = /** @type {Map<number, { top: number, shadows: string[] }>} */ (new Map());
  drawn.forEach(({ spread: { weights }, shown }, i) => {
    for (const index of shown) {
      const stack = stacks.get(index) ?? { top: 0, shadows: [] };
      stack.top += Math.max(1, Math.round((height * weights[index]) / most));
      stack.shadows.push(`0 ${stack.top}px 0 ${rayColours[i]}`);
      stacks.set(index, stack);
    }
  });
  return new Map([...stacks].map(([index, { shadows }]) => [index, shadows.join(',')]));
}

/** @param {Ray[]} drawn @param {[number, number]} range */
function heaviest(drawn, [from, stop]) {
  const { weights } = drawn[0].spread;
  let best = from;
  for (let i = from; i < Math.min(stop, weights.length); i++) if (weights[i] > weights[best]) best = i;
  return best;
}
