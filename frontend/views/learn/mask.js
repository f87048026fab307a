import { figure } from '../../parts/figure.js';
import { mask, spanOf, teaching } from '../../parts/mask.js';
import { count } from '../../words.js';
import { doublings, slider, wholes } from './slider.js';
import { numberOf, onwardTo, saying, stepSection, told } from './step.js';

const mostPoints = 1024;

/** What z, R and S make of the mask. @param {import('./step.js').Story} story @returns {import('./step.js').Step} */
export function maskStep({ page, checkpoint, unit, live }) {
  let now = lengthsOf({});
  const said = saying();
  const z = slider({ id: 'learn-z', name: 'z, the length', live: (value) => live({ z: String(value) }) });
  const ramp = slider({ id: 'learn-ramp', name: 'R, the ramp', live: (value) => live({ ramp: String(value) }) });
  const limit = slider({ id: 'learn-limit', name: 'S, the limit', live: (value) => live({ limit: String(value) }) });
  const picture = figure({
    id: 'learn-mask', level: 3, title: 'The soft mask', height: 280, page, caption: () => `z ${now.z} · R ${now.ramp} · S ${now.span_limit}`,
    rows: () => [['distance', 'mask'], ...wholes(1, now.span_limit).map((x) => [x, mask(x, now.z, now.ramp)])],
  });

  /** @param {Choices} choices */
  function lengthsOf(choices) {
    const span_limit = numberOf(choices.limit, checkpoint.span_limit, 1, 8192);
    return { span_limit, ramp: numberOf(choices.ramp, checkpoint.ramp, 1, 512), z: numberOf(choices.z, Math.min(80, Math.round(span_limit / 4)), 0, span_limit) };
  }

  /** @param {Colours} colours @returns {Drawing} */
  const draw = (colours) => {
    const { z: length, ramp: fall, span_limit: most } = now;
    const [span, taught] = [spanOf(length, now), teaching(length, now)];
    const x = drawnAt(most, [Math.floor(length) + 1, span, span + 1]);
    const [zSide, spanSide] = [length < 0.1 * most ? 'left' : 'right', span > 0.8 * most ? 'right' : 'left'];
    const above = zSide === spanSide && span - length < 0.2 * most ? 12 : 0;
    const late = length + fall / 2 > 0.75 * most;
    return {
      data: [{
        type: 'scatter', mode: 'lines', x, y: x.map((at) => mask(at, length, fall)), fill: 'tozeroy', fillcolor: `${colours.marks}22`,
        line: { color: colours.marks, width: 2 }, hovertemplate: `%{x:,} ${unit}s back<br>m = %{y:.2f}<extra></extra>`,
      }],
      layout: {
        margin: { l: 40, r: 16, t: 26, b: 40 }, hovermode: 'x',
        xaxis: { title: `distance x, ${unit}s back`, range: [0, most * 1.01], nticks: 8, tickformat: ',' },
        yaxis: { title: 'm(x)', range: [-0.14, 1.04], tickvals: [0, 0.5, 1] },
        shapes: [
          ...[length, span].map((at) => ({ type: 'line', x0: at, x1: at, y0: 0, y1: 1.04, line: { color: colours.soft, width: 1, dash: 'dot' } })),
          ...(taught ? [{ type: 'rect', x0: taught.first - 0.5, x1: taught.last + 0.5, y0: -0.08, y1: -0.04, fillcolor: colours.accent, line: { color: colours.accent, width: 1 } }] : []),
        ],
        annotations: [
          { x: length, xanchor: zSide, y: 1.04, yanchor: 'bottom', text: `z = ${count(length)}`, showarrow: false },
          { x: span, xanchor: spanSide, y: 1.04, yanchor: 'bottom', yshift: above, text: `span ${count(span)}`, showarrow: false },
          ...(taught ? [{ x: late ? taught.first : taught.last, y: -0.06, xanchor: late ? 'right' : 'left', xshift: late ? -6 : 6, text: 'moves z', showarrow: false, font: { color: colours.accent } }] : []),
        ],
      },
    };
  };

  return {
    element: stepSection({
      title: 'The mask',
      words: [
        told(`Every head has a length <var>z</var>, which training moves. What lies <var>x</var> ${unit}s back counts <var>m</var>(<var>x</var>): wholly as far as <var>z</var>, ever less over a ramp of <var>R</var>, then not at all. No head looks further than the limit <var>S</var>.`),
        told('<var>m</var>(<var>x</var>) = clamp((<var>R</var> + <var>z</var> − (<var>x</var> − 1)) / <var>R</var>, 0, 1)', 'formula'),
        told('The ramp is what makes <var>z</var> learnable: a sharp edge would not change at all when <var>z</var> moves a little.'),
      ],
      controls: [z.element, ramp.element, limit.element], said, picture: picture.element,
      onward: onwardTo(page, 'The mask of every head', ['spans']),
    }),
    drawn: picture.drawn, keys: ['z', 'ramp', 'limit'],
    show(choices) {
      now = lengthsOf(choices);
      limit.show(doublings(64, 8192, checkpoint.span_limit), now.span_limit);
      ramp.show(doublings(1, 256, checkpoint.ramp), now.ramp);
      z.show(wholes(0, now.span_limit), now.z);
      said.textContent = words(now, unit);
      picture.show(draw, { label: `The soft mask over distance. ${said.textContent}` });
    },
  };
}

/** Enough distances for a line, and those where it bends. @param {number} most @param {number[]} bends */
function drawnAt(most, bends) {
  const every = Math.ceil(most / mostPoints);
  const regular = wholes(1, most).filter((x) => x % every === 0);
  return [...new Set([1, ...regular, ...bends.filter((x) => x <= most), most])].toSorted((a, b) => a - b);
}

/** @param {{ z: number } & import('../../parts/mask.js').Lengths} lengths @param {string} unit */
function words(lengths, unit) {
  const { z, span_limit } = lengths;
  const [whole, span, taught] = [Math.min(span_limit, Math.floor(z) + 1), spanOf(z, lengths), teaching(z, lengths)];
  const near = whole === span_limit ? `All ${count(whole)} ${unit}s count wholly.`
    : whole === 1 ? `The nearest ${unit} counts wholly` : `The nearest ${count(whole)} ${unit}s count wholly`;
  const far = whole === span_limit ? '' : span === whole ? ', the others not at all.' : `, the next ${count(span - whole)} ever less.`;
  const end = `The span, the furthest that counts at all, is ${count(span)}${span < span_limit ? ' = z + R' : ', the limit'}.`;
  const move = taught ? `Only distances ${count(taught.first)} to ${count(taught.last)} move z: elsewhere the mask stays as it is when z changes a little.`
    : 'Nothing in the text moves z here: there is no ramp left on the axis.';
  return `${near}${far} ${end} ${move}`;
}
