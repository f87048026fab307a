/** The cards of the gallery: their order, and what is seen of a passage. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arranged } from '../../../frontend/views/gallery/order.js';
import { pieces } from '../../../frontend/views/gallery/passage.js';
import { headline, subline } from '../../../frontend/views/gallery/words.js';

const groups = [['all', 'all'], ['kind', 'newline'], ['kind', 'space']].map(([grouping, group]) => ({ grouping, group, tokens: 9 }));
const heads = [
  { layer: 0, head: 0, span: 40, use: 5, entropy: 1, outside: 0, group_use: [5, null, 5], answers_to: 'space', answers_to_ratio: 1.1 },
  { layer: 0, head: 1, span: 90, use: 20, entropy: null, outside: 0, group_use: [20, 60, 1], answers_to: 'newline', answers_to_ratio: 3 },
  { layer: 1, head: 0, span: 300, use: 99, entropy: 3, outside: 0, group_use: [99, 70, 100], answers_to: null, answers_to_ratio: null },
];
const order = (choices) => arranged({ heads, groups }, choices).map(({ layer, head }) => `L${layer}H${head}`);

test('cards are sorted, those without a number last, and filtered by all that is asked', () => {
  assert.deepEqual(order({}), ['L0H0', 'L0H1', 'L1H0']);
  assert.deepEqual(order({ sort: 'newline' }), ['L1H0', 'L0H1', 'L0H0']);
  assert.deepEqual(order({ sort: 'entropy' }), ['L1H0', 'L0H0', 'L0H1']);
  assert.deepEqual(order({ kind: 'newline' }), ['L0H1']);
  assert.deepEqual(order({ kind: 'space' }), []);
  assert.deepEqual(order({ layer: '0', span: '50:' }), ['L0H1']);
  assert.deepEqual(order({ span: ':90' }), ['L0H0', 'L0H1']);
});

test('the headline names how many heads answer to a kind, and the one that does most', () => {
  assert.match(headline(heads, 'byte'), /^1 of the 3 heads answers to one kind of character, L0·H1 most: 3 times as far from newlines\. L1·H0 looks furthest, 99 bytes on average\.$/);
  assert.match(headline(heads.slice(2), 'byte'), /^None of the 1 heads answers to one kind of character; L1·H0 looks furthest/);
});

test('what was read is told as a corpus, a split of it, a file or a number of texts', () => {
  const told = (corpus, ...names) => subline({ corpus, sources: names.map((name) => ({ name })), tokens: 9 }, 'byte').match(/9 bytes of (.*?):/)[1];
  assert.equal(told('classics', 'train', 'valid', 'test'), 'classics');
  assert.equal(told('classics', 'test'), 'classics, test');
  assert.equal(told(null, 'notes.txt'), 'notes.txt');
  assert.equal(told(null, 'a', 'b'), '2 texts');
});

test('what lies between is left out where that is longer than the words for it', () => {
  const room = { keys: 2, beside: 2, before: 4, after: 3 };
  const of = (...keys) => pieces({ text_at: 100, keys: keys.map((at) => ({ at })) }, 102, room).map(({ from, to }) => [from, to]);
  assert.deepEqual(of(10, 50), [[8, 13], [48, 53], [96, 102]]);
  assert.deepEqual(of(90, 1), [[0, 4], [88, 102]]);
  assert.deepEqual(of(null, 95, 1), [[93, 102]]);
});
