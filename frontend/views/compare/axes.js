import { logTicks } from '../../parts/scale.js';

/** Where the facets of a figure stand, and what their axes show; in pixels. */

export const edge = { l: 56, r: 16, t: 32, b: 44 };
const gap = { across: 76, down: 84 };
const rowHeights = { wide: 360, narrow: 210 };
const narrow = 600;

/** @param {number} facets how many @param {number} width of the picture */
export const heightFor = (facets, width) =>
  width < narrow ? edge.t + edge.b + facets * rowHeights.narrow + (facets - 1) * gap.down : rowHeights.wide;

/** Side by side, what is ours wider; on a narrow page below each other. @param {import('./facets.js').Facet[]} facets @param {number} width of the picture */
export function domains(facets, width) {
  const stacked = width < narrow;
  const room = width - edge.l - edge.r;
  if (stacked) {
    const whole = facets.length * rowHeights.narrow + (facets.length - 1) * gap.down;
    return facets.map((_, i) => {
      const top = 1 - (i * (rowHeights.narrow + gap.down)) / whole;
      return { x: [0, 1], y: [Math.max(0, top - rowHeights.narrow / whole), top], width: room, height: rowHeights.narrow };
    });
  }
  const weights = facets.map(({ chosen }) => (chosen.length ? 1.5 : 1));
  const free = room - gap.across * (facets.length - 1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = 0;
  return weights.map((weight) => {
    const own = (free * weight) / total;
    const place = { x: [left / room, Math.min(1, (left + own) / room)], y: [0, 1], width: own, height: rowHeights.wide - edge.t - edge.b };
    left += own + gap.across;
    return place;
  });
}

/** @param {number[]} values @param {number} part of their breadth left free on either side @param {number} least @returns {[number, number]} */
export function rangeOf(values, part, least) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const air = Math.max(part * (high - low), least);
  return [low - air, high + air];
}

/** @param {number} low @param {number} high @param {number} most */
export function ticksOf(low, high, most) {
  if (high / low < 5) {
    const rough = (high - low) / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * ([1, 2, 5, 10].find((of) => of * power >= rough) ?? 10);
    return Array.from({ length: most + 1 }, (_, i) => (Math.ceil(low / step) + i) * step).filter((tick) => tick <= high);
  }
  const ticks = logTicks(low, high);
  const powers = ticks.filter((tick) => Math.abs(Math.log10(tick) - Math.round(Math.log10(tick))) < 1e-9);
  return ticks.length <= most ? ticks : powers.filter((_, i) => i % Math.ceil(powers.length / most) === 0);
}
