import { el } from '../../parts/dom.js';
import { css, inkOn, position, viridis } from '../../parts/scale.js';
import { plotly, themed } from '../../parts/figure.js';
import { saveLinks } from '../../parts/save.js';
import { colours } from '../../theme.js';
import { amount, headKey, headName } from '../../words.js';

const cellHeight = 38;

/**
 * Layers by heads, the first layer at the bottom: a grid one walks through with the arrow keys.
 * @param {import('./figure.js').Parts} parts
 */
export function headMap({ page, spans, unit, chooseHead }) {
  const domain = { low: spans.ramp, high: spans.span_limit, log: true };
  const across = Math.max(...spans.heads.map(({ head }) => head)) + 1;
  const layers = [...new Set(spans.heads.map(({ layer }) => layer))].reverse();
  let chosen = spans.heads[0];

  /** @type {Map<string, HTMLElement>} */
  const cells = new Map();
  /** @param {Head} head */
  const cell = (head) => {
    const colour = viridis(position(head.span, domain));
    const node = el('div', {
      role: 'gridcell', tabindex: '-1', style: `background:${css(colour)};color:${inkOn(colour)}`,
      'aria-label': `${headName(head)}, span ${amount(head.span)} ${unit}s`, title: `${headName(head)} · z ${amount(head.z)}`,
      onclick: () => move(head),
    }, amount(Math.round(head.span)));
    cells.set(headKey(head), node);
    return node;
  };
  const rows = layers.map((layer) => el('div', { role: 'row' },
    el('span', { role: 'rowheader', class: 'soft' }, `L${layer}`),
    ...spans.heads.filter((head) => head.layer === layer).map(cell)));
  const foot = el('div', { role: 'row', class: 'soft' },
    el('span', { role: 'columnheader' }, el('span', { class: 'hidden' }, 'layer')), ...Array.from({ length: across }, (_, head) => el('span', { role: 'columnheader' }, `H${head}`)));
  const grid = el('div', {
    id: 'spans-map', role: 'grid', 'aria-label': 'Span of every head, layer by head', onkeydown: keys,
    style: `--across:${across};--cell:${layers.length > 12 ? 24 : cellHeight}px`,
  }, ...rows, foot);

  /** @param {Head} head */
  function move(head) {
    chooseHead(head);
    cells.get(headKey(head))?.focus();
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const [up, right] = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] ?? [0, 0];
    const next = spans.heads.find(({ layer, head }) => layer === chosen.layer + up && head === chosen.head + right);
    if (!(up || right)) return;
    event.preventDefault();
    if (next) move(next);
  }

  const title = el('h2', {}, 'Layer × head');
  const links = saveLinks({
    title: () => 'Layer × head', caption: () => `${page.checkpoint.id} · ${headName(chosen)}`, complain: page.complain,
    rows: () => [['layer', 'head', 'span'], ...spans.heads.map(({ layer, head, span }) => [layer, head, span])],
    image: async () => ({ Plotly: await plotly, ...picture() }),
  });

  const picture = () => {
    const bottomUp = layers.toReversed();
    const values = bottomUp.map((layer) => spans.heads.filter((head) => head.layer === layer));
    const ink = values.flatMap((row) => row.map((head) => ({
      x: head.head, y: head.layer, text: amount(Math.round(head.span)), showarrow: false,
      font: { color: inkOn(viridis(position(head.span, domain))) },
    })));
    const frame = { type: 'rect', x0: chosen.head - 0.5, x1: chosen.head + 0.5, y0: chosen.layer - 0.5, y1: chosen.layer + 0.5, line: { color: colours().accent, width: 3 } };
    return {
      data: [{
        type: 'heatmap', colorscale: 'Viridis', showscale: false, xgap: 2, ygap: 2, zmin: 0, zmax: 1,
        z: values.map((row) => row.map(({ span }) => position(span, domain))),
      }],
      layout: themed({
        margin: { l: 40, r: 12, t: 8, b: 32 }, shapes: [frame], annotations: ink,
        xaxis: { showgrid: false, tickvals: [...Array(across).keys()], ticktext: [...Array(across).keys()].map((head) => `H${head}`) },
        yaxis: { showgrid: false, tickvals: bottomUp, ticktext: bottomUp.map((layer) => `L${layer}`) },
      }, colours(), 48 * across + 52, cellHeight * layers.length + 40),
    };
  };

  return {
    element: el('section', {}, el('div', { class: 'bar' }, title, links), el('div', { class: 'wide' }, grid)),
    /** @param {Head} head */
    show(head) {
      chosen = head;
      for (const [key, node] of cells) {
        const here = key === headKey(head);
        node.setAttribute('aria-selected', String(here));
        node.tabIndex = here ? 0 : -1;
      }
    },
  };
}
