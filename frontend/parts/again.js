/**
 * Does a thing again and again while the page is seen, each time so long after the last one ended.
 * @param {() => Promise<unknown>} act
 * @param {number} pause milliseconds
 * @param {AbortSignal} signal
 */
export function again(act, pause, signal) {
  let timer = 0;
  let acting = false;

  async function next() {
    clearTimeout(timer);
    if (acting || signal.aborted) return;
    acting = true;
    if (!document.hidden) await act();
    acting = false;
    if (!signal.aborted) timer = setTimeout(next, pause);
  }

  timer = setTimeout(next, pause);
  document.addEventListener('visibilitychange', next, { signal });
  signal.addEventListener('abort', () => clearTimeout(timer));
}
