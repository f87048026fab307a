import * as api from '../api.js';
import { again } from '../parts/again.js';
import { el } from '../parts/dom.js';
import { runList } from './training/list.js';
import { newRun } from './training/new.js';
import { oneRun } from './training/run.js';

const lookAgain = 3000;

/**
 * Watch spans grow.
 * @param {Frame} frame
 * @returns {Promise<View>}
 */
export async function build(frame) {
  const { signal } = frame;
  let [{ trainer, items }, { read_only: readOnly }] = await Promise.all([api.runs(), api.session()]);
  let choices = frame.choices;
  /** @type {import('./training/run.js').Part | undefined} */
  let part;
  let showing = '';
  let shown = new AbortController();

  const title = el('h1', { id: 'headline', tabindex: '-1' });
  const sub = el('p', { class: 'sub' });
  const pictures = el('div', { class: 'part' });
  const panel = el('aside', { id: 'run-panel', class: 'panel' });
  const list = runList({ choose: (run) => frame.choose({ run, step: undefined, preset: undefined }), begin: () => frame.choose({ preset: '' }), readOnly });
  const element = el('div', { class: 'view training' }, el('div', { class: 'pictures' }, el('header', {}, title, sub), list.element, pictures), panel);

  const around = {
    readOnly,
    /** @param {string} headline @param {string} line */
    say(headline, line) {
      if (title.textContent !== headline) title.textContent = headline;
      if (sub.textContent !== line) sub.textContent = line;
    },
    /** @param {Run} item as it is now */
    changed(item) {
      items = items.map((other) => (other.name === item.name ? item : other));
      list.show({ trainer, items }, showing);
    },
    /** @param {string} [run] the one to show, of a list that has changed */
    async listAgain(run) {
      ({ trainer, items } = await api.runs());
      if (run !== undefined) frame.choose({ run: run || undefined, step: undefined, preset: undefined });
      list.show({ trainer, items }, showing);
    },
  };

  /** What the address asks for: a run, or the form for a new one. Ends once it stands there, to be drawn. */
  async function showPart() {
    const wanted = choices.preset !== undefined ? '' : choices.run ?? firstOf(items)?.name ?? '';
    if (part && wanted === showing) return part.update(choices);
    showing = wanted;
    shown.abort();
    shown = new AbortController();
    const own = { ...frame, choices, signal: AbortSignal.any([shown.signal, signal]) };
    const { signal: stale } = own;
    element.classList.toggle('forming', !wanted);
    list.show({ trainer, items }, showing);
    try {
      const next = wanted ? await oneRun(own, wanted, around) : await newRun(own, around);
      if (stale.aborted) return;
      part = next;
      pictures.replaceChildren(...part.pictures);
      panel.replaceChildren(...part.panel);
      panel.setAttribute('aria-label', wanted ? 'The chosen run' : 'What the new run comes to');
      part.update(choices);
    } catch (error) {
      if (stale.aborted) return;
      part = undefined;
      pictures.replaceChildren();
      panel.replaceChildren();
      const gone = error instanceof api.Problem && error.status === 404;
      around.say(gone ? `There is no run named ${wanted}.` : 'This cannot be shown.', gone ? 'It may have been deleted; these are left.' : '');
      if (!gone) frame.complain(error);
    }
  }

  async function look() {
    const runs = await api.runs();
    if (signal.aborted) return;
    ({ trainer, items } = runs);
    list.show(runs, showing);
    const item = items.find(({ name }) => name === showing);
    if (item) part?.changed?.(item);
  }
  again(() => look().catch(frame.complain), lookAgain, signal);

  await showPart(); // a page that filled bit by bit would jump
  return {
    element,
    drawn: part?.drawn ?? Promise.resolve(),
    update(next) {
      choices = next;
      showPart();
    },
  };
}

/** What is being trained, or else the newest of one's own, or else what ships. @param {Run[]} runs */
const firstOf = (runs) => {
  const open = runs.filter(({ archived }) => !archived);
  return open.find(({ state }) => state === 'training')
    ?? open.filter(({ shelf }) => !shelf).toSorted((a, b) => (b.created ?? '').localeCompare(a.created ?? ''))[0] ?? open[0];
};
