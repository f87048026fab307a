import * as api from '../../api.js';
import { headKey } from '../../words.js';
import { visible, wordAround } from '../../parts/kinds.js';
import { levels, tileOf } from './levels.js';

const rowsKept = 40;
const around = 20;

/** @typedef {Awaited<ReturnType<typeof subjectOf>>} Subject */

/**
 * A text as a checkpoint reads it: where its tokens stand, and what they attend to, asked for when it is needed.
 * @param {Checkpoint} checkpoint
 * @param {string} text
 * @param {AbortSignal} signal
 */
export async function subjectOf(checkpoint, text, signal) {
  const characters = Array.from(text);
  const places = checkpoint.alphabet === 'bytes' ? bytePlaces(characters) : await askedPlaces(checkpoint, text, signal);
  const count = places.length;
  /** @type {Map<number, Promise<Map<string, Float32Array>>>} */
  const rows = new Map();
  const widest = /** @type {Map<string, number>} */ (new Map());

  const ask = async (/** @type {number} */ row) => {
    const found = await api.maps(checkpoint.id, { text, rows: [row, row + 1], form: 'exact' }, signal);
    return new Map(found.map(({ key, values }) => [key, /** @type {Float32Array} */ (values)]));
  };

  return {
    text, characters, count,
    levels: levels(async (head, { exact, pool, back }, range, stop) => {
      const [band] = await api.maps(checkpoint.id, {
        text, heads: [{ layer: head.layer, head: head.head }], rows: range, form: exact ? 'exact' : 'display', pool: exact ? undefined : [pool, back],
      }, AbortSignal.any([stop, signal]));
      widest.set(band.key, Math.max(widest.get(band.key) ?? 0, Math.min(checkpoint.span_limit, band.columns * back)));
      return tileOf(band, range, { pool, back });
    }, count),
    /** The longest distance that a head was seen to look. @param {{ layer: number, head: number }} head */
    widest: (head) => widest.get(headKey(head)) ?? 0,
    /** What every head attends to from one token, by the head's key. @param {number} row */
    weightsOf(row) {
      const known = rows.get(row) ?? ask(row);
      rows.delete(row);
      rows.set(row, known);
      known.catch(() => rows.delete(row));
      for (const oldest of rows.keys()) if (rows.size > rowsKept) rows.delete(oldest);
      return known;
    },
    /** The characters about a token, and its own. @param {number} token @param {number} [beside] how many on each side */
    textAround(token, beside = around) {
      const at = places[token];
      const shown = (/** @type {number} */ from, /** @type {number} */ to) => characters.slice(Math.max(0, from), to).map(onOneLine).join('');
      return { before: shown(at - beside, at), itself: shown(at, at + 1), after: shown(at + 1, at + 1 + beside) };
    },
    /** @param {number} token */
    nameOf(token) {
      if (token < 0) return 'time before the text';
      const at = places[token];
      const [name, word] = [visible(characters[at]), wordAround(characters, at)];
      if (name !== characters[at]) return name;
      return `“${name}”${word.length > 1 ? ` of ${word}` : ''}`;
    },
  };
}

/** @param {string} character */
const onOneLine = (character) => ({ '\n': '⏎', '\t': '⇥', '\r': '⏎' })[character] ?? character;

/** The place of each byte's character: what the service answers for this alphabet, known without asking. @param {string[]} characters */
function bytePlaces(characters) {
  const encoder = new TextEncoder();
  return Int32Array.from(characters.flatMap((character, place) => Array(encoder.encode(character).length).fill(place)));
}

/** @param {Checkpoint} checkpoint @param {string} text @param {AbortSignal} signal */
async function askedPlaces(checkpoint, text, signal) {
  const { tokens } = await api.analyse(checkpoint.id, { text, fields: [], reduce: 'all' }, signal);
  return api.unpack(tokens.start).values;
}

/**
 * The keys that get most of a row, the first one first.
 * @param {Float32Array} weights by distance less one
 * @param {number} most
 */
export function strongest(weights, most) {
  const order = Array.from(weights.keys()).sort((a, b) => weights[b] - weights[a]);
  return order.slice(0, most).map((i) => ({ distance: i + 1, weight: weights[i] }));
}

/**
 * What can be said of one row: the share before the text, the mean distance inside it, and how few keys hold 90%.
 * @param {Float32Array} weights
 * @param {number} row
 */
export function summary(weights, row) {
  let [inside, distance, held, holders] = [0, 0, 0, 0];
  weights.subarray(0, row).forEach((weight, i) => { inside += weight; distance += weight * (i + 1); });
  for (const { weight } of strongest(weights, weights.length)) {
    if (held >= 0.9) break;
    held += weight;
    holders += 1;
  }
  return { outside: Math.max(0, 1 - inside), distance: inside > 0 ? distance / inside : NaN, holders };
}

/** @param {Map<string, Float32Array>} all @param {{ layer: number, head: number }} head */
export const rowOf = (all, head) => all.get(headKey(head)) ?? new Float32Array(0);
