/** The service's token, asked for once: the session that it begins is a cookie, which event streams and downloads carry, too. */

import { el } from './parts/dom.js';
import { ask } from './stage.js';

const session = '/api/v1/session';
const [wrongToken, unanswered] = ['This is not the token of this service.', 'The service does not answer. Try it again.'];
const unkept = 'The token is right, but this browser keeps no session here, as in a page of another site: open the service in a tab of its own.';

/** @type {Promise<void> | undefined} */
let entering;

/** Resolves once the service lets this page in; all that was refused waits here, and then asks again. */
export function entered() {
  entering ??= new Promise(askForToken).finally(() => { entering = undefined; });
  return entering;
}

/** @param {(value: void) => void} enter */
function askForToken(enter) {
  const token = el('input', { type: 'password', id: 'token', autocomplete: 'current-password', required: true, 'aria-describedby': 'token-wrong' });
  const wrong = el('p', { class: 'wrong', id: 'token-wrong', role: 'alert' });
  const open = el('button', { type: 'submit', class: 'action first' }, 'Open');
  const goOn = ask(
    el('h1', {}, 'This service asks for its token.'),
    el('p', { class: 'soft' }, 'Whoever runs it has it, as SPANSCOPE_TOKEN. This browser is then let in for 30 days.'),
    el('form', { class: 'token', onsubmit: submit }, el('label', { for: 'token' }, 'Token'), token, open),
    wrong);
  token.focus();

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    open.disabled = true;
    wrong.textContent = await fault(token.value).catch(() => unanswered);
    open.disabled = false;
    if (wrong.textContent) {
      token.setAttribute('aria-invalid', 'true');
      token.select();
      return;
    }
    goOn();
    enter();
  }
}

/** @param {string} token @returns {Promise<string>} what is wrong with it, or nothing */
async function fault(token) {
  const answer = await fetch(session, { method: 'POST', body: JSON.stringify({ token }), headers: { 'Content-Type': 'application/json' } });
  if (answer.status === 401) return wrongToken;
  if (!answer.ok) return unanswered;
  return (await (await fetch(session)).json()).open ? '' : unkept;
}
