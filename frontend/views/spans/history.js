import { unpack } from '../../api.js';
import { figure } from '../../parts/figure.js';
import { amount, headName } from '../../words.js';

/**
 * z of the chosen head at every evaluation of its training, the other heads of its layer faint behind it.
 * @param {Page} page
 * @param {History} history
 * @param {string} unit
 */
export function historyFigure(page, history, unit) {
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
