/** States and events as a person says them. */

import { amount, bits, count, duration, share } from '../../words.js';

/** @type {Record<RunState, string>} */
export const stateNames = {
  queued: 'waiting', training: 'training', paused: 'paused', stopping: 'stopping', stopped: 'stopped',
  interrupted: 'interrupted', failed: 'failed', ended: 'ended', unreadable: 'unreadable',
};

/** @param {Run} run what it does, in a word */
export const stateName = ({ state, trim }) => (trim && state === 'training' ? 'trimming' : stateNames[state]);

/** @param {Run} run the part of it that is done, 0 to 1 */
export const partDone = ({ step, steps, trim }) => (trim ? trim.share ?? 0 : steps ? step / steps : 0);

/** @param {Trim} trim how far */
export const budgetOf = ({ kind, most }) =>
  (kind === 'bpc' ? `losing at most ${most} bits` : `to ${share(most)} of the ${kind === 'flops' ? 'attention’s FLOPs' : 'cache'}`);

export const readOnlyLine = 'This service is read-only: runs are watched here, and begun and changed elsewhere.';

/** @type {RunState[]} those whose picture still changes */
const live = ['queued', 'training', 'paused', 'stopping', 'interrupted'];

/** @param {Run} run */
export const isLive = ({ state }) => live.includes(state);

/** @type {Record<string, string>} */
export const eventNames = {
  queued: 'was put in the queue', started: 'started', resumed: 'went on', checkpoint: 'saved a checkpoint',
  damaged: 'set a damaged checkpoint aside', paused: 'paused', continued: 'went on, with room again', stop: 'was asked to stop',
  stopped: 'saved and stopped', left: 'saved, and its trainer left', failed: 'failed', ended: 'ended',
};

/** @param {Run} run what its tokens are called */
export const unitsOf = ({ unit }) => unit ?? 'tokens';

/** @param {Run} run how far it is, in a line, and why it does not go on */
export const standingAndWhy = (run) => [standing(run), ...(run.detail ? [run.detail] : [])].join(' · ');

/** @param {Run} run how far it is, in a line */
export function standing(run) {
  const { state, step, steps, trim, tokens_per_second: rate, seconds_left: left } = run;
  const parts = [stateName(run)];
  if (trim) parts.push(`${trim.parent}, ${budgetOf(trim)}`);
  if (trim?.doing) parts.push(`${trim.doing}, ${share(trim.share ?? NaN)}`);
  if (steps !== null) parts.push(run.imported ? `${count(step)} steps` : `step ${count(step)} of ${count(steps)}`);
  if (state === 'training' && rate !== null) parts.push(`${count(rate)} ${unitsOf(run)} a second`);
  if (state === 'training' && left !== null) parts.push(`about ${duration(left)} left`);
  if (state === 'queued') parts.push('until a trainer takes it');
  if (state === 'interrupted') parts.push('a trainer will go on with it');
  return parts.join(' · ');
}

/** @param {Run} run @param {import('./history.js').Evaluation[]} evaluations the finding in a sentence */
export function headline(run, evaluations) {
  const name = run.title || run.name;
  const unit = unitsOf(run).slice(0, -1);
  const measured = evaluations.filter(({ bpc }) => bpc !== null);
  const [first, last] = [measured[0], measured.at(-1)];
  if (!first || !last) {
    const why = /** @type {Partial<Record<RunState, string>>} */ ({
      queued: 'waits for its turn', training: 'has begun; nothing is measured yet', failed: 'failed before anything was measured',
      unreadable: 'cannot be read',
    });
    return `${name} ${why[run.state] ?? 'has not been measured yet'}.`;
  }
  const bpc = `bits a ${unit}`;
  const [from, to] = [first.mean_span, last.mean_span];
  const spans = from !== null && to !== null;
  if (run.trim) return `${run.trim.parent} trimmed ${budgetOf(run.trim)}: ${bits(last.bpc)} ${bpc}${spans ? `, mean span ${amount(to)}` : ''}.`;
  if (first === last) return `At step ${count(last.step)} ${bpc} are ${bits(last.bpc)}${spans ? ` and the mean span is ${amount(to)}` : ''}.`;
  const between = `From step ${count(first.step)} to ${count(last.step)}`;
  const fell = `${bpc} ${(last.bpc ?? 0) <= (first.bpc ?? 0) ? 'fell' : 'rose'} from ${bits(first.bpc)} to ${bits(last.bpc)}`;
  if (!spans) return `${between} ${fell}.`;
  if (Math.round(from) === Math.round(to)) return `${between} ${fell}; the mean span is ${amount(to)} as it was.`;
  return `${between} the mean span ${to > from ? 'grew' : 'shrank'} from ${amount(from)} to ${amount(to)} ${unit}s and ${fell}.`;
}
