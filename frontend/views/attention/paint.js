/** From codes to pixels: each pixel gets the largest of the weights that it stands for, and none beyond a head's span. */

/**
 * @typedef {{
 *   first: number, stop: number, pool: number, back: number, columns: number, codes: Uint8Array, weights?: Float32Array,
 * }} Tile some rows of a band: `pool` rows and `back` distances to a cell, `columns` cells to a row
 * @typedef {(row: number) => Tile | undefined} TileAt
 * @typedef {import('./axis.js').Axis} Axis
 */

/**
 * The whole values of each pixel, at least one; an edge that falls on one must not miss it by a rounding.
 * @param {Axis} axis
 * @returns {{ from: Int32Array, to: Int32Array }}
 */
function cover({ length, value }) {
  const edges = Float64Array.from({ length: length + 1 }, (_, pixel) => value(pixel) + 1e-6);
  const from = Int32Array.from({ length }, (_, pixel) => Math.floor(edges[pixel]));
  return { from, to: Int32Array.from({ length }, (_, pixel) => Math.max(from[pixel] + 1, Math.floor(edges[pixel + 1]))) };
}

/**
 * The band: positions from left to right, distances down.
 * @param {Uint32Array} pixels of rows.length by back.length, all 0
 * @param {Axis} rows
 * @param {Axis} back
 * @param {TileAt} tileAt
 * @param {Uint32Array} palette
 */
export function paintBand(pixels, rows, back, tileAt, palette) {
  const [across, down] = [cover(rows), cover(back)];
  const width = rows.length;
  let largest = new Uint8Array(0);
  for (let x = 0; x < width; x++) {
    const [from, to] = [across.from[x], across.to[x]];
    if (x && from === across.from[x - 1] && to === across.to[x - 1]) {
      for (let at = x; at < pixels.length; at += width) pixels[at] = pixels[at - 1];
      continue;
    }
    let step = 1;
    let reach = 0;
    for (let row = from, tile; row < to; row = tile ? nextCell(tile, row) : row + 1) {
      tile = tileAt(row);
      if (!tile) continue;
      if (largest.length < tile.columns) {
        const wider = new Uint8Array(tile.columns);
        wider.set(largest);
        largest = wider;
      }
      largest.fill(0, reach, tile.columns);
      const start = Math.floor((row - tile.first) / tile.pool) * tile.columns;
      for (let cell = 0; cell < tile.columns; cell++) {
        const code = tile.codes[start + cell];
        if (code > largest[cell]) largest[cell] = code;
      }
      step = tile.back;
      reach = Math.max(reach, tile.columns);
    }
    for (let y = 0; y < back.length && reach; y++) {
      const start = Math.floor((down.from[y] - 1) / step);
      const stop = Math.min(Math.floor((down.to[y] - 2) / step) + 1, reach);
      let code = -1;
      for (let cell = start; cell < stop; cell++) if (largest[cell] > code) code = largest[cell];
      if (code >= 0) pixels[y * width + x] = palette[code];
    }
  }
}

/** @param {Tile} tile @param {number} row */
const nextCell = ({ first, pool }, row) => first + (Math.floor((row - first) / pool) + 1) * pool;

/**
 * The square: keys from left to right, queries down.
 * @param {Uint32Array} pixels of keys.length by queries.length, all 0
 * @param {Axis} queries
 * @param {Axis} keys
 * @param {TileAt} tileAt
 * @param {Uint32Array} palette
 */
export function paintSquare(pixels, queries, keys, tileAt, palette) {
  const [down, across] = [cover(queries), cover(keys)];
  for (let y = 0; y < queries.length; y++) {
    for (let x = 0; x < keys.length; x++) {
      let code = -1;
      for (let query = down.from[y]; query < down.to[y]; query++) {
        const tile = tileAt(query);
        for (let key = across.from[x]; tile && key < across.to[x]; key++) code = Math.max(code, codeAt(tile, query, query - key));
      }
      if (code >= 0) pixels[y * keys.length + x] = palette[code];
    }
  }
}

/**
 * The code of the cell that holds a weight, or -1 where the head does not look.
 * @param {Tile} tile
 * @param {number} query
 * @param {number} distance
 */
export function codeAt({ first, pool, back, columns, codes }, query, distance) {
  const cell = Math.floor((distance - 1) / back);
  return distance < 1 || cell >= columns ? -1 : codes[Math.floor((query - first) / pool) * columns + cell];
}
