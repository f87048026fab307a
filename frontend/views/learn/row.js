import * as api from '../../api.js';
import { el } from '../../parts/dom.js';
import { figure } from '../../parts/figure.js';
import { mask, masked, unmasked } from '../../parts/mask.js';
import { amount, count, headName, share } from '../../words.js';
import { slider, wholes } from './slider.js';
import { headChoice, numberOf, onwardTo, saying, stepSection, told } from './step.js';
import { named, placeOf, sentence, tokenAt, visible } from './text.js';

/** @typedef {{ head: HeadUse, token: number, shares: number[], z: number, cut: number }} Row `shares` are the scores' own, `z` the head's, `cut` what is tried */

/**
 * A row of attention as the scores alone would have it, and under the mask.
 * @param {import('./step.js').Story} story
 * @param {Promise<Analysis>} reading of the sentence
 * @returns {import('./step.js').Step}
 */
export function rowStep(story, reading) {
  const { page, checkpoint, unit, live, headOf } = story;
  const said = saying();
  const heads = headChoice(story);
  const place = slider({ id: 'learn-place', name: `the ${unit} that looks back`, live: (value) => live({ place: String(value) }), written: (at) => `“${visible(sentence[at])}”` });
  const cut = slider({ id: 'learn-cut', name: 'z, if it were less', live: (value) => live({ cut: String(value) }), written: amount });
  const note = el('p', { class: 'note' });
  /** @type {Row | undefined} */
  let row;
  let starts = /** @type {ArrayLike<number>} */ ([]);
  let asked = new AbortController();
  let choices = /** @type {Choices} */ ({});
  let asking = Promise.resolve();
  page.signal.addEventListener('abort', () => asked.abort());

  const after = () => (row ? masked(row.shares, row.cut, checkpoint.ramp) : { weights: [], kept: 1 });
  const picture = figure({
    id: 'learn-row', level: 3, title: 'Attention before and after the mask', height: 280, page,
    caption: () => (row ? `${checkpoint.id} · ${headName(row.head)} · z ${amount(row.cut)} · ${named(placeOf(choices))}` : ''),
    rows: () => {
      const { weights } = after();
      return [['distance', 'before', 'mask', 'after'], ...(row?.shares ?? []).map((own, i) => [i + 1, own, mask(i + 1, row?.cut ?? 0, checkpoint.ramp), weights[i]])];
    },
  });

  /** @param {Row} shown @returns {(colours: Colours, width: number) => Drawing} */
  const draw = ({ shares, cut: z, token }) => (colours, width) => {
    const { weights } = after();
    const x = wholes(1, shares.length);
    const top = Math.max(...shares, ...weights) * 1.04;
    const margin = { l: 48, r: 16, t: 26, b: 40 };
    const letters = (width - margin.l - margin.r) / shares.length >= 6.5;
    const inside = x.filter((distance) => distance <= token);
    const beyond = token + 0.5;
    return {
      data: [
        { type: 'bar', x, y: weights, marker: { color: colours.marks, line: { width: 0 } }, customdata: x.map(at), hovertemplate: '%{customdata}<br>after the mask %{y:.1%}<extra></extra>' },
        { type: 'scatter', mode: 'lines', x, y: shares, line: { color: colours.ink, width: 1, shape: 'hvh' }, hovertemplate: 'before %{y:.1%}<extra></extra>' },
        { type: 'scatter', mode: 'lines', x, y: x.map((distance) => top * mask(distance, z, checkpoint.ramp)), line: { color: colours.accent, width: 2 }, hoverinfo: 'skip' },
      ],
      layout: {
        margin, bargap: 0.15, hovermode: 'x',
        xaxis: {
          range: [shares.length + 0.6, 0.4], showgrid: false,
          title: letters ? 'the text, the nearest at the right' : `distance, ${unit}s back`,
          ...(letters ? { tickvals: inside, ticktext: inside.map(at), tickangle: 0, tickfont: { size: 12, color: colours.soft, family: 'monospace' } } : { nticks: 8, tickformat: ',' }),
        },
        yaxis: { title: 'share of attention', range: [0, top * 1.02], tickformat: '.0%', nticks: 5 },
        shapes: beyond < shares.length ? [{ type: 'line', x0: beyond, x1: beyond, yref: 'paper', y0: 0, y1: 1, line: { color: colours.soft, width: 1, dash: 'dot' } }] : [],
        annotations: [
          { x: 1, y: top, xanchor: 'right', yanchor: 'bottom', text: 'the mask, 1 at the top', showarrow: false, font: { color: colours.accent } },
          ...(beyond < shares.length ? [{ x: beyond, yref: 'paper', y: 0.97, xanchor: 'right', yanchor: 'top', xshift: -4, text: 'before the text', showarrow: false }] : []),
        ],
      },
    };
  };

  /** What stands at a distance. @param {number} distance */
  const at = (distance) => {
    const character = sentence[starts[(row?.token ?? 0) - distance]];
    return character === undefined ? 'before the text' : visible(character);
  };

  /** The row that the address speaks of, from the service. */
  async function ask() {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    try {
      starts = api.unpack((await reading).tokens.start).values;
      const head = headOf(choices);
      const token = tokenAt(starts, placeOf(choices));
      const { bands: [band] } = await api.attention(checkpoint.id, { text: sentence, heads: [{ layer: head.layer, head: head.head }], rows: [token, token + 1] }, signal);
      if (signal.aborted) return;
      // of a dynamic head the span of this row tells z to a token
      const z = checkpoint.variant === 'dynamic' ? band.width - checkpoint.ramp : head.z;
      row = { head, token, z, cut: z, shares: unmasked(api.unpack(band.weights).values, z, checkpoint.ramp) };
      show();
    } catch (error) {
      page.complain(error);
    }
  }

  function show() {
    if (!row) return;
    const most = row.z;
    row.cut = numberOf(choices.cut, most, 0, most);
    cut.show([...wholes(0, Math.ceil(most) - 1), most], row.cut);
    const { weights, kept } = after();
    const outside = weights.slice(row.token).reduce((sum, weight) => sum + weight, 0);
    said.textContent = words(row, kept, outside, named(placeOf(choices)));
    note.textContent = `Bars: the weights after the mask. Thin line: before it, over the ${count(row.shares.length)} distances that ${headName(row.head)} reaches here; further ones are never scored.${checkpoint.variant === 'dynamic' ? ` Its z follows the ${unit} and is told by its span, so the ramp is exact to one ${unit}.` : ''}`;
    picture.show(draw(row), { label: `Attention of ${headName(row.head)} over distance, before and after the mask. ${said.textContent}` });
  }

  return {
    element: stepSection({
      title: 'A row of attention, before and after',
      words: [
        told(`At each ${unit} a head gives every ${unit} before it a score <var>s</var>(<var>x</var>). The mask weighs what the scores say, and the sum is taken after that, so that the weights sum to 1 again:`),
        told('<var>a</var>(<var>x</var>) = <var>m</var>(<var>x</var>) e<sup><var>s</var>(<var>x</var>)</sup> / Σ<sub><var>x</var>′</sub> <var>m</var>(<var>x</var>′) e<sup><var>s</var>(<var>x</var>′)</sup>', 'formula'),
      ],
      controls: [heads.element, place.element, cut.element], said, picture: el('div', {}, picture.element, note),
      onward: onwardTo(page, 'All that a head reads', ['attention', 'text']),
    }),
    get drawn() { return asking.then(() => row && picture.drawn); },
    keys: ['head', 'place', 'cut'],
    show(next) {
      const again = !row || placeOf(next) !== placeOf(choices) || headOf(next) !== headOf(choices);
      choices = next;
      heads.show(headOf(choices));
      place.show(wholes(1, sentence.length - 1), placeOf(choices));
      if (again) asking = ask();
      else show();
    },
  };
}

/** @param {Row} row @param {number} kept @param {number} outside @param {string} where */
function words({ head, z, cut }, kept, outside, where) {
  const how = cut < z ? `With z = ${amount(cut)} in place of ${amount(z)}` : `With its own z = ${amount(z)}`;
  const rest = kept > 0.9995 ? 'the mask lets all but nothing go'
    : `the mask lets ${share(kept)} of what the scores ask for through, and what it lets through wholly becomes ${times(1 / kept)} times as large`;
  const before = outside > 0.0005 ? ` ${share(outside)} falls before the text: nothing stands there, but each distance has a score all the same.` : '';
  const same = cut < z ? ' The scores stay as they are: they come from the layers below.' : '';
  return `${headName(head)} at ${where}. ${how} ${rest}.${before}${same}`;
}

/** @param {number} factor */
const times = (factor) => (factor < 10 ? factor.toFixed(2) : count(factor));
