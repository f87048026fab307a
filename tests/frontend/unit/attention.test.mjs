/** The arithmetic of the Attention view: axes, codes, pixels, levels, addresses. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { axis, changed, ticks } from '../../../frontend/views/attention/axis.js';
import { codeOf, weightOf } from '../../../frontend/views/attention/codes.js';
import { levelFor, levels, tileOf } from '../../../frontend/views/attention/levels.js';
import { codeAt, paintBand, paintSquare } from '../../../frontend/views/attention/paint.js';
import { atOf, atWords, backOf, backWords, rowsOf, rowsWords } from '../../../frontend/views/attention/window.js';

const plain = Uint32Array.from({ length: 256 }, (_, code) => code + 1);
const head = { layer: 0, head: 0 };
/** A tile whose code tells where it is from: row + 10 * distance, largest of each pool. */
const numbered = (first, stop, columns, pool = 1) => {
  const cells = Math.ceil((stop - first) / pool);
  const codes = Uint8Array.from({ length: cells * columns }, (_, i) =>
    Math.min(first + (Math.floor(i / columns) + 1) * pool, stop) - 1 + 10 * (i % columns + 1));
  return { first, stop, pool, back: 1, columns, codes };
};

test('an axis finds again what it placed', () => {
  for (const log of [false, true]) {
    const { pixel, value } = axis([1, 513], 360, log);
    for (const at of [1, 2, 100, 512]) assert.ok(Math.abs(value(pixel(at)) - at) < 1e-9);
    assert.equal(pixel(1), 0);
    assert.ok(Math.abs(pixel(513) - 360) < 1e-9);
  }
});

test('zooming keeps what is under the pointer, panning what is dragged, and neither leaves the limits', () => {
  for (const log of [false, true]) {
    const before = axis([10, 100], 300, log);
    const zoomed = axis(changed(before, { about: 90, factor: 0.5 }, [1, 1000], 2), 300, log);
    assert.ok(Math.abs(zoomed.value(90) - before.value(90)) < 1e-9);
    const panned = axis(changed(before, { by: 30 }, [1, 1000], 2), 300, log);
    assert.ok(Math.abs(panned.value(90) - before.value(60)) < 1e-9);
    const [low, high] = changed(before, { about: 0, factor: 1e9 }, [1, 1000], 2);
    assert.ok(Math.abs(low - 1) < 1e-9 && Math.abs(high - 1000) < 1e-6);
    const [near, far] = changed(before, { about: 0, factor: 0 }, [1, 1000], 2);
    assert.ok(Math.abs(near - 10) < 1e-9 && Math.abs(far - 12) < 1e-9);
  }
});

test('ticks are round and few', () => {
  assert.deepEqual(ticks(0, 415, 9), [0, 50, 100, 150, 200, 250, 300, 350, 400]);
  assert.deepEqual(ticks(3534, 3540, 50), [3534, 3535, 3536, 3537, 3538, 3539, 3540]);
});

test('codes tell a weight to within two percent, and 0 what is below the floor', () => {
  for (let weight = 1e-4; weight <= 1; weight *= 1.01) assert.ok(Math.abs(weightOf(codeOf(weight)) / weight - 1) < 0.019);
  assert.deepEqual([0, 9.9e-5, 1e-4, 1].map(codeOf), [0, 0, 1, 255]);
});

test('a band shows a pixel for a weight, and where it is smaller the largest of each pixel', () => {
  const tile = numbered(0, 4, 3);
  const near = new Uint32Array(8 * 3);
  paintBand(near, axis([0, 4], 8), axis([1, 4], 3), () => tile, plain);
  assert.deepEqual([...near.subarray(0, 8)], [0, 0, 1, 1, 2, 2, 3, 3].map((row) => row + 10 + 1));
  assert.deepEqual([...near.subarray(16)], [0, 0, 1, 1, 2, 2, 3, 3].map((row) => row + 30 + 1));
  const far = new Uint32Array(2);
  paintBand(far, axis([0, 4], 2), axis([1, 4], 1), () => tile, plain);
  assert.deepEqual([...far], [1 + 30 + 1, 3 + 30 + 1]);
});

test('nothing is drawn beyond a span, where nothing is known, or above the diagonal', () => {
  const pixels = new Uint32Array(2 * 6);
  paintBand(pixels, axis([0, 2], 2), axis([1, 7], 6), (row) => (row ? numbered(0, 2, 3) : undefined), plain);
  assert.deepEqual([...pixels].map(Boolean), [0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0].map(Boolean));
  const square = new Uint32Array(4 * 4);
  paintSquare(square, axis([0, 4], 4), axis([0, 4], 4), () => numbered(0, 4, 2), plain);
  const expected = [0, 0, 0, 0, 1 + 10, 0, 0, 0, 2 + 20, 2 + 10, 0, 0, 0, 3 + 20, 3 + 10, 0];
  assert.deepEqual([...square], expected.map((code) => code && code + 1));
});

test('a log axis gives distance 1 the most room and misses none', () => {
  const tile = numbered(0, 1, 24);
  const pixels = new Uint32Array(200);
  paintBand(pixels, axis([0, 1], 1), axis([1, 25], 200, true), () => tile, plain);
  const heights = Array.from({ length: 24 }, (_, i) => pixels.filter((code) => code === 10 * (i + 1) + 1).length);
  assert.ok(heights.every((height) => height > 0) && heights[0] > heights[1] && heights[1] > heights[5]);
  assert.equal(codeAt(tile, 0, 25), -1);
});

test('from far a level has a cell for each pixel or two, from near the weights themselves', () => {
  assert.deepEqual(levelFor(8192, 1000, 34), { exact: false, pool: 8, back: 1, rows: 4096 });
  assert.deepEqual(levelFor(400, 1000, 512), { exact: true, pool: 1, back: 1, rows: 256 });
  assert.equal(levelFor(400, 1000, 8192).exact, false);
  assert.equal(levelFor(20000, 20, 8192).pool, 64);
  assert.equal(levelFor(20000, 20, 8192).back, 8);
});

test('tiles are asked for once, where they are seen, kept within bounds, and coarser ones stand in', async () => {
  const asked = [];
  const ask = async (_, { pool, back }, [first, stop]) => {
    asked.push([first, stop]);
    return tileOf({ rows: 0, columns: 2, values: new Uint8Array(2 * Math.ceil((stop - first) / pool)) }, [first, stop], { pool, back });
  };
  const held = levels(ask, 5000, 6000);
  const [coarse, fine] = [levelFor(5000, 1250, 2), levelFor(1200, 1250, 2)];
  await held.want(head, coarse, [0, 5000], () => {});
  assert.deepEqual(asked, [[0, 2048], [2048, 4096], [4096, 5000]]);
  assert.equal(held.finder(head, fine)(700).pool, 4);
  await held.want(head, fine, [600, 1800], () => {});
  await held.want(head, fine, [600, 1800], () => {});
  assert.deepEqual(asked.slice(3), [[512, 1024], [1024, 1536], [1536, 2048]]);
  assert.equal(held.finder(head, fine)(700).pool, 1);
  assert.equal(held.finder(head, fine)(5000 - 1).pool, 4);
  await held.want(head, fine, [0, 1024], () => {});
  assert.ok(held.bytes <= 6000);
  assert.equal(held.finder(head, coarse)(100), undefined);
});

test('addresses say what is on show, and nothing where all is', () => {
  assert.deepEqual(rowsOf('2000:2600', 8192), [2000, 2600]);
  assert.deepEqual(rowsOf('2000:2600', 415), [0, 415]);
  assert.deepEqual(rowsOf('none', 415), [0, 415]);
  assert.equal(rowsWords([0, 415], 415), undefined);
  assert.equal(rowsWords([10.2, 99.5], 415), '10:100');
  assert.deepEqual(backOf('3:8', 34), [3, 9]);
  assert.equal(backWords([3, 9], 34), '3:8');
  assert.equal(backWords([1, 35], 34), undefined);
  assert.deepEqual(atOf('133:130', 415), { query: 133, distance: 3 });
  assert.deepEqual(atOf('5:-20', 415), { query: 5, distance: 25 });
  assert.equal(atOf('5:5', 415), undefined);
  assert.equal(atWords({ query: 5, distance: 25 }), '5:-20');
});
