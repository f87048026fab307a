import { el } from '../../parts/dom.js';
import { plotly } from '../../parts/figure.js';
import { headGrid } from '../../parts/map.js';
import { saveLinks } from '../../parts/save.js';
import { css, diverging, logTicks, position, shade } from '../../parts/scale.js';
import { onTheme } from '../../theme.js';
import { amount, findHead, headKey, headName, signedAmount } from '../../words.js';
import { beside } from './beside.js';
import { runOf } from './chosen.js';

/**
 * @typedef {ReturnType<typeof headGrid>} Grid
 * @typedef {{ title: string, grid: Grid, cells: import('../../parts/map.js').Cell[] }} Map
 */

/**
 * A map of layer by head for each checkpoint on one scale of colour, and what the second adds to the first.
 * @param {Frame} frame
 */
export function maps(frame) {
  /** @type {import('../compare.js').State} */
  let state;
  /** @type {Map[]} */
  let shown = [];
  const place = el('div', { class: 'maps' });
  const scale = el('p', { class: 'note scale-line' });
  const chooseHead = (/** @type {import('../../parts/map.js').Place} */ head) => frame.choose({ head: headKey(head) });
  onTheme(() => {
    if (!state) return;
    build();
    mark();
  }, frame.signal);

  const links = saveLinks({
    title: () => 'Layer × head', complain: frame.complain,
    caption: () => `${state.chosen.map(({ id }) => id).join(', ')}${state.head ? ` · ${headName(state.head)}` : ''}`,
    rows: () => [['map', 'layer', 'head', 'value'], ...shown.flatMap(({ title, cells }) => cells.map(({ layer, head, span }) => [title, layer, head, span]))],
    image: async () => ({ Plotly: await plotly, ...beside(shown.map(({ title, grid }) => ({ title, ...grid.picture() }))) }),
  });

  function build() {
    const { chosen, unit, comparison } = state;
    const domain = { low: Math.min(...chosen.map(({ ramp }) => ramp)), high: Math.max(...chosen.map(({ span_limit: limit }) => limit)), log: true };
    shown = chosen.map((checkpoint) => {
      const { letter, layers, heads, spans } = checkpoint;
      const grid = headGrid({ id: `map-${letter}`, label: `${letter}: span of every head, layer by head`, layers, heads, unit, domain, choose: chooseHead });
      return { title: `${letter} ${checkpoint.name}`, grid, cells: spans.heads };
    });
    const [first, second] = chosen;
    const differences = comparison?.heads.map(({ layer, head, differences: [value] }) => ({ layer, head, span: value ?? NaN, z: NaN })) ?? [];
    const alike = differences.length > 0 && differences.every(({ span }) => Number.isFinite(span));
    if (alike) shown.push({ title: `${second.letter} − ${first.letter}`, grid: differenceMap(differences), cells: differences });
    for (const { grid, cells } of shown) grid.paint(cells);
    place.replaceChildren(
      ...shown.map(({ title, grid }, i) => el('section', {}, el('h3', chosen[i] ? { class: `variant ${chosen[i].variant}` } : {}, title), el('div', { class: 'wide' }, grid.element))),
      ...(alike || !second ? [] : [el('p', { class: 'note' },
        `${first.letter} has ${first.layers} × ${first.heads} heads, ${second.letter} ${second.layers} × ${second.heads}: a difference needs two of one shape.`)]));
    const ticks = logTicks(domain.low, domain.high);
    scale.replaceChildren(`Spans in ${unit}s, one colour scale: `,
      ...ticks.map((tick) => el('span', { class: 'swatch', style: `--swatch:${css(shade(position(tick, domain)))}` }, amount(tick))),
      ...(alike ? [` The difference is ${second.letter} minus ${first.letter}: orange where ${second.letter} looks further, purple where less far.${runOf(first.id) === runOf(second.id) ? '' : ' Heads of separate runs share a place, not a task.'}`] : []));
  }

  function mark() {
    for (const { grid, cells } of shown) grid.mark(state.head && findHead(cells, headKey(state.head)));
  }

  /** @param {import('../../parts/map.js').Cell[]} differences */
  function differenceMap(differences) {
    const { chosen: [first, second], unit } = state;
    const most = Math.max(1, ...differences.map(({ span }) => Math.abs(span)));
    const colour = diverging();
    return headGrid({
      id: 'map-difference', label: `${second.letter} minus ${first.letter}: difference of spans, layer by head`, unit, choose: chooseHead,
      layers: first.layers, heads: first.heads, domain: { low: -most, high: most, log: false },
      look: {
        // small differences are many: the root lets them be seen
        colour: (value) => colour(Math.sign(value) * Math.sqrt(Math.abs(value) / most)), text: signedAmount,
        label: (cell) => `${headName(cell)}, ${signedAmount(cell.span)} ${unit}s`, title: (cell) => `${headName(cell)} · ${second.letter} minus ${first.letter}`,
      },
    });
  }

  return {
    element: el('section', { id: 'compare-maps' }, el('div', { class: 'bar' }, el('h2', {}, 'Layer × head'), links), scale, place),
    /** @param {import('../compare.js').State} next @param {boolean} other whether the checkpoints are other ones */
    show(next, other) {
      state = next;
      if (other) build();
      mark();
    },
  };
}
