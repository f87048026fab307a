/** What one types to see some heads of the table. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterOf } from '../../../frontend/views/spans/filter.js';

const rows = [
  { layer: 3, head: 2, span: 512, entropy: 7.1, outside: 0.04, reach_unused: true },
  { layer: 3, head: 1, span: 40, entropy: null, outside: 0.08, reach_unused: false },
  { layer: 0, head: 2, span: 64, entropy: 2, outside: 0.001, reach_unused: false },
];
const columns = { layer: ({ layer }) => layer, span: ({ span }) => span, entropy: ({ entropy }) => entropy, outside: ({ outside }) => outside };
const found = (words) => rows.filter(filterOf(words, columns)).map(({ span }) => span);

test('names, bounds of the span, of a column, and shares in percent', () => {
  assert.deepEqual(found(''), [512, 40, 64]);
  assert.deepEqual(found('L3'), [512, 40]);
  assert.deepEqual(found('l3·h2'), [512]);
  assert.deepEqual(found('>50 H2'), [512, 64]);
  assert.deepEqual(found('<64'), [40]);
  assert.deepEqual(found('ent>2'), [512]);
  assert.deepEqual(found('outside>1%'), [512, 40]);
  assert.deepEqual(found('unused'), [512]);
});

test('what is not known fits no bound, and a word that means nothing finds nothing', () => {
  assert.deepEqual(found('entropy<9'), [512, 64]);
  assert.deepEqual(found('colour>1'), []);
  assert.deepEqual(found('xyz'), []);
});
