import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as words from '../../../frontend/words.js';

test('numbers carry as many digits as mean something', () => {
  assert.deepEqual([0.04, 9.96, 12.34, 1234.5, NaN].map(words.amount), ['0', '10', '12', '1,235', '–']);
  assert.deepEqual([0, 0.004, 0.0994, 0.0996, 0.876, NaN].map(words.share), ['0%', '0.4%', '9.9%', '10%', '88%', '–']);
  assert.deepEqual([null, 1.005, 2].map(words.bits), ['–', '1.01', '2.00']);
  assert.deepEqual([0, 999, 1000, 577_280, 3_145_728, 5e15].map(words.bytes), ['0 bytes', '999 bytes', '1 kB', '577 kB', '3.15 MB', '5000 TB']);
});

test('times are told in the unit that one would use', () => {
  assert.deepEqual([5, 89, 90, 5400, 172_800].map(words.duration), ['5 s', '89 s', '2 min', '1.5 h', '2 days']);
});

test('a head has one name and one key, and is found by it', () => {
  const heads = [{ layer: 0, head: 1 }, { layer: 12, head: 3 }];
  assert.equal(words.headName(heads[1]), 'L12·H3');
  assert.equal(words.headKey(heads[1]), 'L12H3');
  assert.equal(words.findHead(heads, 'L12H3'), heads[1]);
  assert.equal(words.findHead(heads, 'L1H3'), undefined);
});

test('ranks are counted as in English', () => {
  assert.deepEqual([1, 3, 4, 11, 12, 21, 22, 111].map(words.longestRank),
    ['longest', 'third longest', '4th longest', '11th longest', '12th longest', '21st longest', '22nd longest', '111th longest']);
});

test('the longer span ranks first, and of equal ones the longer z', () => {
  const heads = [{ span: 40, z: 7.1 }, { span: 512, z: 485 }, { span: 512, z: 490 }, { span: 40, z: 7.9 }];
  assert.deepEqual(words.ranked(heads).map(({ z }) => z), [490, 485, 7.9, 7.1]);
});

test('a title that says its variant is not told it again', () => {
  assert.equal(words.checkpointName({ title: 'classics · adaptive', variant: 'adaptive', step: 9800 }), 'classics · adaptive · step 9,800');
  assert.equal(words.checkpointName({ title: 'first', variant: 'fixed', step: 5 }), 'first · fixed · step 5');
});
