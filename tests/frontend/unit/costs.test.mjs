/** What bits are set against, in Compare and Spans. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { pathPoints } from '../../../frontend/parts/costs.js';

const path = (taken) => ({ points: [0, 0.05, 0.12, 0.6].map((bits, i) => ({ bits, bpc: 2 + bits, flops: 9 - i, chosen: i === taken })) });

test('the path of a trim is drawn to what was taken, however much that loses, and no further than loses little', () => {
  assert.deepEqual(pathPoints(path(1), 'flops').map(({ x }) => x), [9, 8]);
  assert.deepEqual(pathPoints(path(2), 'flops').map(({ x }) => x), [9, 8, 7]);
});
