import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mask, masked, spanOf, teaching, unmasked } from '../../../frontend/parts/mask.js';

const lengths = { ramp: 32, span_limit: 512 };

test('the mask is 1 to z + 1, falls by 1 / R, and is 0 beyond the span', () => {
  assert.equal(mask(81, 80, 32), 1);
  assert.equal(mask(82, 80, 32), 31 / 32);
  assert.equal(mask(112, 80, 32), 1 / 32);
  assert.equal(mask(113, 80, 32), 0);
  for (const z of [0, 0.25, 79.999, 80, 479.5, 500, 512]) {
    const seen = Array.from({ length: 512 }, (_, i) => i + 1).filter((x) => mask(x, z, 32) > 0);
    assert.equal(spanOf(z, lengths), seen.at(-1));
  }
});

test('only where a little more z changes the mask is z taught', () => {
  assert.deepEqual(teaching(0, lengths), { first: 1, last: 33 });
  assert.deepEqual(teaching(80, lengths), { first: 81, last: 113 });
  assert.deepEqual(teaching(500, lengths), { first: 501, last: 512 });
  assert.equal(teaching(512, lengths), null);
  const { first, last } = teaching(80.5, lengths);
  for (let x = 1; x <= 512; x++) {
    const moved = mask(x, 80.5 + 1e-6, 32) !== mask(x, 80.5 - 1e-6, 32);
    assert.equal(moved, x >= first && x <= last);
  }
});

test('what a mask took away is found again, and a shorter one is as if the scores were masked anew', () => {
  const scores = Array.from({ length: 40 }, (_, i) => Math.exp(Math.sin(i)));
  const total = scores.reduce((sum, score) => sum + score, 0);
  const own = masked(scores.map((score) => score / total), 8.25, 32);
  const shares = unmasked(own.weights, 8.25, 32);
  const reached = scores.filter((_, i) => i < 41).reduce((sum, score) => sum + score, 0);
  shares.forEach((share, i) => assert.ok(Math.abs(share - scores[i] / reached) < 1e-12));
  const { weights, kept } = masked(shares, -4, 32);
  assert.ok(Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-12);
  assert.ok(kept > 0 && kept < own.kept);
  assert.equal(weights.findLastIndex((weight) => weight > 0) + 1, 28);
});
