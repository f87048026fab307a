import { amount, count, headName } from '../../words.js';

/** What a head looks furthest from. @type {Record<string, string>} */
const kinds = {
  newline: 'newlines', space: 'spaces', mark: 'punctuation', digit: 'digits', 'word start': 'first letters of words', 'inside word': 'letters inside words',
};

/** @param {string} kind */
export const plural = (kind) => kinds[kind] ?? kind;

/** By so much the use at a kind of character surpasses a head's mean, for the head to answer to it. */
export const answering = 1.5;

/** @param {SurveyedHead} head what it answers to, or nothing */
export const answerOf = ({ answers_to, answers_to_ratio }) =>
  (answers_to !== null && answers_to_ratio !== null && answers_to_ratio >= answering ? { kind: answers_to, ratio: answers_to_ratio } : null);

/** @param {SurveyedHead} head */
export function answerWords(head) {
  const answer = answerOf(head);
  return answer ? `answers to ${plural(answer.kind)} × ${amount(answer.ratio)}` : 'answers to no one kind';
}

/** @param {GalleryHead[]} heads @param {string} unit */
export function headline(heads, unit) {
  const answers = heads.flatMap((head) => {
    const answer = answerOf(head);
    return answer ? [{ head, ...answer }] : [];
  }).sort((a, b) => b.ratio - a.ratio);
  const furthest = heads.reduce((a, b) => (b.use > a.use ? b : a));
  const far = `${headName(furthest)} looks furthest, ${amount(furthest.use)} ${unit}s on average`;
  if (!answers.length) return `None of the ${heads.length} heads answers to one kind of character; ${far}.`;
  const [{ head, kind, ratio }] = answers;
  const answer = answers.length === 1 ? 'answers' : 'answer';
  return `${answers.length} of the ${heads.length} heads ${answer} to one kind of character, ${headName(head)} most: ${amount(ratio)} times as far from ${plural(kind)}. ${far}.`;
}

/** @param {Gallery} gallery @param {string} unit */
export function subline({ corpus, sources, tokens }, unit) {
  const one = sources.length === 1 ? sources[0].name : '';
  const read = [corpus, one].filter(Boolean).join(', ') || `${sources.length} texts`;
  return `What each head did in ${count(tokens)} ${unit}s of ${read}: attention by distance on a log axis, a passage where it looked far, and a usual one. `
    + 'The character that looks is marked, what it reads is shaded by weight.';
}

/** @param {Excerpt} passage why it is shown */
export function reasonOf({ reason, quantile }) {
  if (reason === 'most' || quantile === null) return 'where it looks furthest';
  return quantile === 0.5 ? 'around its median' : `near its ${Math.round(quantile * 100)}th percentile`;
}
