/** @typedef {'all' | 'layer' | 'head'} Of */

/**
 * A text with what the model makes of it: a value for every token, every character, every row of heads.
 * @param {import('./reader.js').Known} known
 * @param {Checkpoint} checkpoint
 */
export function reading({ characters, raw, seconds }, { layers, heads }) {
  const { count, perHead, symbols, columns: { start, end, token, bits: { values: bits }, likely, share } } = raw;
  const [starts, ends, tokens] = [start.values, end.values, token.values];
  const fields = Object.fromEntries(Object.entries(raw.columns).map(([name, { values }]) => [name, values]));
  const rows = perHead ? layers * heads : layers;

  /** @param {number} from @param {number} to rows of a field, averaged @param {ArrayLike<number>} values */
  const mean = (values, from, to) => Float32Array.from({ length: count }, (_, t) => {
    let sum = 0;
    for (let row = from; row < to; row++) sum += values[t * rows + row];
    return sum / (to - from);
  });

  const means = /** @type {Map<string, Float32Array>} */ (new Map());
  const perLayer = perHead ? heads : 1;

  /** @param {import('../../parts/measures.js').Measure} measure @param {Of} of @param {{ layer: number, head: number }} chosen */
  function tokenValues(measure, of, { layer, head }) {
    if (measure === 'bits') return bits;
    if (!fields[measure]) return null;
    const [from, to] = of === 'layer' && rows > 1 ? [layer * perLayer, (layer + 1) * perLayer]
      : of === 'head' && perHead ? [layer * heads + head, layer * heads + head + 1]
      : [0, rows];
    const key = `${measure} ${from} ${to}`;
    const values = means.get(key) ?? mean(fields[measure], from, to);
    means.set(key, values);
    return values;
  }

  /** Tokens of one character (the bytes of an emoji) are averaged, their bits summed. @param {Float32Array} values @param {import('../../parts/measures.js').Measure} measure */
  function characterValues(values, measure) {
    const sums = new Float32Array(characters.length);
    const counts = new Uint16Array(characters.length);
    values.forEach((value, t) => {
      if (!Number.isFinite(value)) return;
      for (let at = starts[t]; at < ends[t]; at++) { sums[at] += value; counts[at] += 1; }
    });
    return sums.map((sum, i) => (counts[i] ? (measure === 'bits' ? sum : sum / counts[i]) : NaN));
  }

  const firstToken = new Int32Array(characters.length).fill(-1);
  const lastToken = new Int32Array(characters.length).fill(-1);
  for (let t = 0; t < count; t++) {
    for (let at = starts[t]; at < ends[t]; at++) {
      if (firstToken[at] < 0) firstToken[at] = t;
      lastToken[at] = t;
    }
  }

  return {
    characters, count, rows, perHead, bpc: meanOf(bits), seconds, starts, firstToken, lastToken, fields, tokenValues, characterValues,
    /** The likeliest to follow token t, and which of them does. @param {number} t */
    next(t) {
      const most = likely.width;
      return Array.from(likely.values.slice(t * most, (t + 1) * most), (symbol, i) =>
        ({ symbol: symbols[symbol], share: share.values[t * most + i], follows: symbol === tokens[t + 1] }));
    },
  };
}

/** @typedef {ReturnType<typeof reading>} Reading */

/** The mean of the numbers that are known, NaN where none is. @param {Float32Array} values */
export function meanOf(values) {
  const known = values.filter(Number.isFinite);
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
