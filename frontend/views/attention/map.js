import { el } from '../../parts/dom.js';
import { margin } from '../../parts/figure.js';
import { colours, onTheme } from '../../theme.js';
import { axis, changed } from './axis.js';
import { atPixel, drawAxes, drawCrossHair, drawTextBegins } from './frame.js';
import { gestures } from './gestures.js';
import { levelFor } from './levels.js';
import { palette } from './palette.js';
import { paintBand, paintSquare } from './paint.js';

const bandHeight = 360;
const tallest = 720;
const fewestRows = 12;
const fewestDistances = 4;
const edges = { left: margin.l, right: 12, top: margin.t, bottom: 44 };

/**
 * @typedef {import('./axis.js').Range} Range
 * @typedef {import('./frame.js').At} At
 * @typedef {{
 *   subject: import('./subject.js').Subject, head: Head, reach: number, rows: Range, back: Range, square: boolean, log: boolean, at: At,
 * }} Shown `rows` and `back` (distances) are edges: the last of each is not on show
 */

/**
 * One head's weights as a picture that one moves about in.
 * @param {Page} page
 * @param {string} unit
 * @param {{
 *   onWindow: (rows: Range, back: Range) => void, onPick: (at: At) => void, onHover: (at: At | null) => void,
 *   onKey: (event: KeyboardEvent) => void, onSize: () => void,
 * }} listeners
 */
export function attentionMap(page, unit, { onWindow, onPick, onHover, onKey, onSize }) {
  const canvas = el('canvas', { 'aria-hidden': 'true' });
  const element = el('div', {
    id: 'attention-map', class: 'attention-map', role: 'application', tabindex: '0', 'aria-roledescription': 'map of attention',
    'aria-describedby': 'attention-keys', onkeydown: onKey,
  }, canvas);
  const heat = el('canvas');
  let width = 0;
  let hovered = /** @type {At | null} */ (null);
  let stale = true;
  let waiting = 0;
  /** @type {Shown | undefined} */
  let shown;

  const side = () => Math.max(40, Math.min(width - edges.left - edges.right, tallest));
  const across = () => (shown?.square ? side() : Math.max(40, width - edges.left - edges.right));
  const down = () => (shown?.square ? side() : bandHeight);

  /** The axes over so many pixels a pixel of the page. @param {Shown} now @param {number} [scale] */
  function axesOf({ rows, back, square, log }, scale = 1) {
    const [wide, high] = [Math.round(across() * scale), Math.round(down() * scale)];
    return { across: axis(rows, wide), down: square ? axis(rows, high) : axis(back, high, log) };
  }

  /** @param {Shown} now */
  const placeOf = (now) => ({ left: edges.left, top: edges.top, square: now.square, ...axesOf(now) });

  /** @param {Shown} now */
  const levelOf = ({ rows: [low, high], square, reach }) => levelFor(high - low, square ? high - low : across() * devicePixelRatio, reach);

  /** @param {Shown} now */
  function paint(now) {
    const axes = axesOf(now, devicePixelRatio);
    heat.width = axes.across.length;
    heat.height = axes.down.length;
    const pen = heat.getContext('2d');
    if (!pen) return;
    const picture = pen.createImageData(heat.width, heat.height);
    const pixels = new Uint32Array(picture.data.buffer);
    const tileAt = now.subject.levels.finder(now.head, levelOf(now));
    if (now.square) paintSquare(pixels, axes.down, axes.across, tileAt, palette());
    else paintBand(pixels, axes.across, axes.down, tileAt, palette());
    pen.putImageData(picture, 0, 0);
  }

  function draw() {
    waiting = 0;
    const pen = canvas.getContext('2d');
    if (!shown || !width || !pen) return;
    if (stale) paint(shown);
    stale = false;
    const place = placeOf(shown);
    const ink = colours();
    const height = edges.top + place.down.length + edges.bottom;
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
    element.style.minHeight = `${height}px`;
    canvas.style.height = `${height}px`;
    pen.scale(devicePixelRatio, devicePixelRatio);
    pen.drawImage(heat, place.left, place.top, place.across.length, place.down.length);
    drawAxes(pen, place, ink, { across: `place in the text, ${unit}s`, down: shown.square ? `read from, ${unit}` : `distance, ${unit}s back` });
    drawTextBegins(pen, place);
    drawCrossHair(pen, place, shown.at, ink.accent);
    if (hovered) drawCrossHair(pen, place, hovered, '#fff');
  }

  /** @param {boolean} anew whether the colours changed too */
  function redraw(anew) {
    stale ||= anew;
    waiting ||= requestAnimationFrame(draw);
  }

  /** Inside the picture, or nothing. @param {{ x: number, y: number } | null} pixel */
  function under(pixel) {
    if (!pixel || !shown) return null;
    const place = placeOf(shown);
    const [x, y] = [pixel.x - place.left, pixel.y - place.top];
    if (x < 0 || y < 0 || x >= place.across.length || y >= place.down.length) return null;
    const at = atPixel(place, { x, y });
    return shown.square && place.across.value(x) > place.down.value(y) ? null : at;
  }

  /** @param {import('./gestures.js').Change} x @param {import('./gestures.js').Change} y */
  function change(x, y) {
    if (!shown) return;
    const { subject: { count }, square, reach } = shown;
    const place = placeOf(shown);
    const inside = (/** @type {import('./gestures.js').Change} */ own, /** @type {number} */ edge) => ({ ...own, about: (own.about ?? edge) - edge });
    const main = square && Math.abs(y.by ?? 0) > Math.abs(x.by ?? 0) ? y : x;
    onWindow(
      changed(place.across, inside(main, edges.left), [0, count], Math.min(fewestRows, count)),
      square ? shown.back : changed(place.down, inside(y, edges.top), [1, reach + 1], Math.min(fewestDistances, reach)),
    );
  }

  gestures(element, {
    change,
    canZoomOut: () => shown !== undefined && (shown.rows[0] > 0 || shown.rows[1] < shown.subject.count),
    hover(pixel) {
      hovered = under(pixel);
      onHover(hovered);
      redraw(false);
    },
    pick(pixel) {
      const at = under(pixel);
      if (at) onPick(at);
    },
  });

  const places = new ResizeObserver(() => {
    if (element.clientWidth === width) return;
    width = element.clientWidth;
    redraw(true);
    onSize();
  });
  places.observe(element);
  page.signal.addEventListener('abort', () => { places.disconnect(); cancelAnimationFrame(waiting); });
  onTheme(() => redraw(true), page.signal);

  return {
    element,
    change,
    redraw,
    ready: () => width > 0,
    level: () => (shown ? levelOf(shown) : undefined),
    /** By a part of what is on show. @param {number} part */
    pan: (part) => change({ by: part * across() }, {}),
    /** The middle of the picture, to zoom about by key. */
    middle: () => (shown ? { x: edges.left + across() / 2, y: edges.top + down() / 2 } : { x: 0, y: 0 }),
    /** What is on the canvas, to be saved. */
    picture() {
      if (!shown) return undefined;
      if (stale) paint(shown);
      return { ...shown, place: placeOf(shown), image: heat.toDataURL() };
    },
    /** @param {Shown} next @param {string} label */
    show(next, label) {
      const fields = /** @type {const} */ (['subject', 'head', 'reach', 'square', 'log']);
      const same = shown !== undefined && fields.every((name) => shown?.[name] === next[name]) && `${shown.rows} ${shown.back}` === `${next.rows} ${next.back}`;
      shown = next;
      element.setAttribute('aria-label', label);
      redraw(!same);
    },
  };
}
