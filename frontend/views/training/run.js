import * as api from '../../api.js';
import { findHead, headKey } from '../../words.js';
import { aboutRun } from './about.js';
import { curves } from './curves.js';
import { growth } from './growth.js';
import { evaluationsOf, withMeasured } from './history.js';
import { whatHappened } from './log.js';
import { headline, isLive, standingAndWhy } from './words.js';

/**
 * @typedef {{
 *   pictures: HTMLElement[], panel: HTMLElement[], drawn: Promise<unknown>, update: (choices: Choices) => void, changed?: (run: Run) => void,
 * }} Part what fills the column and the panel
 * @typedef {{
 *   readOnly: boolean, say: (headline: string, line: string) => void, changed: (run: Run) => void, listAgain: (run?: string) => Promise<void>,
 * }} Around
 */

/**
 * One run: its curves, its spans over time, what happened.
 * @param {Frame} frame
 * @param {string} name
 * @param {Around} around
 * @returns {Promise<Part>}
 */
export async function oneRun(frame, name, around) {
  const { signal } = frame;
  const detail = await api.run(name);
  const { config } = detail;
  const about = aboutRun(frame, detail, { ...around, changed });
  if (!config) {
    around.say(headline(detail, []), standingAndWhy(detail));
    return { pictures: [], panel: about.elements, drawn: Promise.resolve(), update() {}, changed };
  }
  const [metrics, spans, log] = await Promise.all([api.metrics(name), api.history(name), api.happenings(name)]);
  const lengths = config.model;
  const parts = { frame, run: detail, config };
  const lines = curves(parts, { choose: chooseStep });
  const map = growth(parts, { choose: chooseStep, chooseHead: (place) => frame.choose({ head: headKey(place) }) });
  const past = whatHappened(name);

  /** @type {Run} */
  let run = detail;
  let evaluations = evaluationsOf(metrics, spans);
  let choices = frame.choices;
  let waiting = 0;
  /** @type {EventSource | undefined} */
  let stream;
  for (const happening of log) past.add(happening);

  /** @param {number | undefined} step none: the last one, also when another one comes */
  function chooseStep(step) {
    frame.choose({ step: step === undefined || step === evaluations.at(-1)?.step ? undefined : String(step) });
  }

  function show() {
    around.say(headline(run, evaluations), standingAndWhy(run));
    const heads = config ? places(config.model) : [];
    const at = evaluations.findLastIndex(({ step }) => step <= Number(choices.step ?? Infinity));
    const state = { run, evaluations, at: Math.max(0, at), last: choices.step === undefined, head: findHead(heads, choices.head), choices };
    map.show(state);
    return lines.show(state);
  }

  /** Events come in crowds when the stream opens: one picture for all of them. */
  function soon() {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => { if (!signal.aborted) show(); });
  }

  /** @param {Run} next */
  function changed(next) {
    const again = !stream && isLive(next);
    run = next;
    about.show(next);
    around.say(headline(next, evaluations), standingAndWhy(next));
    if (again) watch();
  }

  function watch() {
    const source = api.events(name);
    stream = source;
    /** @param {string} event @param {(data: any) => void} react */
    const on = (event, react) => source.addEventListener(event, (message) => react(JSON.parse(message.data)));
    on('run', (item) => { changed(item); around.changed(item); });
    on('evaluation', (measured) => { evaluations = withMeasured(evaluations, measured, lengths); soon(); });
    on('happened', past.add);
    // a stream that breaks is opened again by the browser; one that was refused, by the next look at the list of runs
    source.addEventListener('error', () => { if (source.readyState === EventSource.CLOSED) stream = undefined; });
    on('end', (item) => {
      source.close();
      stream = undefined;
      changed(item);
      around.changed(item);
    });
  }
  signal.addEventListener('abort', () => {
    stream?.close();
    cancelAnimationFrame(waiting);
  });
  if (isLive(detail)) watch();

  return {
    pictures: [...lines.elements, map.element, past.element],
    panel: about.elements,
    drawn: show(),
    update(next) {
      choices = next;
      show();
    },
    changed,
  };
}

/** @param {{ layers: number, heads: number }} model */
const places = ({ layers, heads }) => Array.from({ length: layers * heads }, (_, i) => ({ layer: Math.floor(i / heads), head: i % heads }));
