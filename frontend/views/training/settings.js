/** What a run is made of, in the words of one who is asked for it. */

/** @typedef {{ label: string, about: string, options?: string[] }} Field */

/** @type {Record<string, Field>} those that matter, in the order in which one thinks of them */
export const main = {
  variant: { label: 'variant', options: ['adaptive', 'dynamic', 'fixed'], about: 'adaptive: each head learns how far it looks. dynamic: it decides anew at every token. fixed: all look S back.' },
  corpus: { label: 'corpus', options: [], about: 'What it reads. Bits of different corpora cannot be compared.' },
  layers: { label: 'layers', about: 'Cost and memory grow in step with them.' },
  heads: { label: 'heads', about: 'Heads a layer; each learns a span of its own.' },
  hidden: { label: 'width D', about: 'Numbers a token is held in; a multiple of the heads.' },
  inner: { label: 'inner width FF', about: 'Width of the two matrices between attentions, usually 4 D.' },
  span_limit: { label: 'span limit S', about: 'The furthest that any head may ever look, in tokens.' },
  block: { label: 'block M', about: 'Tokens read at once, with the memory before them; at most S.' },
  span_penalty: { label: 'penalty λ', about: 'What a token of span costs in the loss: more of it, shorter spans.' },
  steps: { label: 'steps', about: 'How long it trains; a step reads batch × M tokens.' },
  learning_rate: { label: 'learning rate', about: 'The highest one, after the warm-up.' },
  seed: { label: 'seed', about: 'The same seed and settings give the same run again.' },
};

/** @type {Record<string, Field>} */
export const more = {
  batch: { label: 'batch', about: 'Places of the corpus that are read side by side.' },
  accumulate: { label: 'accumulate', about: 'Parts that a batch is read in, one after another, for less memory.' },
  ramp: { label: 'ramp R', about: 'Tokens over which a mask falls from 1 to 0; the shortest span.' },
  z_start: { label: 'z at the start', about: 'The length that every head begins with, in tokens.' },
  dropout: { label: 'dropout', about: 'Share of attention and of inner numbers left out at random.' },
  position_std: { label: 'spread of positions', about: 'Standard deviation that position embeddings begin with.' },
  optimizer: { label: 'optimizer', options: ['adamw', 'adagrad'], about: 'adamw: ours for small machines. adagrad: the paper’s.' },
  schedule: { label: 'schedule', options: ['cosine', 'constant'], about: 'How the learning rate goes on after the warm-up.' },
  schedule_steps: { label: 'steps of the schedule', about: 'What the schedule is spread over, where not 0; else over all steps.' },
  warmup: { label: 'warm-up', about: 'Steps in which the learning rate rises from 0.' },
  hold: { label: 'hold', about: 'Last steps at the floor, in which spans settle.' },
  floor: { label: 'floor', about: 'The lowest learning rate, as a share of the highest.' },
  span_rate: { label: 'rate of spans', about: 'Times the learning rate that spans learn with.' },
  weight_decay: { label: 'weight decay', about: 'How strongly weights are drawn to 0; spans are not.' },
  gradient_clip: { label: 'gradient clip', about: 'The longest gradient that a step takes whole.' },
  precision: { label: 'precision', options: ['float32', 'bfloat16', 'float64'], about: 'bfloat16 is for GPUs; float64 for comparisons.' },
  evaluate_every: { label: 'evaluate every', about: 'Steps from one evaluation and checkpoint to the next.' },
  evaluate_tokens: { label: 'evaluated tokens', about: 'How much held-out text an evaluation reads.' },
  keep: { label: 'keep', about: 'How many of the newest checkpoints stay.' },
  keep_every: { label: 'keep every', about: 'Steps whose multiples keep their checkpoint, too; 0: none.' },
};

export const all = { ...main, ...more };

/**
 * The field that a problem is about: the one its text names first.
 * @param {string} text
 */
export const fieldOf = (text) => text.match(/[a-z_]+/g)?.find((word) => word === 'name' || Object.hasOwn(all, word));

/** @param {Setting} value as one writes it: 3e-6, not 0.000003 */
export const written = (value) =>
  (typeof value === 'number' && value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential().replace('e-0', 'e-') : String(value));

/**
 * What was typed, as a number where one is wanted; what is none goes as it is, so that the answer says what is wrong.
 * @param {string} text
 * @param {Setting} usual
 */
export function parsed(text, usual) {
  const number = Number(text.replaceAll(',', ''));
  return typeof usual === 'number' && text.trim() && Number.isFinite(number) ? number : text;
}

/** All settings of a preset, by name. @param {Preset} preset @returns {Record<string, Setting>} */
export const settingsOf = ({ config: { model, training, corpus, seed } }) => ({ ...model, ...training, corpus, seed });
