import { el } from '../../parts/dom.js';
import { figure, margin } from '../../parts/figure.js';
import { spanOf } from '../../parts/mask.js';
import { linkButton } from '../../parts/save.js';
import { logAxis } from '../../parts/scale.js';
import { segments } from '../../parts/segments.js';
import { amount, bits, count, headName } from '../../words.js';
import { mean } from './history.js';
import { unitsOf } from './words.js';

/**
 * @typedef {import('./history.js').Evaluation} Evaluation
 * @typedef {{ frame: Frame, run: Run, config: RunConfig }} Parts
 * @typedef {{
 *   run: Run, evaluations: Evaluation[], at: number, last: boolean, head: { layer: number, head: number } | undefined, choices: Choices,
 * }} Shown `at`: the chosen evaluation; `last`: whether it is the last one, whatever comes
 * @typedef {{ name: string, y: (number | null)[], color: 'ink' | 'soft' | 'marks' | 'accent', width: number, opacity?: number, card: string }} Line
 * @typedef {{ values: (number | null)[], title: string, format: string }} Axis
 */

const heights = { bits: 200, spans: 280 };
const labelHeight = 13;
const smoothest = 0.95;

/**
 * Bits and mean spans by layer over one time axis.
 * @param {Parts} parts
 * @param {{ choose: (step: number | undefined) => void }} listeners
 */
export function curves({ frame, run, config: { model } }, { choose }) {
  const units = unitsOf(run);
  const unit = units.slice(0, -1);
  /** @type {Shown} */
  let shown;
  /** @type {{ bits: Line[], spans: Line[] }} */
  let lines = { bits: [], spans: [] };

  const along = segments('along', (value) => frame.choose({ along: value }));
  const smoothed = el('output', {});
  const smooth = el('input', { type: 'range', min: 0, max: smoothest, step: 0.05, oninput: () => frame.choose({ smooth: Number(smooth.value) ? smooth.value : undefined }) });
  const parts = { height: 0, page: frame, caption: () => `${run.name} · step ${count(shown.evaluations.at(-1)?.step ?? 0)}`,
    onPoint: (/** @type {{ pointIndex?: number }} */ { pointIndex }) => choose(shown.evaluations[pointIndex ?? 0]?.step) };
  const pictures = {
    bits: figure({ ...parts, id: 'bits-figure', title: `Bits a ${unit}`, height: heights.bits, rows: () => rowsOf(lines.bits), links: [linkButton()] }),
    spans: figure({ ...parts, id: 'growth-figure', title: 'Mean span by layer', height: heights.spans, rows: () => rowsOf(lines.spans) }),
  };
  const controls = el('div', { class: 'controls' }, along.element, el('label', {}, 'smooth ', smooth, ' ', smoothed));
  const none = el('p', { class: 'soft' }, 'The curves begin with the first evaluation.');

  /** @param {Line[]} table */
  const rowsOf = (table) => [['step', 'tokens', 'seconds', ...table.map(({ name }) => name)],
    ...shown.evaluations.map(({ step, tokens, seconds }, i) => [step, tokens ?? '', seconds ?? '', ...table.map(({ y }) => y[i] ?? '')])];

  /** @param {Evaluation[]} evaluations @returns {Line[]} */
  const bitsOf = (evaluations) => [
    { name: 'train', y: evaluations.map(({ train_bpc: found }) => found), color: /** @type {const} */ ('soft'), width: 1.5, card: '%{y:.3f}' },
    { name: 'valid', y: evaluations.map(({ bpc }) => bpc), color: /** @type {const} */ ('marks'), width: 2, card: '%{y:.3f}' },
  ].filter(({ y }) => y.some((value) => value !== null));

  /** @param {Evaluation[]} evaluations @param {Shown['head']} head @returns {Line[]} */
  function spansOf(evaluations, head) {
    /** @param {(z: number[][]) => number} value */
    const curve = (value) => evaluations.map(({ z }) => z && value(z));
    const spans = (/** @type {number[]} */ lengths) => mean(lengths.map((z) => spanOf(z, model)));
    const card = '%{y:.0f}';
    const layers = evaluations.some(({ z }) => z) ? Array.from({ length: model.layers }, (_, layer) => layer) : [];
    const whole = evaluations.map(({ mean_span: found }) => found);
    return [
      ...layers.map((layer) => ({ name: `L${layer}`, y: curve((z) => spans(z[layer])), color: /** @type {const} */ ('marks'), width: 1.25, opacity: 0.75, card })),
      ...(head && layers.length ? [{ name: headName(head), y: curve((z) => spanOf(z[head.layer][head.head], model)), color: /** @type {const} */ ('accent'), width: 2, card }] : []),
      ...(whole.some((value) => value !== null) ? [{ name: 'mean', y: whole, color: /** @type {const} */ ('ink'), width: 2, card }] : []),
    ];
  }

  /** @param {'bits' | 'spans'} which @returns {(colours: Colours) => Drawing} */
  const draw = (which) => (colours) => {
    const part = Number(shown.choices.smooth ?? 0);
    const axis = axisOf(shown.evaluations, shown.choices.along, units);
    const x = axis.values;
    const values = lines[which].flatMap(({ y }) => y).filter((value) => value !== null);
    const range = rangeOf(which === 'spans' ? [model.ramp, ...values] : values, which);
    const at = shown.last ? null : x[shown.at];
    /** @param {Line} line @param {(number | null)[]} y @param {object} look */
    const trace = (line, y, look) => ({
      type: 'scatter', mode: y.length === 1 ? 'markers' : 'lines', x, y, connectgaps: true, line: { color: colours[line.color], width: line.width },
      marker: { color: colours[line.color], size: 7 }, opacity: line.opacity ?? 1, ...look,
    });
    const card = (/** @type {Line} */ line) => ({ text: shown.evaluations.map(({ step }) => `step ${count(step)}`), hovertemplate: `${line.name} ${line.card}, %{text}<extra></extra>` });
    return {
      data: lines[which].flatMap((line) => (part
        ? [trace(line, line.y, { ...card(line), opacity: 0.3, line: { color: colours[line.color], width: 1 } }), trace(line, smoothedBy(line.y, part), { hoverinfo: 'skip' })]
        : [trace(line, line.y, card(line))])),
      layout: {
        xaxis: { title: axis.title, tickformat: axis.format, nticks: 8, rangemode: 'tozero' },
        yaxis: { title: which === 'bits' ? `bits a ${unit}` : `mean span, ${units}`, ...(which === 'spans' ? logAxis(...range) : { range, nticks: 6 }) },
        shapes: [
          ...(at === null ? [] : [{ type: 'line', x0: at, x1: at, yref: 'paper', y0: 0, y1: 1, line: { color: colours.accent, width: 1 } }]),
          ...(which === 'spans' ? [{ type: 'line', xref: 'paper', x0: 0, x1: 1, y0: model.ramp, y1: model.ramp, layer: 'below', line: { color: colours.soft, width: 1, dash: 'dot' } }] : []),
        ],
        annotations: [...endLabels(lines[which].map((line) => ({ ...line, y: part ? smoothedBy(line.y, part) : line.y })), range, which)
          .map(({ name, color, y, shift }) => ({
            xref: 'paper', x: 1, xanchor: 'left', xshift: 4, y, yshift: shift, text: name, showarrow: false, font: { color: colours[color] },
          })), ...(which === 'spans' ? [floorLabel(model.ramp)] : [])],
      },
    };
  };

  return {
    elements: [el('div', { class: 'block curves' }, controls, none, pictures.bits.element, pictures.spans.element)],
    /** @param {Shown} next */
    show(next) {
      shown = next;
      const { evaluations, choices: { smooth: part = '0' } } = shown;
      const empty = evaluations.length === 0;
      none.hidden = !empty;
      controls.hidden = pictures.bits.element.hidden = pictures.spans.element.hidden = empty;
      if (empty) return Promise.resolve();
      lines = { bits: bitsOf(evaluations), spans: spansOf(evaluations, shown.head) };
      const timed = evaluations.every(({ tokens, seconds }) => tokens !== null && seconds !== null);
      along.element.hidden = !timed;
      along.show({ tokens: units, steps: 'steps', time: 'time' }, knownAxis(evaluations, shown.choices.along));
      smooth.value = part;
      smoothed.textContent = Number(part) ? `${Math.round(100 * Number(part))}%, raw lines faint` : 'off';
      pictures.spans.element.hidden = lines.spans.length === 0;
      const last = evaluations[evaluations.length - 1];
      const drawn = [pictures.bits.show(draw('bits'), { label: `Bits a ${unit} over training, on held-out text ${bits(last.bpc)} at step ${count(last.step)}.` })];
      if (lines.spans.length) {
        drawn.push(pictures.spans.show(draw('spans'), {
          note: model.variant === 'fixed' ? 'every span is fixed' : `mean over the heads of a layer, and over all${shown.head ? `; ${headName(shown.head)} by itself` : ''}`,
          label: `Mean span by layer over training; over all ${amount(last.mean_span ?? NaN)} ${units} at step ${count(last.step)}.`,
        }));
      }
      return Promise.all(drawn);
    },
  };
}

/** @param {number} ramp */
const floorLabel = (ramp) => ({
  xref: 'paper', x: 1, y: Math.log10(ramp), xanchor: 'right', yanchor: 'top', text: `ramp R = ${ramp}, the floor`, showarrow: false,
});

/** @param {Evaluation[]} evaluations @param {string | undefined} wanted what they know */
function knownAxis(evaluations, wanted) {
  const timed = evaluations.every(({ tokens, seconds }) => tokens !== null && seconds !== null);
  return !timed || wanted === 'steps' ? 'steps' : wanted === 'time' ? 'time' : 'tokens';
}

/** @param {Evaluation[]} evaluations @param {string | undefined} wanted @param {string} units @returns {Axis} */
function axisOf(evaluations, wanted, units) {
  const last = evaluations[evaluations.length - 1];
  const scaled = (/** @type {(number | null)[]} */ values, /** @type {number} */ by) => values.map((value) => value === null ? null : value / by);
  const axis = knownAxis(evaluations, wanted);
  if (axis === 'steps') return { values: evaluations.map(({ step }) => step), title: 'steps', format: ',' };
  if (axis === 'time') {
    const hours = (last.seconds ?? 0) >= 2 * 3600;
    return { values: scaled(evaluations.map(({ seconds }) => seconds), hours ? 3600 : 60), title: `${hours ? 'hours' : 'minutes'} of training`, format: '~g' };
  }
  const millions = (last.tokens ?? 0) >= 2e6;
  return { values: scaled(evaluations.map(({ tokens }) => tokens), millions ? 1e6 : 1e3), title: `${millions ? 'million' : 'thousand'} ${units} read`, format: ',' };
}

/** @param {number[]} values @param {'bits' | 'spans'} which @returns {[number, number]} with some air around them */
function rangeOf(values, which) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (which === 'spans') return [low * 0.88, Math.max(high, low * 1.6) * 1.12];
  const air = 0.06 * Math.max(high - low, 0.1);
  return [low - air, high + air];
}

/**
 * A running mean that forgets: each value counts `part` of the one after it.
 * @param {(number | null)[]} values
 * @param {number} part
 */
export function smoothedBy(values, part) {
  let [sum, weight] = [0, 0];
  return values.map((value) => {
    if (value === null) return null;
    [sum, weight] = [part * sum + value, part * weight + 1];
    return sum / weight;
  });
}

/**
 * Each line's name at the height of its end, moved apart where they would meet; layers that find no room stay nameless.
 * @param {Line[]} lines
 * @param {[number, number]} range
 * @param {'bits' | 'spans'} which
 */
function endLabels(lines, [low, high], which) {
  const room = heights[which] - margin.t - margin.b;
  const height = (/** @type {number} */ value) =>
    room * (which === 'spans' ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));
  const every = Math.ceil(lines.length / Math.floor(room / labelHeight));
  const ends = lines
    .map((line, i) => ({ ...line, end: line.y.findLast((value) => value !== null) ?? low, named: line.color !== 'marks' || which === 'bits' || i % every === 0 }))
    .filter(({ named }) => named)
    .toSorted((a, b) => a.end - b.end)
    .map((line) => ({ ...line, place: height(line.end) }));
  for (let i = 1; i < ends.length; i++) ends[i].place = Math.max(ends[i].place, ends[i - 1].place + labelHeight);
  let above = room + labelHeight / 2;
  for (const line of ends.toReversed()) {
    line.place = Math.min(line.place, above);
    above = line.place - labelHeight;
  }
  return ends.map(({ name, color, end, place }) => ({ name, color, y: which === 'spans' ? Math.log10(end) : end, shift: place - height(end) }));
}
