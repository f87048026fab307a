import { figure } from '../../parts/figure.js';
import { logAxis } from '../../parts/scale.js';
import { cursorLine } from '../../parts/cursor.js';

const height = 180;

/**
 * @typedef {import('./lines.js').About & { ids: string, colours: [Variant, Variant] }} About
 */

/**
 * Along the text: the bits that the second reading has needed more so far, or both spans.
 * @param {Frame} frame
 * @param {{ onPlace: (column: number) => void }} listeners
 */
export function alongBoth(frame, { onPlace }) {
  /** @type {About} */
  let shown;
  const cursor = cursorLine(height);
  const picture = figure({
    id: 'compare-along', title: 'Along the text', height, page: frame, over: cursor.element,
    caption: () => `${shown.ids} · “${shown.columns.slice(0, 24).map(({ b }) => b ?? '').join('').replace(/\s+/g, ' ')}…”`,
    rows: () => {
      const [a, b] = shown.names;
      return [['place', a, b, ...['bits', 'span'].flatMap((measure) => [`${measure} ${a}`, `${measure} ${b}`, `${measure} ${b} − ${a}`])],
        ...shown.columns.map((column, i) => [i, column.a ?? '', column.b ?? '', ...[column.bits, column.span].flatMap((pair) => [pair.a, pair.b, pair.difference].map((value) => (Number.isFinite(value) ? value : '')))])];
    },
    onHover: ({ x }) => onPlace(Math.round(x)),
  });

  /** @param {Colours} colours @returns {Drawing} */
  const draw = (colours) => {
    const { columns, measure, names: [a, b], unit } = shown;
    /** @param {number[]} y @param {object} line @param {string} card */
    const trace = (y, line, card) => ({ type: 'scatter', mode: 'lines', x: [...y.keys()], y, line: { width: 1.5, ...line }, hovertemplate: `${card}<extra></extra>` });
    const layout = { hovermode: 'x', xaxis: { range: [-0.5, columns.length - 0.5], nticks: 9, tickformat: ',', title: 'character' } };
    if (measure === 'bits') {
      let sum = 0;
      const running = columns.map(({ bits }) => (sum += gained(bits)));
      return {
        data: [trace(running, { color: colours.marks }, '%{y:+.2f} bits so far')],
        layout: {
          ...layout, yaxis: { title: 'bits so far', nticks: 5 },
          shapes: [{ type: 'line', xref: 'paper', x0: 0, x1: 1, y0: 0, y1: 0, layer: 'below', line: { color: colours.soft, width: 1, dash: 'dot' } }],
        },
      };
    }
    const spans = columns.flatMap(({ span }) => [span.a, span.b]).filter(Number.isFinite);
    const [low, high] = [least(spans, Math.min), least(spans, Math.max)];
    return {
      data: [
        trace(columns.map(({ span }) => span.a), { color: colours[shown.colours[0]] }, `${a} %{y:,.3~r}`),
        trace(columns.map(({ span }) => span.b), { color: colours[shown.colours[1]], dash: 'dot' }, `${b} %{y:,.3~r}`),
      ],
      layout: { ...layout, yaxis: { title: `${unit}s back`, ...logAxis(low * 0.8, Math.max(high, low * 2) * 1.1) } },
    };
  };

  return {
    element: picture.element,
    drawn: picture.drawn,
    cursor: (/** @type {number} */ column) => cursor.move(column, shown.columns.length),
    /** @param {About} next @param {string} finding */
    show(next, finding) {
      shown = next;
      const [a, b] = next.names;
      return picture.show(draw, {
        title: next.measure === 'bits' ? `Bits of ${b} less those of ${a}, added up along the text` : 'Mean span along the text',
        note: next.measure === 'bits' ? `where the line falls ${b} is ahead, where it rises ${a}` : `${a} solid, ${b} dotted`,
        label: finding,
      });
    },
  };
}

/** What is only in the second counts as it is, what is only in the first is saved. @param {import('./columns.js').Pair} pair */
const gained = ({ a, b }) => (Number.isFinite(b) ? b : 0) - (Number.isFinite(a) ? a : 0);

/** Math.min and Math.max take only so many arguments. @param {number[]} values @param {(...values: number[]) => number} best */
const least = (values, best) => values.reduce((so, value) => best(so, value), values[0] ?? 1);
