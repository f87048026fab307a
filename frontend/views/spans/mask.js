import { figure } from '../../parts/figure.js';
import { mask } from '../../parts/mask.js';
import { logAxis } from '../../parts/scale.js';
import { amount, headName } from '../../words.js';

/**
 * What the head may see: its soft mask over distance.
 * @param {Page} page
 * @param {Spans} spans
 * @param {string} unit
 */
export function maskFigure(page, { ramp, span_limit: limit, variant }, unit) {
  const distances = sampled(limit);
  let chosen = /** @type {Head | undefined} */ (undefined);
  const dynamic = variant === 'dynamic';
  const picture = figure({
    title: 'What it may see', note: `mask m(x) over distance${dynamic ? ', at its mean z; thin: at its 10th and 90th percentile' : ''}`,
    height: 190, page, caption: () => `${page.checkpoint.id} · ${chosen ? headName(chosen) : ''}`,
    rows: () => [['distance', 'mask'], ...distances.map((x) => [x, mask(x, chosen?.z ?? 0, ramp)])],
  });

  /** @param {Head} head @returns {(colours: Colours, width: number) => Drawing} */
  const draw = (head) => (colours) => {
    /** @param {number} z @param {object} line */
    const line = (z, line) => ({
      type: 'scatter', mode: 'lines', x: distances, y: distances.map((x) => mask(x, z, ramp)),
      line: { color: colours.accent, width: 2, ...line }, hovertemplate: 'distance %{x:,}<br>mask %{y:.2f}<extra></extra>',
    });
    const faint = dynamic ? [head.p10, head.p90].map((span) => line(span - ramp, { width: 1, dash: 'dot' })) : [];
    const marks = bounds(head, ramp, limit);
    return {
      data: [...faint, line(head.z, {})],
      layout: {
        margin: { l: 28, r: 8, t: 46, b: 36 }, hovermode: 'x',
        xaxis: { title: `distance, ${unit}s`, ...logAxis(1, limit * 1.12) },
        yaxis: { range: [-0.02, 1.06], tickvals: [0, 0.5, 1] },
        shapes: marks.map(({ x }, i) => ({ type: 'line', x0: x, x1: x, yref: 'paper', y0: 0, y1: 1.02 + 0.115 * i, line: { color: colours.soft, width: 1, dash: 'dot' } })),
        annotations: marks.map(({ x, text }, i) => ({
          x: Math.log10(x), yref: 'paper', y: 1.01 + 0.115 * i, yanchor: 'bottom', text, showarrow: false, font: { size: 12 },
          ...(x > Math.sqrt(limit) ? { xanchor: 'right', xshift: -1 } : { xanchor: 'left', xshift: 1 }),
        })),
      },
    };
  };

  return {
    ...picture,
    /** @param {Head} head */
    show(head) {
      chosen = head;
      picture.show(draw(head), { label: `Mask of ${headName(head)}: 1 up to distance ${amount(head.z + 1)}, then falling to 0 at ${amount(head.z + ramp + 1)}.` });
    },
  };
}

/**
 * z, z + R and S where they lie apart and on the axis.
 * @param {Head} head
 * @param {number} ramp
 * @param {number} limit
 */
const bounds = ({ z }, ramp, limit) => [
  { x: Math.max(1, z), text: `z ${amount(z)}` },
  ...(z + ramp < limit ? [{ x: z + ramp, text: `z+R ${amount(z + ramp)}` }] : []),
  { x: limit, text: `S ${limit.toLocaleString('en')}` },
];

/** Every distance while they are few, then ever fewer: enough for a line on a log axis. @param {number} limit */
function sampled(limit) {
  const distances = [];
  for (let x = 1; x < limit; x = Math.max(x + 1, Math.floor(x * 1.01))) distances.push(x);
  return [...distances, limit];
}
