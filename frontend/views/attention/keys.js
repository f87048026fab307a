/** The map by keyboard: arrows move the cross-hair, ten times as far with Shift; the others zoom, pan and jump. */

/** @typedef {{ query: number, distance: number }} At */

/** @type {Record<string, At>} down the band is further back */
const inBand = {
  ArrowLeft: { query: -1, distance: 0 }, ArrowRight: { query: 1, distance: 0 },
  ArrowUp: { query: 0, distance: -1 }, ArrowDown: { query: 0, distance: 1 },
};
/** @type {typeof inBand} the key is the column, and stays when the query moves */
const inSquare = {
  ArrowLeft: { query: 0, distance: 1 }, ArrowRight: { query: 0, distance: -1 },
  ArrowUp: { query: -1, distance: -1 }, ArrowDown: { query: 1, distance: 1 },
};

/**
 * @param {{
 *   at: () => At | undefined, square: () => boolean, last: () => number, setAt: (at: At) => void, toStrongest: () => void,
 *   zoom: (factor: number) => void, pan: (part: number) => void, whole: () => void,
 * }} map
 * @returns {(event: KeyboardEvent) => void}
 */
export function keyboard({ at, square, last, setAt, toStrongest, zoom, pan, whole }) {
  const nearer = () => zoom(0.5);
  /** @type {Record<string, (at: At) => void>} */
  const react = {
    '+': nearer, '=': nearer, '-': () => zoom(2), 0: whole, PageUp: () => pan(0.5), PageDown: () => pan(-0.5),
    Home: (now) => setAt({ ...now, query: 0 }), End: (now) => setAt({ ...now, query: last() }),
    Enter: toStrongest,
  };
  return (event) => {
    const now = at();
    const step = (square() ? inSquare : inBand)[event.key];
    if (!now || event.ctrlKey || event.metaKey || event.altKey || !(step || react[event.key])) return;
    event.preventDefault();
    const times = event.shiftKey ? 10 : 1;
    if (step) setAt({ query: now.query + times * step.query, distance: now.distance + times * step.distance });
    else react[event.key](now);
  };
}
