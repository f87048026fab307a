import { unpack } from '../../api.js';
import { figure } from '../../parts/figure.js';
import { amount, headName } from '../../words.js';

/**
 * How spans grew over the training: of every head, or, of an imported run, of all; nothing where that is not known.
 * @param {Page} page
 * @param {History} history
 * @param {string} unit
 */
export function historyFigure(page, history, unit) {
  if (ofHeads(history)) return headHistory(page, history, unit);
  return history.span_avg.some((span) => span !== null) ? meanHistory(page, history, unit) : null;
}

/**
 * How z of a head changed over the second half of a checkpoint's training; nothing where that is not known.
 * @param {History} history
 * @param {Checkpoint} checkpoint
 */
export function growthOf(history, { step }) {
  if (!ofHeads(history)) return null;
  const { values, shape: [, layers, heads] } = unpack(history.z);
  const end = history.steps.findLastIndex((evaluated) => evaluated <= step);
  const middle = history.steps.findLastIndex((evaluated) => evaluated <= step / 2);
  if (middle < 0) return null;
  /** @param {{ layer: number, head: number }} place */
  return ({ layer, head }) => {
    const [before, after] = [middle, end].map((i) => values[(i * layers + layer) * heads + head]);
    return after - before;
  };
}

/** @param {History} history @returns {history is HistoryOfHeads} */
const ofHeads = (history) => history.z !== null && !history.tokens.includes(null);

/**
 * The mean and the longest span at every evaluation of a run that another program trained.
 * @param {Page} page
 * @param {History} history
 * @param {string} unit
 */
function meanHistory(page, { steps, span_avg, span_max }, unit) {
  const picture = figure({
    title: 'Spans over training', height: 150, page, caption: () => page.checkpoint.id,
    rows: () => [['step', 'mean span', 'longest span'], ...steps.map((step, i) => [step, span_avg[i] ?? '', span_max[i] ?? ''])],
  });
  /** @param {Colours} colours @returns {Drawing} */
  const draw = (colours) => ({
    data: [line(steps, span_max, 'longest', colours.marks), line(steps, span_avg, 'mean', colours.accent)],
    layout: {
      margin: { l: 36, r: 8, t: 8, b: 36 }, hovermode: 'x',
      xaxis: { title: 'step', nticks: 5 }, yaxis: { rangemode: 'tozero', nticks: 4 },
    },
  });
  /** @param {number[]} x @param {(number | null)[]} y @param {string} name @param {string} color */
  const line = (x, y, name, color) => ({
    type: 'scatter', mode: 'lines', x, y, line: { color, width: 2 }, hovertemplate: `${name} %{y:.0f} ${unit}s, step %{x:,}<extra></extra>`,
  });
  const note = `the mean and, above it, the longest, in ${unit}s; no single head’s was kept`;
  return { ...picture, show: () => void picture.show(draw, { note }) };
}

/**
 * z of the chosen head at every evaluation of its training, the other heads of its layer faint behind it.
 * @param {Page} page
 * @param {HistoryOfHeads} history
 * @param {string} unit
 */
function headHistory(page, history, unit) {
  const { values, shape: [, layers, heads] } = unpack(history.z);
  const evaluations = history.steps.filter((step) => step <= page.checkpoint.step).length;
  const tokens = history.tokens.slice(0, evaluations);
  let chosen = { layer: 0, head: 0 };
  /** @param {number} layer @param {number} head */
  const line = (layer, head) => Array.from({ length: evaluations }, (_, i) => values[(i * layers + layer) * heads + head]);
  const millions = Math.max(...tokens) >= 2e6;
  const scale = millions ? 1e6 : 1e3;
  const scaled = tokens.map((read) => read / scale);

  const picture = figure({
    title: 'z over training', height: 150, page, caption: () => `${page.checkpoint.id} · ${headName(chosen)}`,
    rows: () => [['tokens', 'z'], ...line(chosen.layer, chosen.head).map((z, i) => [tokens[i], z])],
  });

  /** @param {Colours} colours @returns {Drawing} */
  const draw = (colours) => {
    /** @param {number} head @param {object} look */
    const trace = (head, look) => ({ type: 'scatter', mode: 'lines', x: scaled, y: line(chosen.layer, head), line: look, hoverinfo: 'skip' });
    const others = [...Array(heads).keys()].filter((head) => head !== chosen.head);
    return {
      data: [
        ...others.map((head) => ({ ...trace(head, { color: colours.marks, width: 1 }), opacity: 0.45 })),
        {
          ...trace(chosen.head, { color: colours.accent, width: 2 }), hoverinfo: undefined,
          text: tokens.map((read, i) => `z ${amount(line(chosen.layer, chosen.head)[i])}<br>after ${read.toLocaleString('en')} ${unit}s`),
          hovertemplate: '%{text}<extra></extra>',
        },
      ],
      layout: {
        margin: { l: 36, r: 8, t: 8, b: 36 }, hovermode: 'x',
        xaxis: { title: `${millions ? 'million' : 'thousand'} ${unit}s read`, nticks: 5 },
        yaxis: { rangemode: 'tozero', nticks: 4 },
      },
    };
  };

  return {
    ...picture,
    /** @param {Head} head */
    show(head) {
      chosen = head;
      const end = line(head.layer, head.head)[evaluations - 1];
      picture.show(draw, {
        note: `${headName(head)} in colour, the rest of layer ${head.layer} faint`,
        label: `z of ${headName(head)} over its training; it ends at ${amount(end)}.`,
      });
    },
  };
}
