import { figure, margin } from '../../parts/figure.js';
import { logAxis } from '../../parts/scale.js';
import { amount, findHead, headKey, headName, rampWords } from '../../words.js';
import { dashes, symbols } from './chosen.js';

const height = 320;
const nameHeight = 15;

/** @typedef {import('../compare.js').Shown} Shown */

/**
 * Spans by layer, sorted within each, of all chosen checkpoints on one axis.
 * @param {Frame} frame
 */
export function layersFigure(frame) {
  /** @type {import('../compare.js').State} */
  let state;
  const picture = figure({
    id: 'layers-figure', title: 'Spans by layer', height, page: frame,
    caption: () => `${state.chosen.map(({ id }) => id).join(', ')}${state.head ? ` · ${headName(state.head)}` : ''}`,
    rows: () => [['checkpoint', 'layer', 'head', 'span', 'p10', 'p90'], ...state.chosen.flatMap(({ id, spans }) =>
      spans.heads.map(({ layer, head, span, p10, p90 }) => [id, layer, head, span, p10, p90]))],
    onPoint: ({ customdata }) => { if (customdata) frame.choose({ head: customdata }); },
  });

  /** @param {Colours} colours @param {number} width @returns {Drawing} */
  const draw = (colours, width) => {
    const { chosen, unit, head } = state;
    const lines = chosen.map((checkpoint, i) => ({ checkpoint, points: byLayer(checkpoint, (i - (chosen.length - 1) / 2) * 0.03) }));
    const heads = chosen.flatMap(({ spans }) => spans.heads);
    const [low, high] = [Math.min(...heads.map(({ p10 }) => p10)) * 0.76, Math.max(...heads.map(({ span, p90 }) => Math.max(span, p90))) * 1.18];
    const layers = Math.max(...chosen.map((checkpoint) => checkpoint.layers));
    const ramps = new Set(chosen.map(({ ramp }) => ramp));
    const floor = ramps.size === 1 ? [...ramps] : [];
    const roomy = width > 600;
    return {
      data: [
        ...lines.map(({ checkpoint, points }) => line(checkpoint, points, colours, unit)),
        ...(head ? [ring(lines, head, colours)] : []),
      ],
      layout: {
        margin: { ...margin, r: roomy ? 112 : 24 },
        xaxis: {
          showgrid: false, range: [-0.5, layers - 0.5], tickvals: [...Array(layers).keys()],
          ticktext: Array.from({ length: layers }, (_, layer) => (roomy && layers <= 12 ? `layer ${layer}` : `L${layer}`)),
        },
        yaxis: { title: `span, ${unit}s back`, ...logAxis(low, high) },
        shapes: floor.map((ramp) => ({ type: 'line', xref: 'paper', x0: 0, x1: 1, y0: ramp, y1: ramp, layer: 'below', line: { color: colours.soft, width: 1, dash: 'dot' } })),
        annotations: [
          ...floor.map((ramp) => ({ xref: 'paper', x: 1, y: Math.log10(ramp), xanchor: 'right', yanchor: 'top', yshift: -4, text: rampWords(ramp, heads), showarrow: false })),
          ...names(lines, low, high).map(({ checkpoint, y, shift }) => ({
            xref: 'paper', x: 1, xanchor: 'left', xshift: 4, y, yshift: shift, showarrow: false, font: { color: colours.ink },
            text: roomy ? `${checkpoint.letter} ${checkpoint.variant}${checkpoint.again ? ', open' : ''}` : checkpoint.letter,
          })),
        ],
      },
    };
  };

  return {
    element: picture.element,
    drawn: picture.drawn,
    /** @param {import('../compare.js').State} next */
    show(next) {
      state = next;
      const means = next.chosen.map(({ letter, mean_span: mean }) => `${letter} ${amount(mean)}`).join(', ');
      const dynamic = next.chosen.some(({ variant }) => variant === 'dynamic');
      return picture.show(draw, {
        note: `each layer’s heads from the shortest to the longest; mean ${means} ${next.unit}s${dynamic ? '; bars of dynamic spans from the 10th to the 90th percentile over the text' : ''}${next.head ? `; ${headName(next.head)} ringed` : ''}`,
        label: `Span of every head by layer; mean span ${means} ${next.unit}s. The maps hold the numbers.`,
      });
    },
  };
}

/** @typedef {{ x: number, head: Head }} Placed */

/** @param {Shown} checkpoint @param {number} shift aside, so that equal spans are all seen @returns {Placed[][]} */
const byLayer = ({ spans }, shift) =>
  [...Map.groupBy(spans.heads, ({ layer }) => layer).values()].map((heads) =>
    heads.toSorted((a, b) => a.span - b.span || a.head - b.head)
      .map((head, i) => ({ head, x: head.layer + ((i + 0.5) / heads.length - 0.5) * 0.8 + shift })));

/** A line ends with its layer. @param {Shown} checkpoint @param {Placed[][]} layers @param {Colours} colours @param {string} unit */
function line({ id, letter, variant, again }, layers, colours, unit) {
  const points = layers.flatMap((layer, i) => (i ? [null, ...layer] : layer));
  const color = colours[variant];
  /** @param {(head: Head) => number} reach */
  const bar = (reach) => points.map((point) => (point ? Math.max(0, reach(point.head)) : 0));
  return {
    type: 'scatter', mode: 'lines+markers', name: id, cliponaxis: false,
    x: points.map((point) => point?.x ?? null), y: points.map((point) => point?.head.span ?? null),
    customdata: points.map((point) => point && headKey(point.head)),
    line: { color, width: 1, dash: dashes[again] }, marker: { color, symbol: `${symbols[variant]}${again ? '-open' : ''}`, size: 7 },
    error_y: { visible: variant === 'dynamic', type: 'data', symmetric: false, color, thickness: 1.5, width: 0, array: bar(({ p90, span }) => p90 - span), arrayminus: bar(({ p10, span }) => span - p10) },
    text: points.map((point) => (point ? `${letter} · ${headName(point.head)}<br>span ${amount(point.head.span)} ${unit}s` : '')),
    hovertemplate: '%{text}<extra></extra>',
  };
}

/** The chosen head in each. @param {{ points: Placed[][] }[]} lines @param {import('../../parts/map.js').Place} head @param {Colours} colours */
function ring(lines, head, colours) {
  const found = lines.flatMap(({ points }) => points.flat().filter((point) => headKey(point.head) === headKey(head)));
  return {
    type: 'scatter', mode: 'markers', name: 'chosen head', hoverinfo: 'skip', cliponaxis: false,
    x: found.map(({ x }) => x), y: found.map(({ head: { span } }) => span), marker: { size: 14, color: 'rgba(0,0,0,0)', line: { color: colours.accent, width: 2 } },
  };
}

/** Each at the height of its last layer's longest head, moved apart where they meet. @param {{ checkpoint: Shown, points: Placed[][] }[]} lines @param {number} low @param {number} high */
function names(lines, low, high) {
  const room = height - margin.t - margin.b;
  const ends = lines.map(({ checkpoint, points }) => {
    const { span } = /** @type {Placed} */ (points.at(-1)?.at(-1)).head;
    return { checkpoint, y: Math.log10(span), at: room * Math.log(span / low) / Math.log(high / low), shift: 0 };
  }).toSorted((a, b) => a.at - b.at);
  let below = -Infinity;
  for (const end of ends) {
    const place = Math.max(end.at, below + nameHeight);
    end.shift = place - end.at;
    below = place;
  }
  return ends;
}

/** @param {Shown[]} chosen @param {string | undefined} key */
export const headIn = (chosen, key) => findHead(chosen.flatMap(({ spans }) => spans.heads), key);
