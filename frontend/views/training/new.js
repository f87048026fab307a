import * as api from '../../api.js';
import { el } from '../../parts/dom.js';
import { compact, count } from '../../words.js';
import { estimatePanel } from './estimate.js';
import { fieldOf, main, more, parsed, settingsOf, written } from './settings.js';
import { readOnlyLine } from './words.js';

const typingPause = 300;

/**
 * The form for a new run: a preset, what differs from it, and what that comes to.
 * @param {Frame} frame
 * @param {import('./run.js').Around} around
 * @returns {Promise<import('./run.js').Part>}
 */
export async function newRun(frame, around) {
  const [presets, corpora] = await Promise.all([api.presets(), api.corpora()]);
  const estimate = estimatePanel();
  let preset = presets.find(({ name }) => name === frame.choices.preset) ?? presets[0];
  let asked = new AbortController();
  let pause = 0;

  const name = el('input', { type: 'text', name: 'name', autocomplete: 'off', spellcheck: 'false', placeholder: 'my-first-run', oninput: later });
  /** @type {Map<string, HTMLInputElement | HTMLSelectElement>} */
  const inputs = new Map();
  /** @type {Map<string, HTMLElement>} */
  const wrongs = new Map();

  /** @param {string} id @param {string} label @param {string} about @param {HTMLElement} input */
  function field(id, label, about, input) {
    const wrong = el('span', { class: 'wrong', id: `wrong-${id}`, 'aria-live': 'polite' });
    input.id = `new-${id}`;
    input.setAttribute('aria-describedby', `about-${id} wrong-${id}`);
    wrongs.set(id, wrong);
    return el('div', { class: 'field' }, el('label', { for: input.id }, label), input, wrong, el('span', { class: 'note', id: `about-${id}` }, about));
  }

  /** @param {[string, import('./settings.js').Field]} entry */
  function setting([id, { label, about, options }]) {
    const names = id === 'corpus' ? corpora.map((corpus) => corpus.name) : options;
    const input = names
      ? el('select', { onchange: later }, ...names.map((value) => el('option', { value }, value)))
      : el('input', { type: 'text', inputmode: 'decimal', autocomplete: 'off', oninput: later });
    inputs.set(id, input);
    return field(id, label, about, input);
  }

  const cards = el('fieldset', { class: 'cards' }, el('legend', {}, 'Begin with'), ...presets.map(card));
  const corpusNote = el('p', { class: 'note' });
  const wrong = el('p', { class: 'wrong', role: 'alert' });
  const start = el('button', { type: 'submit', class: 'action first' }, 'Start');
  const form = el('form', { id: 'new-run', onsubmit: submit, novalidate: true },
    cards,
    el('div', { class: 'fields' }, field('name', 'name', 'Its folder and address: a-z, 0-9 and -. It never changes; a title may.', name), ...Object.entries(main).map(setting)),
    corpusNote,
    el('details', {}, el('summary', {}, 'more settings'), el('div', { class: 'fields' }, ...Object.entries(more).map(setting))),
    wrong,
    el('div', { class: 'controls' }, around.readOnly ? el('p', { class: 'note' }, readOnlyLine) : start, estimate.brief, el('button', { type: 'button', class: 'action', onclick: () => frame.choose({ preset: undefined }) }, 'Cancel')));

  /** @param {Preset} of */
  function card({ name: value, title, parameters, config }) {
    const { layers, heads, span_limit } = config.model;
    return el('label', { class: 'card' },
      el('input', { type: 'radio', name: 'preset', value, onchange: () => frame.choose({ preset: value }) }),
      el('strong', {}, value), el('span', {}, title),
      el('span', { class: 'soft' }, `${layers} layers × ${heads} heads · S\u00a0${count(Number(span_limit))}`),
      el('span', { class: 'soft' }, `${compact(parameters)} parameters · ${config.corpus}`));
  }

  /** What differs from the preset; a corpus brings the alphabet that the presets read it in. */
  function settings() {
    const usual = settingsOf(preset);
    /** @type {Record<string, Setting>} */
    const changed = {};
    for (const [id, { value }] of inputs) {
      const given = parsed(value, usual[id]);
      if (given !== usual[id]) changed[id] = given;
    }
    if (changed.corpus) changed.alphabet = presets.find(({ config }) => config.corpus === changed.corpus)?.config.model.alphabet ?? 'bytes';
    return changed;
  }

  function fill() {
    const usual = settingsOf(preset);
    for (const [id, input] of inputs) input.value = written(usual[id]);
    for (const radio of cards.querySelectorAll('input')) radio.checked = radio.value === preset.name;
    look();
  }

  function later() {
    clearTimeout(pause);
    pause = setTimeout(look, typingPause);
  }

  /** Asks what it comes to; an answer to older settings is not waited for. */
  async function look() {
    asked.abort();
    asked = new AbortController();
    const stale = asked.signal;
    const corpus = corpora.find((one) => one.name === inputs.get('corpus')?.value);
    corpusNote.textContent = corpus ? `${corpus.name}: ${corpus.description}${corpus.ready ? '' : '; it is fetched first'}` : '';
    estimate.wait();
    try {
      const found = await api.estimate({ preset: preset.name, settings: settings() }, AbortSignal.any([stale, frame.signal]));
      if (stale.aborted) return;
      complain('');
      estimate.show(found, inputs.get('variant')?.value ?? '');
    } catch (error) {
      if (stale.aborted || frame.signal.aborted) return;
      if (error instanceof api.Problem && error.status === 422) {
        complain(error.message);
        estimate.fail();
      } else frame.complain(error);
    }
  }

  /** Puts a problem at the field that it names. @param {string} text @param {string} [at] */
  function complain(text, at = fieldOf(text)) {
    for (const [id, place] of wrongs) {
      const input = inputs.get(id) ?? name;
      const here = text !== '' && id === at;
      place.textContent = here ? text : '';
      input.setAttribute('aria-invalid', String(here));
      if (here) place.closest('details')?.setAttribute('open', '');
    }
    wrong.textContent = at ? '' : text;
    start.disabled = text !== '' && at !== 'name';
  }

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (around.readOnly) return;
    start.disabled = true;
    try {
      const called = name.value.trim();
      const run = await api.createRun({ name: called, title: called, preset: preset.name, settings: settings() });
      await around.listAgain(run.name);
    } catch (error) {
      start.disabled = false;
      if (!(error instanceof api.Problem) || !error.status) { frame.complain(error); return; }
      const at = error.status === 409 ? 'name' : fieldOf(error.message);
      complain(error.message, at);
      (at === 'name' || !at ? name : inputs.get(at))?.focus();
    }
  }

  frame.signal.addEventListener('abort', () => { clearTimeout(pause); asked.abort(); });
  around.say('What should be trained?', 'Take a preset, change what you like, and see on the side what it comes to on this machine.');
  fill();
  return {
    pictures: [form],
    panel: estimate.elements,
    drawn: Promise.resolve(),
    update({ preset: wanted }) {
      const next = presets.find((one) => one.name === wanted) ?? preset;
      if (next === preset) return;
      preset = next;
      fill();
    },
  };
}

