import { figure, margin } from '../../parts/figure.js';
import { linkButton } from '../../parts/save.js';
import { logAxis } from '../../parts/scale.js';
import { amount, findHead, headKey, headName, longestOf, rampWords } from '../../words.js';

/**
 * @typedef {{
 *   page: Page, spans: Spans, uses: HeadUses, unit: string, chooseHead: (head: { layer: number, head: number }) => void,
 *   growth: ((head: { layer: number, head: number }) => number) | null,
 * }} Parts
 * @typedef {{ chosen: CutHead, heads: CutHead[], cuts: Cut[], answer?: WhatIf }} Shown under the cuts
 * @typedef {CutHead & { x: number }} Placed
 */

/**
 * The paper's figure: every head's span, layers side by side, sorted within each.
 * @param {Parts} parts
 */
export function spansFigure({ page, spans, unit, chooseHead }) {
  const places = new Map(place(spans.heads).map((head) => [headKey(head), head.x]));
  /** @param {CutHead[]} heads @returns {Placed[]} each where it stands uncut */
  const standing = (heads) => heads.map((head) => ({ ...head, x: places.get(headKey(head)) ?? 0 }));
  let placed = standing(spans.heads);
  let longest = longestOf(placed);
  const dynamic = spans.variant === 'dynamic';
  let chosen = longest;

  const picture = figure({
    id: 'spans-figure', title: 'Span of every head', height: 340, page, links: [linkButton()],
    caption: () => `${page.checkpoint.id} · ${headName(chosen)}`,
    rows: () => [['layer', 'head', 'z', 'span', 'p10', 'p90'], ...placed.map((head) => [head.layer, head.head, head.z, head.span, head.p10, head.p90])],
    onPoint: ({ customdata }) => {
      const head = findHead(placed, customdata);
      if (head) chooseHead(head);
    },
  });

  /** @param {Colours} colours @param {number} width @returns {Drawing} */
  const draw = (colours, width) => {
    const others = placed.filter((head) => head !== chosen);
    const narrow = width < 520;
    return {
      data: [points(others, colours.marks, narrow ? 6 : 9), points([chosen], colours.accent, narrow ? 10 : 13), ...ghosts(colours, narrow ? 6 : 9)],
      layout: {
        margin: { ...margin, r: 8, t: 24 },
        xaxis: { showgrid: false, range: [-0.5, spans.heads.length / headsIn(spans) - 0.5], ...layerTicks(placed, narrow) },
        yaxis: { title: `span, ${unit}s back`, ...logAxis(...bounds()) },
        shapes: [
          { type: 'line', xref: 'paper', x0: 0, x1: 1, y0: spans.ramp, y1: spans.ramp, layer: 'below', line: { color: colours.soft, width: 1, dash: 'dot' } },
          ...placed.flatMap(({ x, span, uncut }) => (uncut ? [{ type: 'line', x0: x, x1: x, y0: span, y1: uncut.span, layer: 'below', line: { color: colours.soft, width: 1 } }] : [])),
        ],
        annotations: [
          { xref: 'paper', x: 1, y: Math.log10(spans.ramp), text: rampWords(spans.ramp, placed), xanchor: 'right', yanchor: 'top', showarrow: false },
          ...labels(colours),
        ],
      },
    };
  };

  /** Where the heads that are cut stood. @param {Colours} colours @param {number} size */
  const ghosts = (colours, size) => {
    const cut = placed.filter(({ uncut }) => uncut);
    return cut.length ? [{
      type: 'scatter', mode: 'markers', name: 'uncut', cliponaxis: false, hoverinfo: 'skip',
      x: cut.map(({ x }) => x), y: cut.map(({ uncut }) => uncut?.span), customdata: cut.map(headKey),
      marker: { symbol: 'circle-open', color: colours.soft, size },
    }] : [];
  };

  /** @param {Placed[]} heads @param {string} color @param {number} size */
  const points = (heads, color, size) => ({
    type: 'scatter', mode: 'markers', cliponaxis: false,
    x: heads.map(({ x }) => x), y: heads.map(({ span }) => span), customdata: heads.map(headKey),
    marker: { color, size, opacity: 0.85 },
    error_y: {
      visible: dynamic, type: 'data', symmetric: false, color, thickness: 2, width: 0,
      array: heads.map(({ span, p90 }) => Math.max(0, p90 - span)), arrayminus: heads.map(({ span, p10 }) => Math.max(0, span - p10)),
    },
    text: heads.map(card),
    hovertemplate: '%{text}<extra></extra>',
  });

  /** @param {Placed} head */
  const card = (head) => [
    headName(head), `span ${amount(head.span)} ${unit}s${head.uncut ? `, cut from ${amount(head.uncut.span)}` : ''}`, `z ${amount(head.z)}`,
    ...(dynamic ? [`p10 to p90: ${amount(head.p10)} to ${amount(head.p90)}`] : []),
  ].join('<br>');

  /** @returns {[number, number]} */
  const bounds = () => {
    const high = Math.max(...spans.heads.map(({ span, p90 }) => Math.max(span, p90)));
    return [Math.min(spans.ramp, ...[...spans.heads, ...placed].map(({ p10, span }) => Math.min(p10, span))) * 0.82, high * 1.18];
  };

  /** A name stands left of its point, where its layer is lower, or above it where a neighbour or a bar is in the way. @param {Colours} colours */
  const labels = (colours) => {
    const crowded = (/** @type {Placed} */ head) => dynamic || head.x < 0 || placed.some((other) =>
      other !== head && other.layer === head.layer && other.x < head.x && head.span / other.span < 1.12);
    /** @param {Placed} head @param {string} color */
    const label = (head, color) => ({
      x: head.x, y: Math.log10(dynamic ? Math.max(head.span, head.p90) : head.span), text: headName(head), showarrow: false, font: { color },
      ...(head.uncut ? { yshift: -16 } : crowded(head) ? { yshift: 15 } : { xanchor: 'right', xshift: -10 }),
    });
    const apart = chosen.layer !== longest.layer || longest.span > chosen.span * 1.12;
    const named = spans.variant !== 'fixed' && chosen !== longest && apart;
    return [...(named ? [label(longest, colours.ink)] : []), label(chosen, colours.accent)];
  };

  return {
    ...picture,
    /** @param {Shown} shown */
    show(shown) {
      placed = standing(shown.heads);
      longest = longestOf(placed);
      chosen = findHead(placed, headKey(shown.chosen)) ?? longest;
      picture.show(draw, { label: `Span of ${placed.length} heads in ${unit}s, by layer; chosen: ${headName(chosen)}, span ${amount(chosen.span)}. The table below holds the numbers.` });
    },
  };
}

/** @param {Spans} spans */
const headsIn = ({ heads }) => heads.filter(({ layer }) => layer === heads[0].layer).length;

/** @param {Head[]} heads @returns {Placed[]} */
function place(heads) {
  const layers = Map.groupBy(heads, ({ layer }) => layer);
  return [...layers.values()].flatMap((layer) =>
    layer.toSorted((a, b) => a.span - b.span || a.head - b.head)
      .map((head, i) => ({ ...head, x: head.layer + ((i + 0.5) / layer.length - 0.5) * 0.8 })));
}

/** @param {Head[]} heads @param {boolean} narrow */
function layerTicks(heads, narrow) {
  const layers = [...new Set(heads.map(({ layer }) => layer))];
  return { tickvals: layers, ticktext: layers.map((layer) => (narrow || layers.length > 12 ? `L${layer}` : `layer ${layer}`)) };
}
