import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

globalThis.addEventListener = () => {};
const { found, lookNow, onService } = await import('../../../frontend/service.js');

/** Lets everything happen that waits for nothing but its turn. */
const settle = () => new Promise((resolve) => { setImmediate(resolve); });

test('a service is looked for ever less often, once for all who wait, until it answers', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let asked = 0;
  let there = false;
  globalThis.fetch = async () => {
    asked += 1;
    if (!there) throw new TypeError('nobody listens');
    return { ok: true };
  };
  const told = [];
  onService((lost) => told.push(lost));

  const back = found();
  assert.equal(found(), back);
  for (const [pause, times] of [[500, 1], [999, 1], [1, 2], [2000, 3], [4000, 4], [8000, 5], [7999, 5], [1, 6]]) {
    mock.timers.tick(pause);
    await settle();
    assert.equal(asked, times);
  }
  there = true;
  lookNow();
  await back;
  assert.deepEqual(told, [true, false]);
  mock.timers.reset();
});
