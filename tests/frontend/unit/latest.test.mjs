import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latest } from '../../../frontend/parts/latest.js';

test('one thing is done at a time, and of what is asked meanwhile only the last', async () => {
  const done = [];
  const ask = latest(async (value) => {
    await new Promise((resolve) => { setTimeout(resolve, 5); });
    done.push(value);
  });
  const ends = [1, 2, 3, 4].map(ask);
  await Promise.all(ends);
  assert.deepEqual(done, [1, 4]);
  await ask(5);
  assert.deepEqual(done, [1, 4, 5]);
});
