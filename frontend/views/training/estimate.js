import { el, factList } from '../../parts/dom.js';
import { bytes, compact, count, duration } from '../../words.js';

/** What a new run comes to, beside its form. */
export function estimatePanel() {
  const facts = el('div', { id: 'estimate', 'aria-live': 'polite' });
  const note = el('p', { class: 'note' });
  const brief = el('span', { class: 'soft' });

  return {
    /** For beside the button, where a narrow page does not show the rest. */
    brief,
    elements: [el('h2', {}, 'What it comes to'), facts, note],
    wait() {
      facts.classList.add('waiting');
      note.textContent = 'measuring on this machine…';
    },
    fail() {
      facts.classList.remove('waiting');
      facts.replaceChildren();
      brief.textContent = '';
      note.textContent = 'This cannot be trained: see the field that is marked.';
    },
    /** @param {Estimate} estimate @param {string} variant */
    show({ parameters, flops_start: low, flops_limit: high, memory, machine_memory: there, tokens_total: tokens, tokens_per_second: pace, seconds }, variant) {
      facts.classList.remove('waiting');
      const fixed = variant === 'fixed';
      /** @param {string} start @param {string} limit the two extremes, where they differ */
      const between = (start, limit) => (fixed || start === limit ? limit : `${start} – ${limit}`);
      const time = between(duration(seconds.start), duration(seconds.limit));
      brief.textContent = `${time} on this machine`;
      facts.replaceChildren(factList({
        parameters: compact(parameters),
        'multiply-adds a token': between(compact(low), compact(high)),
        memory: `${bytes(memory.total)} of ${bytes(there)}`,
        'tokens to read': compact(tokens),
        'tokens a second': between(count(pace.start), count(pace.limit)),
        'time on this machine': time,
      }));
      note.textContent = `${fixed ? 'Every span is S from the first step on.' : 'First with every span at R, as training starts, then with every span at S; learned spans stay between.'
        } Speed was measured here just now, with what else this machine does. Memory is that of weights, optimizer and remembered layers; a step needs some more.`;
    },
  };
}
