import { codeOf } from './codes.js';

/** Maps at several sizes: from far, the largest weight of many rows; from near, the weights themselves. */

/** @typedef {{ exact: boolean, pool: number, back: number, rows: number }} Level `rows` of the text are a tile */
/** @typedef {import('./paint.js').Tile} Tile */

const largestPool = 64;
const cellsInTile = 512;
const mostExactRows = 512;
const mostExact = 2 ** 18;
const mostDistances = 1024;
const room = 48e6;

/** How many distances share a cell, so that long spans stay small. @param {number} reach */
export const distancePool = (reach) => Math.min(largestPool, 2 ** Math.max(0, Math.ceil(Math.log2(reach / mostDistances))));

/**
 * The level that has a cell for each pixel, or two.
 * @param {number} rows on show
 * @param {number} pixels
 * @param {number} reach the head's longest distance
 * @returns {Level}
 */
export function levelFor(rows, pixels, reach) {
  const exact = rows <= Math.min(2 * pixels, mostExactRows) && rows * reach <= mostExact;
  if (exact) return { exact, pool: 1, back: 1, rows: reach <= mostDistances ? 256 : 32 };
  const pool = Math.min(largestPool, 2 ** Math.max(0, Math.floor(Math.log2(rows / pixels))));
  return { exact, pool, back: distancePool(reach), rows: cellsInTile * pool };
}

/** @param {string} head @param {Level} level */
const seriesOf = (head, { exact, pool, rows }) => `${head} ${exact ? `exact by ${rows}` : pool}`;

/**
 * The tiles of one text, asked for where they are seen and kept while there is room.
 * @param {(head: { layer: number, head: number }, level: Level, rows: [number, number], signal: AbortSignal) => Promise<Tile>} ask
 * @param {number} count rows of the text
 * @param {number} [bytes] kept at most, but for those on show
 */
export function levels(ask, count, bytes = room) {
  /** @type {Map<string, Tile>} the one wanted longest ago first */
  const kept = new Map();
  /** @type {Map<string, { tile: Promise<void>, stop: AbortController }>} */
  const asked = new Map();
  let wanted = /** @type {Set<string>} */ (new Set());

  function forget() {
    let held = 0;
    for (const tile of kept.values()) held += bytesOf(tile);
    for (const [key, tile] of kept) {
      if (held <= bytes) return;
      if (wanted.has(key)) continue;
      held -= bytesOf(tile);
      kept.delete(key);
    }
  }

  return {
    /**
     * Sees to it that a head's tiles over some rows are here; what is no longer wanted is not waited for.
     * @param {{ layer: number, head: number }} head
     * @param {Level} level
     * @param {[number, number]} rows
     * @param {() => void} arrived after each tile
     */
    async want(head, level, [low, high], arrived) {
      const series = seriesOf(`${head.layer} ${head.head}`, level);
      const from = Math.max(0, Math.floor(low / level.rows));
      const to = Math.ceil(Math.min(high, count) / level.rows);
      const keys = Array.from({ length: Math.max(0, to - from) }, (_, i) => ({ key: `${series} ${from + i}`, start: (from + i) * level.rows }));
      wanted = new Set(keys.map(({ key }) => key));
      for (const [key, { stop }] of asked) if (!wanted.has(key)) stop.abort();
      const waits = keys.map(({ key, start }) => {
        const here = kept.get(key);
        if (here) {
          kept.delete(key);
          kept.set(key, here);
          return undefined;
        }
        const under = asked.get(key);
        if (under && !under.stop.signal.aborted) return under.tile;
        const stop = new AbortController();
        const tile = ask(head, level, [start, Math.min(count, start + level.rows)], stop.signal).then((found) => {
          kept.set(key, found);
          forget();
          arrived();
        }).finally(() => { if (asked.get(key)?.stop === stop) asked.delete(key); });
        asked.set(key, { tile, stop });
        return tile;
      });
      await Promise.all(waits);
    },
    /**
     * The tile that holds a row: of the level itself, or of the next coarser one that is here.
     * @param {{ layer: number, head: number }} head
     * @param {Level} level
     * @returns {import('./paint.js').TileAt}
     */
    finder(head, level) {
      const name = `${head.layer} ${head.head}`;
      const coarser = [1, 2, 4, 8, 16, 32, 64].filter((pool) => pool >= level.pool);
      const series = [
        { of: seriesOf(name, level), rows: level.rows },
        ...coarser.map((pool) => ({ of: `${name} ${pool}`, rows: cellsInTile * pool })),
      ];
      let last = /** @type {Tile | undefined} */ (undefined);
      let lastIndex = -1;
      return (row) => {
        const index = Math.floor(row / level.rows); // coarser tiles hold whole finer ones
        if (index !== lastIndex) last = series.map(({ of, rows }) => kept.get(`${of} ${Math.floor(row / rows)}`)).find(Boolean);
        lastIndex = index;
        return last;
      };
    },
    stop() {
      for (const { stop } of asked.values()) stop.abort();
    },
    get bytes() {
      return [...kept.values()].reduce((sum, tile) => sum + bytesOf(tile), 0);
    },
  };
}

/** @param {Tile} tile */
const bytesOf = ({ codes, weights }) => codes.byteLength + (weights?.byteLength ?? 0);

/**
 * @param {{ rows: number, columns: number, values: Uint8Array | Float32Array }} band
 * @param {[number, number]} rows
 * @param {{ pool: number, back: number }} pools
 * @returns {Tile}
 */
export function tileOf({ columns, values }, [first, stop], { pool, back }) {
  const exact = values instanceof Float32Array;
  return { first, stop, pool, back, columns, codes: exact ? Uint8Array.from(values, codeOf) : values, weights: exact ? values : undefined };
}
