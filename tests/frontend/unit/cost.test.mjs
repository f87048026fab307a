import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cacheBytes, flops, flopsParts } from '../../../frontend/views/learn/cost.js';

const small = { layers: 12, hidden: 512, inner: 2048 };

test('the paper’s small model costs what the paper says', () => {
  assert.equal((flops(small, 314) / 1e6).toFixed(1), '41.6');
  assert.deepEqual([256, 512, 1024, 2048, 4096, 8192].map((span) => (flops(small, span) / 1e6).toFixed(1)), ['40.9', '44.0', '50.3', '62.9', '88.1', '138.4']);
});

test('positions cost half as much as scores and values, and are not counted with them', () => {
  const { attention, positions } = flopsParts(small, 314);
  assert.equal(positions, attention / 2);
  assert.equal(cacheBytes({ ...small, layers: 1 }, 8192), 2 * 512 * 8192 * 4);
});
