import { el } from '../../parts/dom.js';
import { plotly } from '../../parts/figure.js';
import { headGrid } from '../../parts/map.js';
import { saveLinks } from '../../parts/save.js';
import { headName } from '../../words.js';

/** @param {import('./figure.js').Parts} parts */
export function headMap({ page, spans, unit, chooseHead }) {
  let heads = /** @type {CutHead[]} */ (spans.heads);
  let chosen = heads[0];
  const grid = headGrid({
    id: 'spans-map', label: 'Span of every head, layer by head', unit, choose: chooseHead,
    layers: page.checkpoint.layers, heads: page.checkpoint.heads, domain: { low: spans.ramp, high: spans.span_limit, log: true }, signal: page.signal,
  });
  const links = saveLinks({
    title: () => 'Layer × head', caption: () => `${page.checkpoint.id} · ${headName(chosen)}`, complain: page.complain,
    rows: () => [['layer', 'head', 'span'], ...heads.map(({ layer, head, span }) => [layer, head, span])],
    image: async () => ({ Plotly: await plotly, ...grid.picture() }),
  });
  return {
    element: el('section', {}, el('div', { class: 'bar' }, el('h2', {}, 'Layer × head'), links), el('div', { class: 'wide' }, grid.element)),
    /** @param {import('./figure.js').Shown} shown */
    show(shown) {
      chosen = shown.chosen;
      heads = shown.heads;
      grid.paint(heads);
      grid.mark(chosen);
    },
  };
}
