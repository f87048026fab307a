import * as api from '../../api.js';
import { headKey } from '../../words.js';
import { alike } from './changes.js';

/** Numbers that are asked for at once, and those that are kept. */
const [askedAtOnce, mostKept] = [65536, 4 * 1024 * 1024];
const mostRows = 512;

/** @typedef {{ layer: number, head: number }} Place */
/** @typedef {{ from: number, stop: number, width: number, weights: Float32Array }} Chunk */

/**
 * Rows of single heads over the text at hand, asked for as they are looked at: one request at a time, the last wish first.
 * @param {Page} page
 * @param {{ reachOf: (head: Place) => number, onRows: () => void }} about reachOf: the longest span of a head, tokens
 */
export function attentionRows({ checkpoint, signal, complain }, { reachOf, onRows }) {
  /** @type {Map<string, Chunk>} the one used last at the end */
  const kept = new Map();
  let text = /** @type {string[]} */ ([]);
  let cuts = /** @type {Cut[]} */ ([]);
  let asking = false;
  let count = 0;
  /** @type {{ head: Place, token: number } | undefined} */
  let wish;

  const rowsOf = (/** @type {Place} */ head) => Math.max(1, Math.min(mostRows, 2 ** Math.floor(Math.log2(askedAtOnce / reachOf(head)))));
  const keyOf = (/** @type {Place} */ head, /** @type {number} */ number) => `${headKey(head)} ${number}`;

  /** @param {Place} head @param {number} token */
  function row(head, token) {
    const key = keyOf(head, Math.floor(token / rowsOf(head)));
    const chunk = kept.get(key);
    if (!chunk || token >= chunk.stop) return undefined;
    kept.delete(key);
    kept.set(key, chunk);
    return chunk.weights.subarray((token - chunk.from) * chunk.width, (token - chunk.from + 1) * chunk.width);
  }

  async function ask() {
    asking = true;
    while (wish && !signal.aborted) {
      const { head, token } = wish;
      const size = rowsOf(head);
      const number = Math.floor(token / size);
      const rows = /** @type {[number, number]} */ ([number * size, Math.min(count, (number + 1) * size)]);
      const now = [text, cuts];
      wish = undefined;
      try {
        const body = { text: text.join(''), heads: [{ layer: head.layer, head: head.head }], rows, form: /** @type {const} */ ('exact'), spans: cuts };
        const [{ columns, values }] = await api.maps(checkpoint.id, body, signal);
        if (now[0] === text && now[1] === cuts) keep(keyOf(head, number), { from: rows[0], stop: rows[1], width: columns, weights: Float32Array.from(values) });
        onRows();
      } catch (error) {
        complain(error);
      }
    }
    asking = false;
  }

  /** @param {string} key @param {Chunk} chunk */
  function keep(key, chunk) {
    kept.delete(key);
    kept.set(key, chunk);
    let numbers = [...kept.values()].reduce((sum, { weights }) => sum + weights.length, 0);
    for (const [oldest, { weights }] of kept) {
      if (numbers <= mostKept || oldest === key) break;
      kept.delete(oldest);
      numbers -= weights.length;
    }
  }

  return {
    row,
    /** The row of a token, and those about it. @param {Place} head @param {number} token */
    want(head, token) {
      wish = { head, token };
      if (!asking) ask();
    },
    /**
     * Of what is known that stays which lies before the first change.
     * @param {import('./reading.js').Reading} reading
     * @param {Cut[]} cut
     */
    over(reading, cut) {
      const sameCuts = JSON.stringify(cut) === JSON.stringify(cuts);
      if (reading.characters === text && sameCuts) return;
      const same = alike(text, reading.characters);
      const valid = !sameCuts ? 0 : same < text.length ? reading.firstToken[same] ?? reading.count : Infinity;
      [text, cuts, count] = [reading.characters, cut, reading.count];
      for (const [key, chunk] of kept) {
        if (valid <= chunk.from) kept.delete(key);
        else chunk.stop = Math.min(chunk.stop, valid);
      }
    },
  };
}
