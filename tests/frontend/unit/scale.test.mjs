import './page.mjs';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const { inkOn, logTicks, position, tinter, shade } = await import('../../../frontend/parts/scale.js');

test('on a log scale equal ratios are equal steps, and what is below the scale is at its foot', () => {
  const domain = { low: 32, high: 512, log: true };
  assert.deepEqual([1, 32, 128, 512].map((value) => position(value, domain)), [0, 0, 0.5, 1]);
  assert.equal(position(7, { low: 7, high: 7, log: true }), 0.5);
  assert.equal(position(3, { low: 1, high: 5, log: false }), 0.5);
});

test('ticks are 1, 2, 5, more of them where those would be too few and fewer where they would be too many', () => {
  assert.deepEqual(logTicks(30, 600), [50, 100, 200, 500]);
  assert.deepEqual(logTicks(30, 100), [30, 50, 70, 100]);
  assert.deepEqual(logTicks(1, 10), [1, 2, 5, 10]);
  assert.deepEqual(logTicks(1, 4600), [1, 3, 10, 30, 100, 300, 1000, 3000]);
});

test('the colours go from their first colour to their last and no further', () => {
  assert.deepEqual(shade(0), [68, 1, 84]);
  assert.deepEqual(shade(1), [253, 231, 37]);
  assert.deepEqual(shade(9), shade(1));
  assert.equal(inkOn(shade(0)), '#fff');
  assert.equal(inkOn(shade(1)), '#000');
});

test('letters stay readable on every tint', () => {
  const tint = tinter();
  const ink = luminance([0x1b, 0x1e, 0x23]);
  for (let t = 0; t <= 1; t += 0.05) assert.ok((luminance(tint(t)) + 0.05) / (ink + 0.05) >= 4.5);
});

/** By WCAG. */
function luminance(colour) {
  const [r, g, b] = colour.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
