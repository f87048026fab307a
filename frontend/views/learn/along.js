import * as api from '../../api.js';
import { el } from '../../parts/dom.js';
import { figure } from '../../parts/figure.js';
import { amount, checkpointName, count, headName, unitOf } from '../../words.js';
import { slider, wholes } from './slider.js';
import { onwardTo, saying, stepSection, told } from './step.js';
import { named, placeOf, sentence, tokenAt, visible } from './text.js';

const perLetter = 9;

/** @typedef {{ name: string, values: number[], color: 'marks' | 'accent' }} Line a value a token */

/**
 * Spans that follow the text; where no model has such, how far the attention of this one lies.
 * @param {import('./step.js').Story} story
 * @param {{ model: Checkpoint, analysis: Promise<Analysis> }} reader a dynamic model, or the one at hand
 * @returns {import('./step.js').Step}
 */
export function alongStep(story, { model, analysis }) {
  const { page, checkpoint, live, headOf } = story;
  const unit = unitOf(model);
  const dynamic = model.variant === 'dynamic';
  const field = dynamic ? 'span' : 'distance';
  const said = saying();
  const place = slider({ id: 'learn-along', name: `the ${unit} at hand`, live: (value) => live({ place: String(value) }), written: (at) => `“${visible(sentence[at])}”` });
  let starts = /** @type {ArrayLike<number>} */ ([]);
  let lines = /** @type {Line[]} */ ([]);
  let values = new Float32Array();
  let token = 0;
  let choices = /** @type {Choices} */ ({});

  const picture = figure({
    id: 'learn-along-figure', level: 3, title: dynamic ? 'Span along a sentence' : 'Attention distance along a sentence', height: 280, page,
    caption: () => `${model.id} · “${sentence.slice(0, 24)}…”`,
    rows: () => [['token', 'character', ...lines.map(({ name }) => name)], ...Array.from(starts, (start, t) => [t, sentence[start], ...lines.map((line) => line.values[t])])],
  });

  /** @param {Colours} colours @param {number} width @returns {Drawing} */
  const draw = (colours, width) => {
    const margin = { l: 48, r: 16, t: 26, b: 40 };
    const fits = Math.min(starts.length, Math.floor((width - margin.l - margin.r) / perLetter));
    const first = Math.max(0, Math.min(starts.length - fits, token - Math.floor(fits / 2)));
    const shown = wholes(first, first + fits - 1);
    const most = Math.max(...lines.flatMap((line) => line.values.filter(Number.isFinite)));
    return {
      data: lines.map(({ name, values: own, color }) => ({
        type: 'scatter', mode: 'lines+markers', x: shown, y: shown.map((t) => own[t]), line: { color: colours[color], width: color === 'marks' ? 2 : 1 }, marker: { size: 3 },
        hovertemplate: `${name} %{y:.3~r}<extra></extra>`,
      })),
      layout: {
        margin, hovermode: 'x',
        xaxis: {
          range: [first - 0.6, first + fits - 0.4], showgrid: false, tickvals: shown, ticktext: shown.map((t) => visible(sentence[starts[t]])), tickangle: 0,
          tickfont: { size: 12, color: colours.ink, family: 'monospace' },
        },
        yaxis: { title: `${unit}s back`, range: [0, most * 1.05], nticks: 5 },
        shapes: [{ type: 'line', x0: token, x1: token, yref: 'paper', y0: 0, y1: 1, line: { color: colours.soft, width: 1, dash: 'dot' } }],
        annotations: lines.map(({ name, color }, i) => ({ xref: 'paper', yref: 'paper', x: 0, y: 1, xanchor: 'left', yanchor: 'bottom', xshift: 112 * i, text: name, showarrow: false, font: { color: colours[color] } })),
      },
    };
  };

  function show() {
    if (!starts.length) return;
    const heads = model.layers * model.heads;
    const at = placeOf(choices);
    token = tokenAt(starts, at);
    const tokens = Array.from(starts, (_, t) => values.slice(t * heads, (t + 1) * heads));
    lines = [{ name: 'all heads, mean', color: 'marks', values: tokens.map((of) => of.reduce((sum, value) => sum + value, 0) / heads) }];
    if (model.id === checkpoint.id) {
      const head = headOf(choices);
      lines.push({ name: headName(head), color: 'accent', values: tokens.map((of) => of[head.layer * model.heads + head.head]) });
    }
    const here = tokens[token];
    const furthest = here.indexOf(Math.max(...here));
    const far = headName({ layer: Math.floor(furthest / model.heads), head: furthest % model.heads });
    const verb = dynamic ? 'may look back' : 'look back';
    said.textContent = `At ${named(at)}, the ${count(heads)} heads ${verb} ${amount(lines[0].values[token])} ${unit}s on average; ${far} the furthest, ${amount(here[furthest])}.`;
    picture.show(draw, { label: `${dynamic ? 'Span' : 'Attention distance'} along a sentence. ${said.textContent}` });
  }

  const drawn = analysis.then((answer) => {
    starts = api.unpack(answer.tokens.start).values;
    values = Float32Array.from(api.unpack(answer.fields[field]).values);
    show();
    return picture.drawn;
  }).catch(page.complain);
  const who = model.id !== checkpoint.id ? `Those of the model above are ${checkpoint.variant}; this is read by ${checkpointName(model)}.`
    : dynamic ? '' : `No model on this service has such spans; this one’s are ${checkpoint.variant}. The figure shows what does change along a text: how far back, on average, the attention lies within them.`;

  return {
    element: stepSection({
      title: dynamic ? 'A span that follows the text' : 'What changes along a text',
      words: [told(`A span may also follow the text. <var>z</var> is then computed anew at each ${unit}, from the layer’s input <var>x</var> there, with a <var>v</var> and a <var>b</var> that each head learns:`), told('<var>z<sub>t</sub></var> = <var>S</var> · sigmoid(<var>v</var> · <var>x<sub>t</sub></var> + <var>b</var>)', 'formula'), ...(who ? [el('p', {}, who)] : [])],
      controls: [place.element], said, picture: picture.element,
      onward: onwardTo(page, 'A text of your own', ['text'], { checkpoint: model.id, show: field, text: sentence, stored: undefined }),
    }),
    drawn, keys: ['head', 'place'],
    show(next) {
      choices = next;
      place.show(wholes(1, sentence.length - 1), placeOf(choices));
      show();
    },
  };
}
