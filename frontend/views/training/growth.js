import { el } from '../../parts/dom.js';
import { plotly } from '../../parts/figure.js';
import { headGrid } from '../../parts/map.js';
import { spanOf } from '../../parts/mask.js';
import { saveLinks } from '../../parts/save.js';
import { compact, count } from '../../words.js';
import { unitsOf } from './words.js';

/** All of a run is played in so many milliseconds, though no frame is shorter than the least. */
const playFor = 8000;
const leastFrame = 60;
const mostFrame = 500;

/**
 * The layer by head map at a moment of the training, chosen by a slider or played.
 * @param {import('./curves.js').Parts} parts
 * @param {{ choose: (step: number | undefined) => void, chooseHead: (place: import('../../parts/map.js').Place) => void }} listeners
 */
export function growth({ frame, run, config: { model } }, { choose, chooseHead }) {
  const units = unitsOf(run);
  const grid = headGrid({
    id: 'growth-map', label: 'Span of every head at the chosen moment', unit: units.slice(0, -1), choose: chooseHead,
    layers: model.layers, heads: model.heads, domain: { low: model.ramp, high: model.span_limit, log: true }, signal: frame.signal,
  });
  /** @type {import('./history.js').Evaluation[]} */
  let moments = [];
  let at = 0;
  let timer = 0;

  const slider = el('input', {
    type: 'range', min: 0, step: 1, 'aria-label': 'Moment of the training',
    oninput: () => { pause(); paint(Number(slider.value)); }, onchange: settle,
  });
  const moment = el('output', { class: 'soft' });
  const button = el('button', { type: 'button', class: 'action', onclick: () => (timer ? settle() : play()) }, 'Play');
  const controls = el('div', { class: 'controls' }, button, slider, moment);
  const note = el('p', { class: 'note' });
  const map = el('div', { class: 'wide' }, grid.element);
  frame.signal.addEventListener('abort', () => clearInterval(timer));

  /** @param {number} i */
  function paint(i) {
    at = Math.min(i, moments.length - 1);
    const { step, tokens, z } = moments[at];
    grid.paint((z ?? []).flatMap((row, layer) => row.map((length, head) => ({ layer, head, z: length, span: spanOf(length, model) }))));
    slider.value = String(at);
    const words = [`step ${count(step)}`, ...(tokens === null ? [] : [`${compact(tokens)} ${units} read`])].join(' · ');
    slider.setAttribute('aria-valuetext', words);
    moment.textContent = words;
  }

  function pause() {
    clearInterval(timer);
    timer = 0;
    button.textContent = 'Play';
  }

  /** Only where it comes to rest does the moment become the address. */
  function settle() {
    pause();
    choose(moments[at].step);
  }

  function play() {
    button.textContent = 'Pause';
    if (at === moments.length - 1) paint(0);
    timer = setInterval(() => {
      paint(at + 1);
      if (at === moments.length - 1) settle();
    }, Math.min(mostFrame, Math.max(leastFrame, playFor / moments.length)));
  }

  const links = saveLinks({
    title: () => 'Spans by layer and head', caption: () => `${run.name} · step ${count(moments[at]?.step ?? 0)}`, complain: frame.complain,
    rows: () => [['step', 'layer', 'head', 'z', 'span'], ...moments.flatMap(({ step, z }) =>
      (z ?? []).flatMap((row, layer) => row.map((length, head) => [step, layer, head, length, spanOf(length, model)])))],
    image: async () => ({ Plotly: await plotly, ...grid.picture() }),
  });

  const element = el('section', { class: 'growth' }, el('div', { class: 'bar' }, el('h2', {}, 'Layer × head over time'), links), controls, map, note);

  return {
    element,
    /** @param {import('./curves.js').Shown} shown */
    show({ evaluations, at: wanted, head }) {
      const chosen = evaluations[wanted]?.step;
      moments = evaluations.filter(({ z }) => z !== null);
      const known = moments.length > 0;
      element.hidden = evaluations.length === 0;
      note.textContent = known ? `span in ${units}; the CSV holds every moment` : 'Of this run no single head’s span was kept.';
      controls.hidden = map.hidden = links.hidden = !known;
      if (!known) return;
      slider.max = String(moments.length - 1);
      slider.disabled = button.disabled = moments.length === 1;
      if (!timer) paint(Math.max(0, moments.findIndex(({ step }) => step === chosen)));
      grid.mark(head);
    },
  };
}
