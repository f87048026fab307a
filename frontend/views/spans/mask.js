import { figure } from '../../parts/figure.js';
import { mask } from '../../parts/mask.js';
import { logAxis, logSteps } from '../../parts/scale.js';
import { amount, count, headKey, headName, share } from '../../words.js';

/**
 * What a head may see, and what it uses: its mask over distance, over its attention by distance on held-out text.
 * @param {import('./figure.js').Parts} parts
 */
export function maskFigure({ page, spans: { ramp, span_limit: limit, variant }, uses, unit }) {
  const distances = logSteps(limit, 1.01);
  const dynamic = variant === 'dynamic';
  let chosen = /** @type {CutHead | undefined} */ (undefined);
  let use = /** @type {HeadDetail | undefined} */ (undefined);
  const note = [
    `line: its mask m(x), what it may see${dynamic ? ', at its mean z; thin: at its 10th and 90th percentile' : ''}`,
    ...(uses.detail ? [] : ['steps: its attention on held-out text, what it uses']),
  ].join('; ');
  const picture = figure({
    id: 'head-use', title: 'Where it looks', note,
    height: 232, page, caption: () => `${page.checkpoint.id} · ${chosen ? headName(chosen) : ''}`,
    rows: () => [['distance from', 'to', 'mask at from', 'share of attention'], ...(use?.edges ?? []).slice(0, -1).map((edge, i) => [
      edge, (use?.edges[i + 1] ?? 0) - 1, mask(edge, chosen?.z ?? 0, ramp), use?.mass?.[i] ?? '',
    ])],
  });

  /** @param {CutHead} head @returns {(colours: Colours, width: number) => Drawing} */
  const draw = (head) => (colours) => {
    /** @param {number} z @param {object} line @param {object} [own] */
    const line = (z, line, own) => ({
      type: 'scatter', mode: 'lines', name: 'mask', yaxis: 'y2', x: distances, y: distances.map((x) => mask(x, z, ramp)),
      line: { color: colours.accent, width: 2, ...line }, hovertemplate: 'mask %{y:.2f} at %{x:,}<extra></extra>', ...own,
    });
    const before = head.uncut ?? head;
    const thin = { width: 1, dash: 'dot' };
    const faint = dynamic ? [before.p10, before.p90].map((span) => line(span - ramp, thin, { name: 'mask of a percentile' })) : [];
    const ghost = head.uncut ? [line(before.z, { color: colours.soft, width: 1, dash: 'dash' }, { name: 'mask, uncut', hoverinfo: 'skip', hovertemplate: undefined })] : [];
    const marks = bounds(head, ramp, limit);
    const within = use?.distance_90 || 0;
    return {
      data: [...attention(colours), ...faint, ...ghost, line(head.z, {})],
      layout: {
        margin: { l: 28, r: use?.mass ? 34 : 8, t: 58, b: 36 }, hovermode: 'x',
        xaxis: { title: `distance, ${unit}s`, ...logAxis(1, limit * 1.12) },
        yaxis: { side: 'right', range: [0, 1.3 * Math.max(0.01, ...(use?.mass ?? []))], nticks: 4, tickformat: '.0%', showgrid: false, tickfont: { color: colours.marks }, showticklabels: Boolean(use?.mass) },
        yaxis2: { overlaying: 'y', side: 'left', range: [0, 1.06], tickvals: [0, 0.5, 1], gridcolor: colours.grid, zeroline: false, fixedrange: true, tickfont: { color: colours.accent } },
        shapes: [
          ...marks.map(({ x }, i) => ({ type: 'line', x0: x, x1: x, yref: 'paper', y0: 0, y1: 1.02 + 0.115 * i, line: { color: colours.soft, width: 1, dash: 'dot' } })),
          ...(within ? [{ type: 'line', x0: within, x1: within, yref: 'paper', y0: 0, y1: 0.9, line: { color: colours.marks, width: 2 } }] : []),
        ],
        annotations: [
          ...marks.map(({ x, text }, i) => ({ x: Math.log10(x), yref: 'paper', y: 1.01 + 0.115 * i, yanchor: 'bottom', text, showarrow: false, font: { size: 12 }, ...side(x) })),
          ...(within ? [{ x: Math.log10(within), yref: 'paper', y: 0.9, yanchor: 'top', text: `90% within ${count(within)}`, showarrow: false, font: { color: colours.ink }, bgcolor: colours.paper, opacity: 0.9, ...side(within, 3) }] : []),
        ],
      },
    };
  };

  /** @param {Colours} colours */
  const attention = (colours) => (use?.mass ? [{
    type: 'scatter', mode: 'lines', name: 'attention', fill: 'tozeroy', fillcolor: `${colours.marks}55`,
    x: use.edges, y: [...use.mass, use.mass[use.mass.length - 1]], line: { color: colours.marks, width: 1, shape: 'hv' },
    text: use.mass.map((_, i) => `${use?.edges[i]} to ${(use?.edges[i + 1] ?? 0) - 1}`), hovertemplate: `%{y:.1%} of its attention on %{text} ${unit}s back<extra></extra>`,
  }] : []);

  /** @param {number} x @param {number} [shift] */
  const side = (x, shift = 1) => (x > Math.sqrt(limit) ? { xanchor: 'right', xshift: -shift } : { xanchor: 'left', xshift: shift });

  return {
    ...picture,
    /** @param {CutHead} head @param {HeadDetail} [detail] once it is known */
    show(head, detail) {
      chosen = head;
      use = detail && headKey(detail) === headKey(head) ? detail : undefined;
      const uses = use?.distance_90 ? ` ${share(0.9)} of its attention lies within ${count(use.distance_90)}.` : '';
      picture.show(draw(head), { label: `Mask of ${headName(head)}: 1 up to distance ${amount(head.z + 1)}, then falling to 0 at ${amount(head.z + ramp + 1)}.${uses}` });
    },
  };
}

/**
 * z, z + R and S where they lie apart and on the axis; a head cut below the ramp has no z.
 * @param {Head} head
 * @param {number} ramp
 * @param {number} limit
 */
const bounds = ({ z }, ramp, limit) => [
  ...(z < 0 ? [] : [{ x: Math.max(1, z), text: `z ${amount(z)}` }]),
  ...(z + ramp < limit ? [{ x: Math.max(1, z + ramp), text: `z+R ${amount(z + ramp)}` }] : []),
  { x: limit, text: `S ${limit.toLocaleString('en')}` },
];
