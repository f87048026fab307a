/** Cuts in the address, and heads under them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCuts, parseCuts, underCuts, withCut } from '../../../frontend/parts/cuts.js';

const model = { layers: 2, heads: 4, span_limit: 512 };
const one = { layer: 1, head: 3, span: 128 };
const other = { layer: 0, head: 0, span: 64 };

test('cuts survive the address', () => {
  assert.equal(formatCuts([one, other]), 'L1H3:128,L0H0:64');
  assert.deepEqual(parseCuts('L1H3:128,L0H0:64', model), [one, other]);
  assert.equal(formatCuts([]), undefined);
  assert.deepEqual(parseCuts(undefined, model), []);
});

test('what a model cannot have is left out, and the last of two cuts of a head counts', () => {
  assert.deepEqual(parseCuts('L2H0:1,L0H4:1,L0H0:0,L0H0:512,L0H0:x,xL0H0:9,L1H3:7,L1H3:128', model), [one]);
  assert.deepEqual(parseCuts('L9H9:9999'), [{ layer: 9, head: 9, span: 9999 }]);
});

test('a head is cut, cut again, and given its span back', () => {
  const cut = withCut([other], one, 128);
  assert.deepEqual(cut, [other, one]);
  assert.deepEqual(withCut(cut, other, 32), [{ ...other, span: 32 }, one]);
  assert.deepEqual(withCut(cut, other), [one]);
});

test('a cut head keeps the shorter of its span and the cut, and knows what it was', () => {
  const head = { layer: 1, head: 3, z: 400, span: 432, p10: 432, p50: 432, p90: 432 };
  const [under, free] = underCuts([head, { ...head, head: 2 }], [one], { ramp: 32, variant: 'adaptive' });
  assert.deepEqual(under, { ...head, z: 96, span: 128, p10: 128, p50: 128, p90: 128, uncut: head });
  assert.equal(free.uncut, undefined);
});

test('the mean span of a dynamic head under a cut is what was measured', () => {
  const head = { layer: 1, head: 3, z: 90, span: 120, p10: 40, p50: 100, p90: 300 };
  const model = { ramp: 32, variant: 'dynamic' };
  assert.equal(underCuts([head], [one], model)[0].span, 120);
  const [under] = underCuts([head], [one], model, [{ ...one, before: 120, after: 99.5 }]);
  assert.deepEqual([under.span, under.p10, under.p90], [99.5, 40, 128]);
});
