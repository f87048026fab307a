import { amount, bits, count, share } from '../../words.js';
import { byKind, placeOf } from '../../parts/kinds.js';

/**
 * The finding, in words.
 * @param {import('./along.js').Shown} shown
 * @param {Variant} variant
 */
export function headline({ reading, measure, of, chosen, unit }, variant) {
  const values = reading.tokenValues(measure, of, chosen);
  if (!values) return '';
  const finite = values.filter(Number.isFinite);
  const mean = finite.reduce((sum, value) => sum + value, 0) / (finite.length || 1);
  const written = measure === 'outside' ? share : measure === 'bits' ? bits : amount;
  const who = of === 'all' ? 'the heads' : of === 'layer' ? `the heads of layer ${chosen.layer}` : `L${chosen.layer}·H${chosen.head}`;
  const looks = of === 'head' ? 'looks' : 'look';
  const text = reading.count === 1 ? `this one ${unit}` : `these ${count(reading.count)} ${unit}s`;
  const kinds = byKind(reading.characters, reading.characterValues(values, measure));
  const [most, least] = [kinds[0], kinds.at(-1)];
  const flat = measure === 'span' && variant !== 'dynamic';
  const apart = most && least && most !== least && !flat && written(most.mean) !== written(least.mean)
    ? `; ${placeOf[most.kind]} ${written(most.mean)}, ${placeOf[least.kind]} ${written(least.mean)}` : '';
  const finding = {
    distance: `On ${text} ${who} ${looks} back ${amount(mean)} ${unit}s on average`,
    span: flat
      ? `Whatever the text, ${who} may look back ${amount(mean)} ${unit}s${of === 'head' ? '' : ' on average'}`
      : `On ${text} ${who} may look back ${amount(mean)} ${unit}s on average`,
    bits: `${text.replace('these', 'These').replace('this', 'This')} cost ${bits(mean)} bits each`,
    outside: `${share(mean)} of the attention of ${who} falls before ${text}`,
  }[measure];
  return `${finding}${apart}.`;
}

export const sublines = {
  distance: 'Paste or type. Each character is tinted by how far back the attention from it lies, on average.',
  span: 'Paste or type. Each character is tinted by how far the heads may look back from it.',
  bits: 'Paste or type. Each character is tinted by the bits it costs, given those before it.',
  outside: 'Paste or type. Each character is tinted by the share of attention that falls before the text begins.',
};

/** @param {import('./reading.js').Reading} reading @param {string} unit */
export const status = ({ bpc, count: tokens, seconds }, unit) =>
  `${Number.isNaN(bpc) ? '' : `${bits(bpc)} bits a ${unit} · `}${count(tokens)} ${unit}${tokens === 1 ? '' : 's'} · ${count(seconds * 1000)} ms`;
