import { el } from '../../parts/dom.js';
import { told } from './step.js';

const issue = (/** @type {number} */ number) => `<a href="https://github.com/facebookresearch/adaptive-span/issues/${number}" rel="noreferrer">issue ${number}</a>`;

/** What users of the paper’s own code asked. */
const questions = [
  {
    question: 'How does z get a gradient when it starts at 0?',
    asked: 13,
    answer: [
      'The penalty does not help: it only pushes down, and <var>z</var> is kept at 0 or above. But the mask is not zero at <var>z</var> = 0. Its ramp lies over the distances 1 to <var>R</var>, so a head that has learned nothing yet looks <var>R</var> tokens back. On the ramp the mask moves by 1/<var>R</var> for each token of <var>z</var>, and so the loss answers:',
      '∂loss/∂<var>z</var> = 1/<var>R</var> Σ<sub><var>x</var> = <var>z</var>+1 … min(<var>S</var>, <var>z</var>+<var>R</var>+1)</sub> (e<sup><var>s</var>(<var>x</var>)</sup> / <var>Z</var>) (<var>g</var> · <var>v<sub>x</sub></var> − <var>g</var> · <var>o</var>)',
      '<var>Z</var> is the sum that the weights are divided by, <var>v<sub>x</sub></var> the value at distance <var>x</var>, <var>o</var> what the head gives, <var>g</var> the gradient that reaches it. A value on the ramp that would better the output pulls <var>z</var> up. Each step up brings the next token onto the ramp; what lies beyond it is not felt at all. Both ends count, also the last, where <var>m</var> is 0: an implementation that stops at the last <var>m</var> above 0, or that adds log <var>m</var> to the score, loses it.',
    ],
  },
  {
    question: 'Why does masking save any work?',
    asked: 6,
    answer: [
      'By itself it saves none: multiplying by 0 costs what any multiplication costs. It saves work because <var>m</var>(<var>x</var>) is exactly 0 beyond the span, whatever the text, so those scores need not be computed. A soft weight that is merely small would not allow that.',
      'How much is saved is the implementation’s affair. The original code cuts the keys of a whole layer to its longest span, rounded up to 64, so one far-looking head makes its layer pay. Here heads of like span are grouped, queries are taken in chunks of 32 or 64, and a chunk touches as many keys as it is long and its heads look far.',
    ],
  },
  {
    question: 'How is the span of the fixed model counted?',
    asked: 18,
    answer: [
      'It is the limit <var>S</var>. A fixed head is <var>z</var> = <var>S</var>: the mask is 1 on all distances from 1 to <var>S</var>, and every token, also the first of a block, reads the <var>S</var> before it, because keys and values of earlier blocks are remembered. Nothing is learned, so nothing needs to be measured: in the cost put <var>S</var> for the mean span. That is why the cost of fixed spans rises with <var>S</var> while that of learned ones need not.',
    ],
  },
  {
    question: 'How is memory saved?',
    asked: 7,
    answer: [
      'In three places. While reading on, each head keeps the keys and values of its span and no more, as counted above. (A dynamic head keeps all <var>S</var>, since the next token’s <var>z</var> is not known before it comes.) In training, a layer of adaptive heads remembers its inputs only as far as the longest of them can come to reach before heads are grouped again. And weights exist as a band, a row a token and a column a distance, as wide as the span: never tokens by tokens.',
    ],
  },
  {
    question: 'What if training starts from long spans?',
    asked: 8,
    answer: [
      'At <var>z</var> = <var>S</var> the ramp lies beyond all distances, so the loss does not move <var>z</var> at all. The penalty alone does, and it does not know which heads need their span. Once <var>z</var> is below <var>S</var> the ramp comes into reach and the loss answers again, from the far end. All that while a head costs nearly <var>S</var>. From short spans training is cheap at first, and a head grows only where that pays.',
      'The paper’s authors tried a start at half of <var>S</var> and say that results were similar. Here <code>z_start</code> sets it; we have not measured what it does.',
    ],
  },
];

/** Questions with short answers. */
export const answersSection = () =>
  el('section', { class: 'answers' },
    el('h2', {}, 'Asked of the original'),
    el('p', { class: 'soft' }, 'Users of the paper’s own code asked these in its issue tracker.'),
    el('div', { class: 'questions' }, ...questions.map(({ question, asked, answer }) => el('article', {},
      el('h3', {}, question),
      ...answer.map((markup) => told(markup, markup.startsWith('∂') ? 'formula' : 'p')),
      told(`Asked in ${issue(asked)}.`, 'note')))));
