/** How arrow keys move the cross-hair, ten times as far with Shift. */

/** @type {Record<string, { query: number, distance: number }>} down the band is further back */
const inBand = {
  ArrowLeft: { query: -1, distance: 0 }, ArrowRight: { query: 1, distance: 0 },
  ArrowUp: { query: 0, distance: -1 }, ArrowDown: { query: 0, distance: 1 },
};
/** @type {typeof inBand} the key is the column, and stays when the query moves */
const inSquare = {
  ArrowLeft: { query: 0, distance: 1 }, ArrowRight: { query: 0, distance: -1 },
  ArrowUp: { query: -1, distance: -1 }, ArrowDown: { query: 1, distance: 1 },
};

/** @param {KeyboardEvent} event @param {boolean} square */
export function moveBy({ key, shiftKey }, square) {
  const step = (square ? inSquare : inBand)[key];
  const times = shiftKey ? 10 : 1;
  return step && { query: times * step.query, distance: times * step.distance };
}
