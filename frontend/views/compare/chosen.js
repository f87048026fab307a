/** Which checkpoints stand beside each other, and by what signs they are told apart. */

export const most = 4;
const letters = [...'ABCD'];

/** A shape each, beside its colour. @type {Record<Variant, string>} */
export const symbols = { fixed: 'square', adaptive: 'circle', dynamic: 'triangle-up' };

/** Of the first, second … of one variant. */
export const dashes = ['solid', 'dash', 'dot', 'dashdot'];

/**
 * `again`: how many of its variant stand before it.
 * @typedef {Checkpoint & { letter: string, name: string, again: number }} Chosen
 */

/** @param {Checkpoint[]} checkpoints @returns {Chosen[]} */
export function signed(checkpoints) {
  const runs = checkpoints.map(({ id }) => runOf(id));
  return checkpoints.map((checkpoint, i) => ({
    ...checkpoint,
    letter: letters[i],
    name: runs.filter((run) => run === runs[i]).length > 1 ? checkpoint.id : runs[i],
    again: checkpoints.slice(0, i).filter(({ variant }) => variant === checkpoint.variant).length,
  }));
}

/** @param {string} id */
export const runOf = (id) => id.split('@')[0];

/**
 * What says most by itself: the variants of one model, else of one corpus, else the growth of one run, else what there is.
 * @param {Checkpoint[]} checkpoints
 * @returns {Checkpoint[]}
 */
export function byDefault(checkpoints) {
  const runs = together(checkpoints, ({ id }) => runOf(id)).map((run) => run.toSorted((a, b) => a.step - b.step));
  const newest = runs.map((run) => run[run.length - 1]);
  const groups = [
    ...together(newest, ({ corpus, layers, heads, hidden, span_limit: limit }) => [corpus, layers, heads, hidden, limit].join()),
    ...together(newest, ({ corpus }) => corpus),
  ].map(oneOfEach).toSorted((a, b) => b.length - a.length);
  if (groups[0]?.length > 1) return groups[0];
  const grown = runs.find((run) => run.length > 1);
  return grown ? [grown[0], grown[grown.length - 1]] : newest.slice(0, 2);
}

/** @param {Checkpoint[]} checkpoints @param {(checkpoint: Checkpoint) => string} key those with one key, in the order of their first */
const together = (checkpoints, key) =>
  [...new Set(checkpoints.map(key))].map((found) => checkpoints.filter((checkpoint) => key(checkpoint) === found));

/** @param {Checkpoint[]} checkpoints */
const oneOfEach = (checkpoints) =>
  Object.keys(symbols).flatMap((variant) => checkpoints.find((checkpoint) => checkpoint.variant === variant) ?? []);
