/** Heads with their spans cut, as the address has them: L4H3:128,L3H2:64. */

/** @param {string | undefined} text @returns {Cut[]} those that are well written */
export const parseCuts = (text = '') => [...text.matchAll(/\bL(\d+)H(\d+):(\d+)/g)].map(([, ...numbers]) => {
  const [layer, head, span] = numbers.map(Number);
  return { layer, head, span };
});
