/** @typedef {{ by?: number, about?: number, factor?: number }} Change as axis.js takes it */

const still = 4;
const wheelStep = 1.0016;

/**
 * What fingers, mouse and wheel do to a picture: drag and pinch, wheel, hover and pick.
 * @param {HTMLElement} place
 * @param {{
 *   change: (x: Change, y: Change) => void, canZoomOut: () => boolean,
 *   hover: (at: { x: number, y: number } | null) => void, pick: (at: { x: number, y: number }) => void,
 * }} react
 */
export function gestures(place, { change, canZoomOut, hover, pick }) {
  /** @type {Map<number, { x: number, y: number }>} */
  const fingers = new Map();
  let travelled = 0;

  const at = (/** @type {MouseEvent} */ { clientX, clientY }) => {
    const box = place.getBoundingClientRect();
    return { x: clientX - box.left, y: clientY - box.top };
  };

  place.addEventListener('pointerdown', (event) => {
    if (event.button) return;
    if (!fingers.size) travelled = 0;
    fingers.set(event.pointerId, at(event));
    place.setPointerCapture(event.pointerId);
  });

  place.addEventListener('pointermove', (event) => {
    const now = at(event);
    const before = fingers.get(event.pointerId);
    if (!before) {
      hover(now);
      return;
    }
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    fingers.set(event.pointerId, now);
    travelled += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    if (other) change(pinch(before.x, now.x, other.x), pinch(before.y, now.y, other.y));
    else if (travelled > still) change({ by: now.x - before.x }, { by: now.y - before.y });
  });

  for (const end of /** @type {const} */ (['pointerup', 'pointercancel'])) {
    place.addEventListener(end, (event) => {
      const last = fingers.get(event.pointerId);
      fingers.delete(event.pointerId);
      if (end === 'pointerup' && last && !fingers.size && travelled <= still) pick(last);
    });
  }
  place.addEventListener('pointerleave', () => hover(null));

  place.addEventListener('wheel', (event) => {
    const { x, y } = at(event);
    const { deltaX, deltaY, shiftKey, deltaMode } = event;
    const unit = deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : 33;
    const turn = (deltaY || (shiftKey ? deltaX : 0)) * unit;
    if (turn > 0 && !shiftKey && !canZoomOut()) return; // the page scrolls on
    event.preventDefault();
    const zoom = { about: shiftKey ? y : x, factor: wheelStep ** turn };
    if (shiftKey) change({}, zoom);
    else if (Math.abs(deltaX) > Math.abs(deltaY)) change({ by: -deltaX * unit }, {});
    else change(zoom, {});
  }, { passive: false });
}

/** Two fingers keep what lies under them, where they are far enough apart to tell. @param {number} before @param {number} now @param {number} other @returns {Change} */
function pinch(before, now, other) {
  const [spread, spreadBefore] = [Math.abs(now - other), Math.abs(before - other)];
  if (Math.min(spread, spreadBefore) < 24) return { by: (now - before) / 2 };
  return { about: other, factor: spreadBefore / spread };
}
