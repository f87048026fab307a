import { figure } from '../../parts/figure.js';
import { amount, count, headName } from '../../words.js';
import { slider } from './slider.js';
import { headChoice, numberOf, onwardTo, saying, stepSection, told } from './step.js';

const millionth = 1e-6;

/** @typedef {{ pull: number, error: number | null, penalty: number, sum: number }} Forces nats a token, for one token of z */

/**
 * What moves the z of a head: the loss and the penalty.
 * @param {import('./step.js').Story} story
 * @returns {import('./step.js').Step}
 */
export function forcesStep(story) {
  const { page, checkpoint, uses, unit, live, headOf } = story;
  const own = checkpoint.config.training.span_penalty ?? 0;
  const lambdas = [...new Set([...Array.from({ length: 51 }, (_, i) => Number((10 ** (-7 + i / 10)).toPrecision(2))), own])].toSorted((a, b) => a - b);
  const said = saying();
  const heads = headChoice(story);
  const penalty = slider({ id: 'learn-penalty', name: 'λ, the penalty', live: (value) => live({ penalty: String(value) }), written: scientific });
  let head = headOf({});
  let lambda = own;

  const picture = figure({
    id: 'learn-forces', level: 3, title: 'Two forces on z', height: 280, page, caption: () => `${checkpoint.id} · ${headName(head)} · λ ${scientific(lambda)}`,
    note: 'thick: one standard error to either side; thin: two',
    rows: () => {
      const forces = forcesOn(head, lambda, checkpoint.heads);
      return forces ? [['force', 'nats', 'standard error'], ['loss', forces.pull, forces.error ?? ''], ['penalty', forces.penalty, 0], ['sum', forces.sum, forces.error ?? '']] : [];
    },
  });

  /** @param {Forces} forces @returns {(colours: Colours) => Drawing} */
  const draw = ({ pull, error, penalty: push, sum }) => (colours) => {
    const values = [pull, push, sum].map((force) => force / millionth);
    const spread = (error ?? 0) / millionth;
    const reach = Math.max(Math.abs(values[0]) + 2 * spread, Math.abs(values[1]), Math.abs(values[2]) + 2 * spread) * 1.1;
    /** @param {number} y @param {number} by @param {number} width */
    const whisker = (y, by, width) => ({ type: 'scatter', mode: 'lines', x: [values[y] - by, values[y] + by], y: [y, y], line: { color: y === 2 ? colours.accent : colours.marks, width }, hoverinfo: 'skip' });
    const names = ['the loss', 'the penalty', 'together'];
    return {
      data: [
        ...[0, 2].flatMap((y) => [whisker(y, 2 * spread, 1), whisker(y, spread, 4)]),
        { type: 'scatter', mode: 'lines', x: [0, values[1]], y: [1, 1], line: { color: colours.marks, width: 4 }, hoverinfo: 'skip' },
        {
          type: 'scatter', mode: 'markers', x: values, y: [0, 1, 2], marker: { size: [12, 12, 14], color: [colours.marks, colours.marks, colours.accent] },
          text: names, hovertemplate: '%{text} %{x:.3~r} millionths<extra></extra>',
        },
      ],
      layout: {
        margin: { l: 84, r: 16, t: 26, b: 40 },
        xaxis: { range: [-reach, reach], nticks: 7, zeroline: true, zerolinecolor: colours.soft, zerolinewidth: 1, title: `10⁻⁶ nats a ${unit}, for one ${unit} of z` },
        yaxis: { range: [2.6, -0.6], tickvals: [0, 1, 2], ticktext: names, showgrid: false, tickfont: { color: colours.ink } },
        annotations: [{ x: 0.25, text: '← shorter' }, { x: 0.75, text: 'longer →' }].map((words) =>
          ({ ...words, xref: 'paper', yref: 'paper', y: 1, yanchor: 'bottom', showarrow: false })),
      },
    };
  };

  return {
    element: stepSection({
      title: 'Two forces on z',
      words: [
        told(`The loss pulls: −∂loss/∂<var>z</var> is what a little more <var>z</var> would save, in nats a ${unit}${uses.tokens ? `, measured here on ${count(uses.tokens)} ${unit}s of held-out text` : ''}. The penalty pushes: training adds <var>λ</var> times the mean <var>z</var> of each layer’s heads to the loss, so that every <var>z</var> feels the same, whatever the text:`),
        told(`−<var>λ</var> / heads in a layer = −<var>λ</var> / ${checkpoint.heads}`, 'formula'),
      ],
      controls: [heads.element, penalty.element], said, picture: picture.element,
      onward: onwardTo(page, 'How z grew over training', ['training'], { run: checkpoint.id.split('@')[0] }),
    }),
    drawn: forcesOn(head, own, checkpoint.heads) ? picture.drawn : Promise.resolve(),
    keys: ['head', 'penalty'],
    show(choices) {
      head = headOf(choices);
      lambda = numberOf(choices.penalty, own, 0);
      heads.show(head);
      penalty.show(lambdas, lambda);
      const forces = forcesOn(head, lambda, checkpoint.heads);
      picture.element.hidden = penalty.element.hidden = !forces;
      if (!forces) {
        said.textContent = checkpoint.variant === 'fixed' ? 'The spans of this model are fixed: its z do not move. Choose an adaptive one above.' : uses.detail ?? 'Nothing is known of what moves this z.';
        return;
      }
      said.textContent = words(forces, checkpoint, lambda === own && own > 0, head, unit);
      picture.show(draw(forces), { label: `Forces on z of ${headName(head)}: the loss ${millionths(forces.pull)}, the penalty ${millionths(forces.penalty)}, together ${millionths(forces.sum)} millionths of a nat. ${said.textContent}` });
    },
  };
}

/** @param {HeadUse} head @param {number} lambda @param {number} heads in a layer @returns {Forces | null} */
function forcesOn({ pull, pull_error: error }, lambda, heads) {
  if (pull === null) return null;
  const penalty = -lambda / heads;
  return { pull, error, penalty, sum: pull + penalty };
}

/**
 * @param {Forces} forces
 * @param {CheckpointDetail} checkpoint
 * @param {boolean} trained whether this is the penalty of its training
 * @param {HeadUse} head
 * @param {string} unit
 */
function words({ pull, error, sum }, { heads, config, span_limit, variant }, trained, head, unit) {
  const shorter = sum < 0;
  const beyond = (/** @type {number} */ force) => error !== null && Math.abs(force) >= 2 * error;
  const finding = !beyond(sum) ? `Together they point to a ${shorter ? 'shorter' : 'longer'} span, but by less than two standard errors: so few ${unit}s cannot tell.`
    : !shorter ? 'The loss wins: z would grow.'
    : pull < 0 && beyond(pull) ? 'Even without a penalty the loss asks for less: z would shrink.' : 'The penalty wins: z would shrink.';
  const balance = pull > 0 ? `They balance at λ = ${scientific(heads * pull)}${error === null ? '' : `, give or take ${scientific(heads * error)}`}, until z has moved.` : '';
  return [
    `${headName(head)}, z = ${amount(head.z)}${variant === 'dynamic' ? ' on average; all its z are thought moved alike' : ''}.`, finding, balance,
    trained ? 'This is the λ it was trained with.' : '',
    trained && config.training.optimizer === 'adamw' ? 'AdamW divides a force by its usual size, so a small one that never changes sign counts as much as a large one that does.' : '',
    head.z >= span_limit ? 'At z = S no distance is on the ramp, so the loss does not pull at all.' : head.z === 0 ? 'z is 0 and cannot shrink further.' : '',
  ].filter(Boolean).join(' ');
}

/** @param {number} value */
const millionths = (value) => (value / millionth).toPrecision(2);

const raised = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** 3 × 10⁻⁶. @param {number} value */
export function scientific(value) {
  if (!value) return '0';
  const [digits, power] = Number(value.toPrecision(2)).toExponential().split('e');
  const exponent = [...String(Math.abs(Number(power)))].map((digit) => raised[Number(digit)]).join('');
  return `${digits} × 10${Number(power) < 0 ? '⁻' : ''}${exponent}`;
}
