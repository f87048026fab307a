import { figure } from '../../parts/figure.js';
import { logAxis } from '../../parts/scale.js';
import { headName, share } from '../../words.js';
import { cursorLine } from '../../parts/cursor.js';
import { measures } from '../../parts/measures.js';

const height = 180;

/**
 * @typedef {{ reading: import('./reading.js').Reading, measure: import('../../parts/measures.js').Measure, of: import('./reading.js').Of, chosen: { layer: number, head: number }, unit: string }} Shown
 * @typedef {{ name: string, values: Float32Array, color: 'marks' | 'accent', width: number }} Line
 */

/**
 * The measure along the text: all heads, and over it the layer or head in question.
 * @param {Page} page
 * @param {(token: number) => void} onToken
 */
export function alongFigure(page, onToken) {
  /** @type {Line[]} */
  let lines = [];
  let caption = '';
  const cursor = cursorLine(height);
  const picture = figure({
    id: 'text-along', title: 'Along the text', height, page, over: cursor.element, caption: () => caption,
    rows: () => [['token', ...lines.map(({ name }) => name)], ...Array.from(lines[0]?.values ?? [], (_, t) => [t, ...lines.map(({ values }) => values[t])])],
    onHover: ({ x }) => onToken(x),
  });

  /** @param {Shown} shown */
  function linesOf({ reading, measure, of, chosen }) {
    const all = reading.tokenValues(measure, 'all', chosen);
    const single = of === 'all' ? (reading.perHead ? 'head' : 'layer') : of;
    const one = reading.rows > 1 && measure !== 'bits' ? reading.tokenValues(measure, single, chosen) : null;
    /** @type {Line[]} */
    const found = [];
    if (all) found.push({ name: measure === 'bits' ? '' : 'all heads', values: all, color: 'marks', width: 1.5 });
    if (one) found.push({ name: single === 'head' ? headName(chosen) : `layer ${chosen.layer}`, values: one, color: 'accent', width: 1 });
    return found;
  }

  /** @param {Shown} shown @returns {(colours: Colours) => Drawing} */
  const draw = ({ measure, unit, reading }) => (colours) => {
    const { log } = measures[measure];
    const finite = lines.flatMap(({ values }) => [...values.filter(Number.isFinite)]);
    const [low, high] = [Math.max(1, Math.min(...sample(finite, Math.min))), Math.max(...sample(finite, Math.max))];
    const axis = log ? logAxis(low * 0.9, Math.max(high, low * 2) * 1.1) : { rangemode: 'tozero', nticks: 5 };
    const name = { span: `${unit}s back`, distance: `${unit}s back`, bits: `bits a ${unit}`, outside: 'share of attention' }[measure];
    return {
      data: lines.map(({ name: line, values, color, width }) => ({
        type: 'scatter', mode: 'lines', x: [...values.keys()], y: [...values], line: { color: colours[color], width },
        hovertemplate: `%{y:${measure === 'outside' ? '.0%' : ',.3~r'}}${line ? `, ${line}` : ''}<extra></extra>`,
      })),
      layout: {
        hovermode: 'x', xaxis: { range: [-0.5, reading.count - 0.5], nticks: 9, tickformat: ',' },
        yaxis: { title: name, ...axis, ...(measure === 'outside' ? { tickformat: '.0%' } : {}) },
        annotations: ends(log, low, high).map(({ name: text, color, y, shift }) => ({
          xref: 'paper', x: 1, xanchor: 'left', xshift: 4, y, yshift: shift, text, showarrow: false, font: { color: colours[color] },
        })),
      },
    };
  };

  /** Each line's name at the height of its end, moved apart where they meet. @param {boolean} log @param {number} low @param {number} high */
  function ends(log, low, high) {
    const named = lines.filter(({ name }) => name).map((line) => {
      const tail = line.values.slice(-12).filter(Number.isFinite);
      const mean = tail.reduce((sum, value) => sum + value, 0) / (tail.length || 1);
      return { ...line, y: log ? Math.log10(Math.max(mean, low)) : mean, shift: 0 };
    });
    if (named.length < 2) return named;
    const [a, b] = named;
    const range = log ? Math.log10(high / low) : high;
    const apart = ((a.y - b.y) / (range || 1)) * (height - 44);
    if (Math.abs(apart) < 15) {
      const push = (15 - Math.abs(apart)) / 2;
      a.shift = apart >= 0 ? push : -push;
      b.shift = -a.shift;
    }
    return named;
  }

  return {
    ...picture,
    /** @param {Shown} shown */
    show(shown) {
      lines = linesOf(shown);
      caption = `${page.checkpoint.id} · ${headName(shown.chosen)} · “${shown.reading.characters.slice(0, 24).join('').replace(/\s+/g, ' ')}…”`;
      return picture.show(draw(shown), {
        title: measures[shown.measure].along,
        label: `${measures[shown.measure].along}: ${lines.map(({ name, values }) => `${name} ${summary(values, shown.measure)}`).join(', ')}.`,
      });
    },
    cursor: cursor.move,
  };
}

/** @param {Float32Array} values @param {string} measure */
function summary(values, measure) {
  const finite = values.filter(Number.isFinite);
  const mean = finite.reduce((sum, value) => sum + value, 0) / (finite.length || 1);
  return `mean ${measure === 'outside' ? share(mean) : mean.toPrecision(3)}`;
}

/** Math.min and Math.max take only so many arguments. @param {number[]} values @param {(...values: number[]) => number} best */
const sample = (values, best) => [values.reduce((so, value) => best(so, value), values[0] ?? 1)];
