import * as api from '../../api.js';
import { alike, readFrom } from './changes.js';
import { headOf, joined, rawOf, tokensBefore } from './raw.js';

/** A longer text is asked for in pieces, so that nobody waits for the answer to a text that is no longer there. */
const piece = 1024;
const busyPause = 1000;

/**
 * @typedef {{ characters: string[], reduce: 'all' | 'layer' | 'head', cuts: Cut[] }} Wanted
 * @typedef {{ characters: string[], raw: import('./raw.js').Raw, seconds: number }} Known
 */

/**
 * Has a text read as it is typed: asks for what is new, one question at a time.
 * @param {Page} page
 * @param {{ fields: string[], onRead: (known: Known, whole: boolean) => void, onFail: (error: unknown) => void }} about
 */
export function reader({ checkpoint, signal }, { fields, onRead, onFail }) {
  /** @type {(Known & { way: string }) | undefined} */
  let known;
  /** @type {Wanted | undefined} */
  let wanted;
  let asking = false;
  let seconds = 0;

  const wayOf = (/** @type {Wanted} */ { reduce, cuts }) => JSON.stringify([reduce, cuts]);

  /** What is known of the beginning of the wanted text. @param {Wanted} next */
  function beginning(next) {
    if (known?.way !== wayOf(next)) return { from: 0, raw: undefined };
    const from = readFrom(next.characters, alike(known.characters, next.characters), checkpoint.unit);
    return { from, raw: headOf(known.raw, tokensBefore(known.raw, from)) };
  }

  /** Whether what was read is still a part of what is wanted. @param {Known & { way: string }} read @param {Wanted | undefined} next */
  const leadsTo = (read, next) => next !== undefined && read.way === wayOf(next) && alike(read.characters, next.characters) === read.characters.length;

  async function ask() {
    asking = true;
    while (wanted && !signal.aborted) {
      const now = wanted;
      const { characters, reduce, cuts } = now;
      const { from, raw } = beginning(now);
      const to = Math.min(characters.length, from + piece);
      try {
        const added = from < to || !raw ? await answer(characters.slice(0, to).join(''), from, { reduce, spans: cuts }) : undefined;
        if (signal.aborted) return;
        const read = added ? joined(raw, rawOf(added)) : raw;
        if (!read) return;
        seconds += added?.model_seconds ?? 0;
        known = { way: wayOf(now), characters: characters.slice(0, to), raw: read, seconds };
        const whole = now === wanted && to === characters.length;
        if (whole) wanted = undefined;
        if (whole || leadsTo(known, wanted)) onRead(known, whole);
      } catch (error) {
        if (error instanceof api.Problem && error.status === 429) await new Promise((resolve) => { setTimeout(resolve, busyPause); });
        else if (now === wanted) {
          wanted = undefined;
          onFail(error);
        }
      }
    }
    asking = false;
  }

  /** @param {string} text @param {number} from @param {{ reduce: 'all' | 'layer' | 'head', spans: Cut[] }} how */
  const answer = (text, from, how) => api.analyse(checkpoint.id, { text, from, fields, ...how, what_if: false }, signal);

  return {
    /** @param {Wanted} next */
    want(next) {
      wanted = next;
      seconds = 0;
      if (!asking) ask();
    },
    forget() { wanted = undefined; },
  };
}
