/** Where names stand beside their points, in pixels: next to each other, not on each other. */

const letterWidth = 6.6;
const lineHeight = 15;

/**
 * @typedef {{ x: number, y: number, text: string }} Point y from the top
 * @typedef {{ x: number, y: number, width: number, height: number }} Box
 */

/**
 * @param {Point[]} points
 * @param {Point[]} others without a name, to be kept clear of
 * @param {{ width: number, height: number }} room
 * @returns {{ x: number, y: number }[]} the middle of each name, seen from its point
 */
export function placed(points, others, room) {
  const taken = [...points, ...others].map(({ x, y }) => ({ x: x - 6, y: y - 6, width: 12, height: 12 }));
  return points.map((point) => {
    const width = letterWidth * point.text.length;
    const boxes = spots(width).map(({ x, y }) => ({ x: point.x + x - width / 2, y: point.y + y - lineHeight / 2, width, height: lineHeight }));
    const costs = boxes.map((box) => outside(box, room) + taken.reduce((sum, other) => sum + overlap(box, other), 0));
    const best = costs.indexOf(Math.min(...costs));
    taken.push(boxes[best]);
    return spots(width)[best];
  });
}

/** The nearest first. @param {number} width */
const spots = (width) => {
  const aside = width / 2 + 10;
  return [
    { x: 0, y: -16 }, { x: aside, y: 0 }, { x: -aside, y: 0 }, { x: 0, y: 16 },
    ...[-14, 14, -28, 28].flatMap((y) => [{ x: aside, y }, { x: -aside, y }]),
  ];
};

/** @param {Box} a @param {Box} b */
const overlap = (a, b) =>
  Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)) * Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y));

/** @param {Box} box @param {{ width: number, height: number }} room */
const outside = (box, { width, height }) => 2 * (box.width * box.height - overlap(box, { x: 0, y: 0, width, height }));
