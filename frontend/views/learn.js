import * as api from '../api.js';
import { el } from '../parts/dom.js';
import { checkpointName, findHead, unitOf } from '../words.js';
import { alongStep } from './learn/along.js';
import { answersSection } from './learn/answers.js';
import { forcesStep } from './learn/forces.js';
import { maskStep } from './learn/mask.js';
import { priceStep } from './learn/price.js';
import { rowStep } from './learn/row.js';
import { sentence } from './learn/text.js';

/** The address follows a slider when it rests: a browser takes only so many changes a second. */
const rest = 250;
/** So many letters fit under a figure, side by side. */
const fewLetters = 96;

/**
 * Why does a span become short? Steps to play through, and answers.
 * @param {Page} page
 * @returns {Promise<View>}
 */
export async function build(page) {
  const { id } = page.checkpoint;
  const [checkpoint, uses, statistics] = await Promise.all([api.checkpoint(id), api.heads(id), api.statistics(id)]);
  const usual = exampleOf(uses.heads);
  /** @type {Choices} */
  let choices = {};
  /** @type {Choices} what sliders say and the address does not yet */
  let ahead = {};
  let timer = 0;

  /** @type {import('./learn/step.js').Story} */
  const story = { page, checkpoint, uses, statistics, unit: unitOf(checkpoint), live, headOf: ({ head }) => findHead(uses.heads, head) ?? usual };
  const reads = checkpoint.alphabet !== 'unknown';
  const analysed = (/** @type {Checkpoint} */ model) =>
    api.analyse(model.id, { text: sentence, fields: [model.variant === 'dynamic' ? 'span' : 'distance'], reduce: 'head' }, page.signal);
  const follower = await followerOf(checkpoint);
  const reading = reads ? analysed(checkpoint) : null;
  const reader = follower && follower.id !== id ? { model: follower, analysis: analysed(follower) } : reading && { model: checkpoint, analysis: reading };
  const steps = [
    maskStep(story), ...(reading ? [rowStep(story, reading)] : []), forcesStep(story), priceStep(story), ...(reader ? [alongStep(story, reader)] : []),
  ];

  /** @param {Choices} next */
  function show(next) {
    const before = choices;
    choices = next;
    for (const step of steps) if (step.keys.some((key) => next[key] !== before[key])) step.show(next);
  }

  /** @param {Choices} changes */
  function live(changes) {
    ahead = { ...ahead, ...changes };
    show({ ...choices, ...changes });
    clearTimeout(timer);
    timer = setTimeout(() => {
      const rested = ahead;
      ahead = {};
      page.choose(rested);
    }, rest);
  }
  page.signal.addEventListener('abort', () => clearTimeout(timer));

  choices = page.choices;
  for (const step of steps) step.show(choices);

  return {
    element: el('div', { class: 'learn' },
      el('header', {},
        el('h1', { id: 'headline', tabindex: '-1' }, 'Why does a span become short?'),
        el('p', { class: 'sub' }, `Step by step, with ${checkpointName(checkpoint)} as the example. Move the sliders: what you see is computed from this model, or by the formula beside it.${reads ? '' : ' Steps that read a text are left out: this checkpoint numbers its symbols without naming them.'}`)),
      ...steps.map(({ element }) => element),
      answersSection()),
    drawn: Promise.all(steps.map(({ drawn }) => drawn)),
    update: (next) => show({ ...next, ...ahead }),
  };
}

/** A head that makes a good example: its row fits under a figure, and what moves its z stands out from the noise. @param {HeadUse[]} heads */
function exampleOf(heads) {
  const short = heads.filter(({ span }) => span <= fewLetters);
  const clear = (/** @type {HeadUse} */ { pull, pull_error: error }) => (pull !== null && error ? Math.abs(pull) / error : -1);
  return short.toSorted((a, b) => clear(b) - clear(a) || b.span - a.span)[0] ?? heads.toSorted((a, b) => a.span - b.span)[0];
}

/** A model whose spans follow the text: the one at hand, or another on this service. @param {Checkpoint} checkpoint */
async function followerOf(checkpoint) {
  const follows = (/** @type {Checkpoint} */ { variant, alphabet }) => variant === 'dynamic' && alphabet !== 'unknown';
  if (follows(checkpoint)) return checkpoint;
  return (await api.checkpoints()).find(follows);
}
