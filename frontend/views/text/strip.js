import { figure, margin } from '../../parts/figure.js';
import { colorscale, logTicks, position } from '../../parts/scale.js';
import { amount, headKey, headName, share } from '../../words.js';
import { cursorLine } from '../../parts/cursor.js';
import { domainOf, measures } from '../../parts/measures.js';

const mostColumns = 1500;

/**
 * Every head over the text: a row a head (or a layer, where the text is long), a column a token.
 * @param {Page} page
 * @param {number} height
 * @param {{ onToken: (token: number) => void, chooseHead: (head: { layer: number, head: number }) => void, chooseBeside: (key: string) => void }} listeners
 */
export function headStrip(page, height, { onToken, chooseHead, chooseBeside }) {
  const { layers, heads } = page.checkpoint;
  /** @type {import('./along.js').Shown | undefined} */
  let shown;
  const cursor = cursorLine(height);
  const headOf = (/** @type {number} */ row) => ({ layer: Math.floor(row / rowsPerLayer()), head: row % rowsPerLayer() });
  const rowsPerLayer = () => (shown?.reading.perHead ? heads : 1);

  const picture = figure({
    title: 'Every head over the text', height, page, over: cursor.element,
    caption: () => `${page.checkpoint.id} · ${shown ? `${measures[shown.measure].title.toLowerCase()} · ${headName(shown.chosen)}` : ''}`,
    rows: () => table(),
    onHover: ({ x }) => onToken(Math.floor(x)),
    onPoint({ y }, { ctrlKey, metaKey }) {
      const head = shown?.reading.perHead ? headOf(y) : { layer: y, head: shown?.chosen.head ?? 0 };
      if (ctrlKey || metaKey) chooseBeside(headKey(head));
      else chooseHead(head);
    },
  });

  /** @param {import('./along.js').Shown} now @returns {(colours: Colours) => Drawing} */
  const draw = ({ reading, measure, chosen, unit }) => (colours) => {
    const { count, rows } = reading;
    const values = reading.fields[measure];
    const domain = domainOf(values, measure);
    const step = Math.ceil(count / mostColumns);
    const columns = Math.ceil(count / step);
    /** @param {number} row @param {number} column the greatest of the tokens that share a column */
    const greatest = (row, column) => {
      let most = -Infinity;
      for (let t = column * step; t < Math.min(count, (column + 1) * step); t++) if (values[t * rows + row] > most) most = values[t * rows + row];
      return most;
    };
    const cells = Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (_, column) => greatest(row, column)));
    const row = reading.perHead ? chosen.layer * heads + chosen.head : chosen.layer;
    const round = logTicks(domain.low, domain.high);
    const ticks = !domain.log ? [0, domain.high / 2, domain.high] : round.length > 1 ? round : [domain.low, domain.high];
    const written = measure === 'outside' ? share : amount;
    return {
      data: [{
        type: 'heatmap', colorscale: colorscale(), zmin: 0, zmax: 1, zsmooth: false, x0: (step - 1) / 2, dx: step,
        z: cells.map((line) => line.map((value) => (Number.isFinite(value) ? position(value, domain) : null))),
        text: cells.map((line, y) => line.map((value) => `${reading.perHead ? headName(headOf(y)) : `layer ${y}`}: ${written(value)}`)),
        hovertemplate: '%{text}<extra></extra>',
        colorbar: {
          x: 1, xpad: 8, xanchor: 'left', thickness: 8, outlinewidth: 0, len: 1, ypad: 0, xref: 'paper',
          tickvals: ticks.map((tick) => position(tick, domain)), ticktext: ticks.map(written), tickfont: { color: colours.soft },
        },
      }],
      layout: {
        margin,
        xaxis: { range: [-0.5, count - 0.5], showgrid: false, nticks: 9, tickformat: ',', title: `place, ${unit}s` },
        yaxis: { range: [-0.5, rows - 0.5], showgrid: false, ...layerTicks() },
        shapes: [{ type: 'rect', xref: 'paper', x0: 0, x1: 1, y0: row - 0.6, y1: row + 0.6, line: { color: colours.accent, width: 1 } }],
      },
    };
  };

  /** @returns {(string | number)[][]} */
  const table = () => {
    if (!shown) return [];
    const { reading: { rows, count, fields }, measure } = shown;
    const names = Array.from({ length: rows }, (_, row) => (shown?.reading.perHead ? headKey(headOf(row)) : `L${row}`));
    return [['token', ...names], ...Array.from({ length: count }, (_, t) => [t, ...fields[measure].slice(t * rows, (t + 1) * rows)])];
  };

  const layerTicks = () => {
    const every = layers > 12 ? 2 : 1;
    const named = [...Array(layers).keys()].filter((layer) => layer % every === 0);
    return { tickvals: named.map((layer) => (layer + 0.5) * rowsPerLayer() - 0.5), ticktext: named.map((layer) => `layer ${layer}`) };
  };

  return {
    ...picture,
    /** @param {import('./along.js').Shown} now */
    show(now) {
      shown = now;
      const what = measures[now.measure].title.toLowerCase();
      return picture.show(draw(now), {
        title: now.reading.perHead ? 'Every head over the text' : 'Every layer over the text',
        note: now.reading.perHead
          ? `${what}; ${headName(now.chosen)} framed; click a row to choose its head`
          : `${what}, mean of each layer’s heads; shorter texts are shown head by head`,
        label: `${measures[now.measure].title} of every ${now.reading.perHead ? 'head' : 'layer'} at every place of the text, as colours. Its CSV holds the numbers.`,
      });
    },
    cursor: cursor.move,
  };
}
