import assert from 'node:assert/strict';
import { test } from 'node:test';

const { isStep } = await import('../../../frontend/address.js');

test('another checkpoint, run or comparison is a step that Back takes back', () => {
  assert.ok(isStep({ checkpoint: 'a@1' }, { checkpoint: 'a@2' }));
  assert.ok(isStep({}, { run: 'first' }));
  assert.ok(isStep({ ids: 'a@1,b@1' }, { ids: 'a@1' }));
});

test('so is a form opened or left, and not one preset for another', () => {
  assert.ok(isStep({ run: 'first' }, { run: 'first', preset: '' }));
  assert.ok(isStep({ preset: 'quick' }, { preset: undefined }));
  assert.ok(!isStep({ preset: '' }, { preset: 'quick' }));
});

test('a head, a moment, a text and how they are shown are none', () => {
  const from = { checkpoint: 'a@1', head: 'L0H0' };
  assert.ok(!isStep(from, { ...from, head: 'L4H3', step: '20', text: 'To be', show: 'bits', smooth: '0.5' }));
});
