import * as address from './address.js';
import * as api from './api.js';
import { drawHeader, markView } from './header.js';
import { listenToKeys } from './keys.js';
import { calm, complain, wordsOf } from './notices.js';
import { again } from './parts/again.js';
import { byId, el } from './parts/dom.js';
import { picker } from './parts/picker.js';
import * as requests from './requests.js';
import { loaded } from './service.js';
import { instead, ready, remedy, show, wait } from './stage.js';
import { nextPalette, nextTheme } from './theme.js';
import { entryOf, viewNames } from './views.js';

const lookAgain = 3000;
const help = byId('keys', HTMLDialogElement);

/** What each view showed last, to come back to. */
const remembered = /** @type {Record<ViewName, Choices>} */ (Object.fromEntries(viewNames.map((name) => [name, {}])));
/** @type {Choices} what the views of a checkpoint hand on to each other */
let shared = {};
/** @type {Choices} and those that read a text */
let sharedText = {};
/** @type {Checkpoint[]} */
let checkpoints = [];
/** @type {{ view: ViewName, checkpoint?: Checkpoint, update: (choices: Choices) => void } | undefined} */
let current;
let opened = new AbortController();

async function listCheckpoints() {
  checkpoints = await api.checkpoints();
  return checkpoints;
}

/** @param {string | undefined} wanted @param {Variant | undefined} preferred where none is wanted */
async function checkpointFor(wanted, preferred) {
  if (!checkpoints.length) await listCheckpoints();
  const first = checkpoints.find(({ variant }) => variant === preferred) ?? checkpoints[0];
  const listed = checkpoints.find(({ id }) => id === wanted);
  if (listed || !wanted) return listed ?? first;
  return api.checkpoint(wanted).catch((error) => {
    const gone = error instanceof api.Problem && error.status === 404;
    complain(gone ? new Error(`There is no checkpoint ${wanted} any more; here is another. The list above has all.`) : error);
    return first;
  });
}

const checkpointPicker = picker(byId('picker', HTMLElement), { list: listCheckpoints, complain, choose: chooseCheckpoint });

/** @param {string} checkpoint */
function chooseCheckpoint(checkpoint) {
  if (isFree(address.read().view)) go('spans', { checkpoint });
  else choose({ checkpoint });
}

/** @param {ViewName} view whether it opens without a checkpoint */
const isFree = (view) => entryOf(view).free === true;

/** @param {ViewName} view what the others hand on to it: a head chosen anywhere is chosen everywhere */
function handedTo(view) {
  if (isFree(view)) return shared.head ? { head: shared.head } : {};
  return { ...shared, ...(entryOf(view).reads ? sharedText : {}) };
}

/** Shows what the address says. */
async function follow() {
  const { view, choices } = address.read();
  note(view, choices);
  if (current?.view === view && (isFree(view) || choices.checkpoint === current.checkpoint?.id)) current.update(choices);
  else await open(view, choices);
}

/**
 * What links to the views lead to from now on.
 * @param {ViewName} view
 * @param {Choices} choices
 * @param {boolean} [settled] whether the other views show this checkpoint, too, or each its own first one
 */
function note(view, choices, settled = true) {
  remembered[view] = choices;
  shared = isFree(view)
    ? { ...shared, head: choices.head ?? shared.head }
    : { checkpoint: settled ? choices.checkpoint : undefined, head: choices.head, cuts: choices.cuts };
  if (entryOf(view).reads) sharedText = { text: choices.text, stored: choices.stored };
  markView(view, (to) => address.format(to, { ...remembered[to], ...handedTo(to) }));
}

/**
 * @param {ViewName} view
 * @param {Choices} choices
 */
async function open(view, choices) {
  opened.abort();
  opened = new AbortController();
  const { signal } = opened;
  const scroll = address.keptScroll();
  current = undefined;
  wait(view);
  calm();
  if (view !== 'api') requests.begin(view);
  try {
    const built = await build(view, { choices, signal, choose, go, complain, calm });
    if (signal.aborted) return;
    show(built?.element ?? nothingYet(signal));
    if (!built) return;
    current = { view, checkpoint: built.checkpoint, update: built.update };
    await built.drawn;
    if (signal.aborted) return;
    ready();
    if (scroll) scrollTo({ top: scroll, behavior: 'instant' });
  } catch (error) {
    if (!signal.aborted) show(failed(error));
  }
}

/**
 * The view, or nothing where it needs a checkpoint and there is none.
 * @param {ViewName} name
 * @param {Frame} frame
 * @returns {Promise<View & { checkpoint?: Checkpoint } | undefined>}
 */
async function build(name, frame) {
  const view = entryOf(name);
  if (view.free) {
    checkpointPicker.show(undefined);
    document.title = `${view.title} · Spanscope`;
    return (await loaded(view.module)).build(frame);
  }
  const [module, checkpoint] = await Promise.all([loaded(view.module), checkpointFor(frame.choices.checkpoint, view.prefers)]);
  if (!checkpoint || frame.signal.aborted) return undefined;
  checkpointPicker.show(checkpoint);
  document.title = `${view.title} · ${checkpoint.title} · Spanscope`;
  const { checkpoint: wanted } = frame.choices;
  if (wanted !== checkpoint.id) pin(name, checkpoint.id, wanted !== undefined);
  return { ...await module.build({ ...frame, checkpoint }), checkpoint };
}

/**
 * An address that names no checkpoint, or an alias, would show another one some day.
 * @param {ViewName} view
 * @param {string} checkpoint
 * @param {boolean} wanted
 */
function pin(view, checkpoint, wanted) {
  const choices = { ...address.read().choices, checkpoint };
  address.write(view, choices, { step: false });
  note(view, choices, wanted);
}

/** @param {Choices} changes @param {{ step?: boolean }} [how] whether Back comes back from it, where that is not as usual */
function choose(changes, { step } = {}) {
  const { view, choices } = address.read();
  const next = { ...choices, ...changes };
  address.write(view, next, { step: step ?? address.isStep(choices, next) });
  follow();
}

/** @param {ViewName} view @param {Choices} [changes] */
function go(view, changes) {
  const own = isFree(view) || !changes ? {} : { checkpoint: shared.checkpoint ?? current?.checkpoint?.id };
  address.write(view, { ...remembered[view], ...handedTo(view), ...own, ...changes }, { step: true });
  scrollTo({ top: 0, behavior: 'instant' });
  follow();
}

/** @param {AbortSignal} signal */
function nothingYet(signal) {
  again(() => listCheckpoints().then((found) => { if (found.length) follow(); }, complain), lookAgain, signal);
  return instead('No checkpoint yet.', 'Begin a run here or in a terminal; its first checkpoint opens by itself.',
    el('pre', {}, 'spanscope train first --preset quick'), remedy('New run', () => go('training', { preset: '' })));
}

/** @param {unknown} error */
const failed = (error) => instead('This view could not be shown.', wordsOf(error), remedy('Try again', follow));

/** @param {number} step */
async function nextCheckpoint(step) {
  const { checkpoint: shown } = address.read().choices;
  if (!shown) return;
  await listCheckpoints().catch(complain);
  const at = checkpoints.findIndex(({ id }) => id === shown);
  const next = checkpoints[(at + step + checkpoints.length) % checkpoints.length];
  if (next && next.id !== shown) choose({ checkpoint: next.id });
}

listenToKeys({
  ...Object.fromEntries(viewNames.map((name) => [entryOf(name).key, () => go(name)])),
  '[': () => nextCheckpoint(-1), ']': () => nextCheckpoint(1), '/': checkpointPicker.open,
  t: nextTheme, p: nextPalette, '?': () => help.showModal(),
});
drawHeader({ go, help: () => help.showModal() });
byId('skip', HTMLAnchorElement).addEventListener('click', (event) => {
  event.preventDefault(); // its fragment would replace the state
  document.getElementById('headline')?.focus();
});
address.keepScroll();
addEventListener('popstate', follow);

follow();
