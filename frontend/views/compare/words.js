import { amount, bits, share } from '../../words.js';
import { runOf } from './chosen.js';

/** @typedef {import('./chosen.js').Chosen} Chosen */

/**
 * The finding, in words.
 * @param {Chosen[]} chosen
 * @param {Comparison | null} comparison
 */
export function headline([first, second], comparison) {
  if (!second || !comparison) return `${first.name} stands alone: add a checkpoint to compare it with.`;
  const { bpc } = comparison.differences[0];
  const [a, b] = [title(first, second), title(second, first)];
  const bit = bpc !== null ? `, and ${bitsMore(bpc, first.unit.slice(0, -1))}`
    : first.corpus !== second.corpus ? '; trained on different corpora, their bits are not compared' : '';
  const ratios = [second.flops / first.flops, second.cache_bytes / first.cache_bytes];
  if (ratios.every((ratio) => Math.abs(ratio - 1) < 0.005)) return `${b} costs what ${a} costs${bit.replace(', and', ', and needs')}.`;
  return `${b} needs ${part(ratios[0], 'FLOPs')} and ${part(ratios[1], 'cache')} of ${a}${bit}.`;
}

/** @param {Chosen[]} chosen @param {Comparison | null} comparison */
export function subline([first, , ...others], comparison) {
  const rest = others.map((other, i) => {
    const bpc = comparison?.differences[i + 1].bpc ?? null;
    const costs = `${part(other.flops / first.flops, 'FLOPs')}, ${part(other.cache_bytes / first.cache_bytes, 'cache')}`;
    return `${title(other, first)}: ${costs}${bpc === null ? '' : `, ${bitsMore(bpc, first.unit.slice(0, -1))}`}.`;
  });
  return ['What does a shorter span cost?', ...(rest.length ? [`Beside ${first.letter},`, ...rest] : [])].join(' ');
}

/** What tells one from the other. @param {Chosen} one @param {Chosen} other */
function title(one, other) {
  const told = one.variant !== other.variant ? one.variant : runOf(one.id) === runOf(other.id) ? `step ${one.step.toLocaleString('en')}` : one.name;
  return `${one.letter} (${told})`;
}

/** @param {number} ratio @param {string} what */
const part = (ratio, what) => (ratio > 1.005 ? `${ratio.toPrecision(2)} times the ${what}` : `${share(ratio)} of the ${what}`);

/** @param {number} difference @param {string} unit */
export const bitsMore = (difference, unit) =>
  bits(Math.abs(difference)) === '0.00' ? `the same bits a ${unit}` : `${bits(Math.abs(difference))} bits a ${unit} ${difference > 0 ? 'more' : 'fewer'}`;

/**
 * How two readings of one text differ, in words.
 * @param {{ measure: 'bits' | 'span', names: [string, string], mean: number, unit: string, most: { text: string, difference: number } | undefined }} found
 */
export function readingsDiffer({ measure, names: [a, b], mean, unit, most }) {
  // spans that differ everywhere alike have no place where they differ most
  const least = measure === 'bits' ? 0.005 : 1.1 * Math.abs(mean);
  const at = most && Math.abs(most.difference) > least ? `, most at “${most.text}” (${most.difference > 0 ? '+' : '−'}${(measure === 'bits' ? bits : amount)(Math.abs(most.difference))})` : '';
  if (measure === 'bits') return `${b} needs ${bitsMore(mean, unit)} ${bits(Math.abs(mean)) === '0.00' ? 'as' : 'than'} ${a}${at}.`;
  if (Math.abs(mean) < 0.05) return `${b} looks as far back as ${a} on average${at}.`;
  return `${b} looks back ${amount(Math.abs(mean))} ${unit}s ${mean > 0 ? 'further' : 'less far'} than ${a} on average${at}.`;
}

/**
 * How the bits of two versions of a text differ, in words.
 * @param {{ added: number, dropped: number, shared: number, most: { text: string, difference: number } | undefined }} found bits in all
 */
export function versionsDiffer({ added, dropped, shared, most }) {
  const whole = added - dropped + shared;
  if (!added && !dropped) return 'Both versions are the same: change a word of the second and see what that does to all that follows.';
  const at = most && Math.abs(most.difference) >= 0.05 ? `, most at “${most.text}” (${sign(most.difference)})` : '';
  const size = Math.abs(whole) < 0.05 ? 'as many bits as' : `${amount(Math.abs(whole))} bits ${whole > 0 ? 'more' : 'fewer'} than`;
  return `Version 2 costs ${size} version 1: ${amount(added)} for what it adds, ${amount(dropped)} saved on what it drops, ${sign(shared)} in what both share${at}.`;
}

/** @param {number} value */
const sign = (value) => `${value < 0 ? '−' : '+'}${amount(Math.abs(value))}`;
