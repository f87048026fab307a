/** A head's weights, as shares of the characters of a text. */

/**
 * Rows of a band: of token t the weight at each distance, row[j] being distance j + 1.
 * @typedef {(token: number) => Float32Array | undefined} Rows
 * @typedef {{ characters: string[], count: number, starts: ArrayLike<number>, firstToken: Int32Array, lastToken: Int32Array }} Placed
 * @typedef {{ weights: Float32Array, total: number, outside: number, missing: [number, number] | null }} Spread weights by character,
 *   their sum, what lies before the text, and the tokens whose rows are not there yet
 */

/** What a character reads: the row of its last token. @param {Placed} text @param {number} index @param {Rows} rows @returns {Spread} */
export function reads({ characters, starts, lastToken }, index, rows) {
  const weights = new Float32Array(characters.length);
  const token = lastToken[index];
  const row = token < 0 ? new Float32Array() : rows(token);
  if (!row) return { weights, total: 0, outside: 0, missing: [token, token + 1] };
  let [total, outside] = [0, 0];
  row.forEach((weight, j) => {
    const key = token - 1 - j;
    if (key < 0) outside += weight;
    else {
      weights[starts[key]] += weight;
      total += weight;
    }
  });
  return { weights, total, outside, missing: null };
}

/**
 * Who reads a character: every later token gives some of its weight, the tokens of one character their mean.
 * @param {Placed} text
 * @param {number} index
 * @param {Rows} rows
 * @param {number} reach the longest distance of any row
 * @returns {Spread}
 */
export function readBy({ characters, count, starts, firstToken, lastToken }, index, rows, reach) {
  const weights = new Float32Array(characters.length);
  const [first, last] = [firstToken[index], lastToken[index]];
  const end = last < 0 ? 0 : Math.min(count, last + 1 + reach);
  /** @type {[number, number] | null} */
  let missing = null;
  let total = 0;
  for (let token = last + 1; token < end; token++) {
    const row = rows(token);
    if (!row) {
      missing = [missing?.[0] ?? token, end];
      continue;
    }
    let sum = 0;
    for (let key = first; key <= last; key++) sum += row[token - key - 1] ?? 0;
    const character = starts[token];
    const weight = sum / (lastToken[character] - firstToken[character] + 1);
    weights[character] += weight;
    total += weight;
  }
  return { weights, total, outside: 0, missing };
}

/**
 * The fewest characters that hold a share of all the weight that falls in the text, the heaviest first.
 * @param {Float32Array} weights
 * @param {number} share
 */
export function fewest(weights, share) {
  const heaviest = [...weights.keys()].filter((i) => weights[i] > 0).sort((a, b) => weights[b] - weights[a]);
  const wanted = share * heaviest.reduce((sum, i) => sum + weights[i], 0);
  let held = 0;
  const enough = heaviest.findIndex((i) => (held += weights[i]) >= wanted * (1 - 1e-6));
  return heaviest.slice(0, enough < 0 ? heaviest.length : enough + 1);
}

/** What of the weight lies before and after the characters in sight. @param {Float32Array} weights @param {number} first @param {number} stop */
export function beyond(weights, first, stop) {
  const sum = (/** @type {Float32Array} */ part) => part.reduce((so, weight) => so + weight, 0);
  return { above: sum(weights.subarray(0, first)), below: sum(weights.subarray(stop)) };
}
