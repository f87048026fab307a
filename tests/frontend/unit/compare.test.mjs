import assert from 'node:assert/strict';
import { test } from 'node:test';
import { align } from '../../../frontend/views/compare/align.js';
import { byDefault, signed } from '../../../frontend/views/compare/chosen.js';
import { leading, mostApart, spent, wrap } from '../../../frontend/views/compare/columns.js';
import { facetsOf } from '../../../frontend/views/compare/facets.js';
import { placed } from '../../../frontend/views/compare/labels.js';
import { byPlace, words } from '../../../frontend/views/compare/places.js';
import { headline, versionsDiffer } from '../../../frontend/views/compare/words.js';

const checkpoint = (run, step, variant, more = {}) => ({
  id: `${run}@${step}`, step, variant, corpus: 'classics', layers: 2, heads: 2, hidden: 8, span_limit: 64, unit: 'bytes',
  bpc: { part: 2, valid: null }, flops: 100, flops_with_positions: 120, cache_bytes: 50, ...more,
});
const ids = (checkpoints) => checkpoints.map(({ id }) => id);
const column = (a, b, bits, other = bits) => ({ a, b, bits: { a: bits, b: other, difference: other - bits }, span: { a: 1, b: 1, difference: 0 } });

test('the variants of one model are compared first, else of one corpus, else two steps, else what there is', () => {
  const big = checkpoint('big', 9, 'adaptive', { layers: 6 });
  const [fixed, adaptive, dynamic] = ['fixed', 'adaptive', 'dynamic'].map((variant) => checkpoint(variant, 5, variant));
  assert.deepEqual(ids(byDefault([big, dynamic, adaptive, checkpoint('fixed', 2, 'fixed'), fixed])), ['fixed@5', 'adaptive@5', 'dynamic@5']);
  assert.deepEqual(ids(byDefault([big, fixed])), ['fixed@5', 'big@9']);
  assert.deepEqual(ids(byDefault([big, checkpoint('big', 3, 'adaptive'), checkpoint('big', 1, 'adaptive')])), ['big@1', 'big@9']);
  assert.deepEqual(ids(byDefault([big])), ['big@9']);
});

test('each has a letter, and its step in its name only where its run stands there twice', () => {
  const named = signed([checkpoint('a', 1, 'fixed'), checkpoint('a', 2, 'fixed'), checkpoint('b', 1, 'dynamic')]);
  assert.deepEqual(named.map(({ letter, name, again }) => [letter, name, again]), [['A', 'a@1', 0], ['B', 'a@2', 1], ['C', 'b', 0]]);
});

test('two texts are aligned by the fewest edits, and each keeps all its characters', () => {
  const texts = [['abcabba', 'cbabac'], ['', 'new'], ['old', ''], ['same', 'same'], ['nobler', 'better'], ['x'.repeat(900), 'y'.repeat(900)], ['a🙂b', 'ab🙂']];
  for (const [before, after] of texts.map((pair) => pair.map((text) => Array.from(text)))) {
    const pairs = align(before, after);
    assert.deepEqual(pairs.flatMap(([a]) => (a === null ? [] : [a])), [...before.keys()]);
    assert.deepEqual(pairs.flatMap(([, b]) => (b === null ? [] : [b])), [...after.keys()]);
    for (const [a, b] of pairs) if (a !== null && b !== null) assert.equal(before[a], after[b]);
  }
  const edits = align([...'abcabba'], [...'cbabac']).filter(([a, b]) => a === null || b === null);
  assert.equal(edits.length, 5);
});

test('bits are divided among characters and added up on them, spans averaged', () => {
  assert.deepEqual([...byPlace([6, 1, 2], [0, 3, 3], [3, 4, 4], 5, true)], [2, 2, 2, 3, NaN]);
  assert.deepEqual([...byPlace([6, 1, 2], [0, 3, 3], [3, 4, 4], 5, false)], [6, 6, 6, 1.5, NaN]);
});

test('words hold together, what stands between them does not', () => {
  assert.deepEqual(words([...'To be, wish\'d']).map(({ text }) => text), ['To', ' ', 'be', ',', ' ', 'wish\'d']);
  const columns = [...'ab c'].map((character, i) => column(character, character, 1, [3, 4, 1, 0][i]));
  const apart = mostApart(columns, 'bits');
  assert.deepEqual([apart[0].text, apart[0].difference, apart[0].at], ['ab', 5, 0]);
  assert.equal(leading(apart, -1)?.text, 'c');
});

test('what a version costs more is what it adds, less what it drops, and what changed in between', () => {
  const parts = spent([column('a', 'a', 1, 2.5), column('b', null, 3, NaN), column(null, 'c', NaN, 4)]);
  assert.deepEqual(parts, { added: 4, dropped: 3, shared: 1.5 });
  assert.match(versionsDiffer({ ...parts, most: undefined }), /costs 2.5 bits more than version 1: 4 for what it adds, 3 saved .* \+1.5 in what both share/);
});

test('lines are broken after newlines and spaces', () => {
  const lines = (text, most) => wrap([...text].map((character) => column(character, character, 1)), most).map(([from, to]) => text.slice(from, to));
  assert.deepEqual(lines('to be\nor not to be', 8), ['to be\n', 'or not ', 'to be']);
  assert.deepEqual(lines('abcdefgh', 3), ['abc', 'def', 'gh']);
  assert.deepEqual(lines('', 3), []);
});

test('bits of different corpora, or measured on other parts, never share a facet', () => {
  const [one, other] = signed([checkpoint('a', 1, 'fixed', { bpc: { part: 2, valid: 1.9 } }), checkpoint('b', 1, 'fixed', { corpus: 'text8' })]);
  const more = [one, other, checkpoint('c', 1, 'fixed', { bpc: { part: 3, valid: null } })];
  const published = [{ model: 'T', corpus: 'text8', flops: 1e6, bpc_test: null, bpc_dev: 1.1 }, { model: 'U', corpus: 'enwik8', flops: null, bpc_test: 1, bpc_dev: null }];
  const facets = facetsOf({ checkpoints: more, chosen: [one, other], published }, 'flops');
  assert.deepEqual(facets.map(({ corpus, whole, chosen, others, published: printed }) => [corpus, whole, chosen.map(({ y }) => y), others.length, printed.map(({ test }) => test)]),
    [['classics', true, [1.9], 0, []], ['text8', false, [2], 0, [false]]]);
  assert.deepEqual(facetsOf({ checkpoints: more, chosen: [one], published }, 'cache_bytes').map(({ corpus }) => corpus), ['classics']);
});

test('names beside each other do not lie on each other', () => {
  const points = [0, 2, 4].map((x) => ({ x: 100 + x, y: 50, text: 'a long name' }));
  const boxes = placed(points, [], { width: 300, height: 100 }).map(({ x, y }, i) => ({ x: points[i].x + x, y: 50 + y }));
  for (const [i, a] of boxes.entries()) for (const b of boxes.slice(i + 1)) assert.ok(Math.abs(a.x - b.x) >= 70 || Math.abs(a.y - b.y) >= 14);
});

test('the finding names what is saved and what it costs, and compares no bits across corpora', () => {
  const chosen = signed([checkpoint('a', 1, 'fixed'), checkpoint('b', 1, 'adaptive', { flops: 60, cache_bytes: 10 })]);
  const by = (bpc) => ({ checkpoints: [], heads: [], differences: [{ bpc }] });
  assert.equal(headline(chosen, by(0.021)), 'B (adaptive) needs 60% of the FLOPs and 20% of the cache of A (fixed), and 0.02 bits a byte more.');
  const apart = [chosen[0], { ...chosen[1], corpus: 'text8', flops: 250 }];
  assert.match(headline(apart, by(null)), /2.5 times the FLOPs .* their bits are not compared/);
});
