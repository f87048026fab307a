import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkpoints, happenings, runs } from '../../../frontend/api.js';

const pages = { '': { trainer: true, items: [1, 2], next: 'a==' }, 'a==': { items: [3], next: 'b' }, b: { items: [4], next: null } };

test('lists that come in several answers are read to their end', async (context) => {
  context.mock.method(globalThis, 'fetch', async (path) => {
    const cursor = new URL(path, 'http://here').searchParams.get('cursor') ?? '';
    return new Response(JSON.stringify(pages[cursor]));
  });
  assert.deepEqual(await checkpoints(), [1, 2, 3, 4]);
  assert.deepEqual(await happenings('first'), [1, 2, 3, 4]);
  const { trainer, items } = await runs();
  assert.deepEqual({ trainer, items }, { trainer: true, items: [1, 2, 3, 4] });
});
