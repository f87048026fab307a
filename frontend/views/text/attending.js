import { attentionRows } from './attention.js';
import { edges } from './edges.js';
import { looking } from './looking.js';
import { rays } from './rays.js';

/**
 * What the chosen head attends to from the place one looks at, or from places that are locked: asked for, drawn, told.
 * @param {Page} page
 * @param {{ heads: Head[], box: ReturnType<typeof import('./editor.js').editor>, chosen: () => import('./choices.js').Chosen, place: () => number | null }} about
 */
export function attending(page, { heads, box, chosen, place }) {
  const { checkpoint, signal } = page;
  /** @type {import('./reading.js').Reading | undefined} */
  let reading;

  /** @param {{ layer: number, head: number }} head the longest distance it may look */
  function reachOf({ layer, head }) {
    const known = heads.find((one) => one.layer === layer && one.head === head);
    return checkpoint.variant === 'dynamic' || !known ? checkpoint.span_limit : known.span;
  }

  const sight = edges(box.element);
  const rows = attentionRows(page, { reachOf, onRows: () => drawing.draw() });
  const look = looking(page, { heads, chooseBeside, onLock: () => pick(chosen().held.length ? null : place(), false), onShare: (percent) => draw(percent / 100) });
  const drawing = rays(page, { box, rows, reachOf, edges: sight, onRays: (drawn) => look.show(drawn, reading, chosen().held.length > 0) });

  /** @param {number} share */
  function draw(share) {
    const { chosen: head, beside, held, way } = chosen();
    if (reading) drawing.show({ reading, share, held, way, heads: beside ? [head, beside] : [head] });
  }

  /** Locks a place, frees it again, or adds a second one. @param {number | null} index @param {boolean} more */
  function pick(index, more) {
    const { held } = chosen();
    const [first] = held;
    const again = held.length === 1 && first === index;
    const next = index === null || again ? [] : more && held.length && first !== index ? [first, index] : [index];
    if (held.length || next.length) page.choose({ at: next.join() || undefined, ...(next.length > 1 ? { beside: undefined } : {}) });
  }

  /** @param {string} key */
  function chooseBeside(key) {
    const [first] = chosen().held;
    page.choose({ beside: key || undefined, ...(key && first !== undefined ? { at: String(first) } : {}) });
  }

  document.addEventListener('keydown', ({ key, target }) => {
    if (key === 'Escape' && chosen().held.length && !(target instanceof Element && target.closest('dialog, #picker'))) pick(null, false);
  }, { signal });

  return {
    element: sight.element, lines: look.lines, controls: look.controls, lists: look.lists,
    pick, chooseBeside, look: drawing.look, nameEdges: drawing.nameEdges,
    showControls: () => look.choose(chosen()),
    /** @param {import('./reading.js').Reading} [now] a new one, of the text that is there */
    show(now) {
      reading = now ?? reading;
      if (!reading) return;
      rows.over(reading, chosen().cuts);
      draw(chosen().share / 100);
    },
    /** Until the text that is there has been read. */
    clear() {
      reading = undefined;
      drawing.clear();
    },
  };
}
