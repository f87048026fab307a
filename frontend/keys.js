/** Single keys, where nobody is writing; dialogs keep theirs to themselves. */

const writing = 'input:not([type=radio], [type=checkbox], [type=range]), textarea, select, dialog, [contenteditable]';

/** @param {Record<string, () => void>} actions by key */
export function listenToKeys(actions) {
  document.addEventListener('keydown', (event) => {
    if (event.target instanceof Element && event.target.closest(writing)) return;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
  });
}
