// What is said to a person when something goes wrong: what it is, and what to do.

/** @typedef {{title: string, text: string, action?: string}} Words action: the button's text */

/** @type {Record<string, Words>} of the microphone */
const MIC = {
  insecure: {
    title: 'No microphone without https',
    text: 'Browsers give a microphone to https pages only. Open this page by its https:// address, or type below: the answer is spoken all the same.',
  },
  no_microphone: { title: 'No microphone found', text: 'Plug one in and try again, or type below.', action: 'Try again' },
  denied: {
    title: 'The microphone is not allowed',
    text: 'Allow it in the browser, by the sign beside the address, then try again. Or type below.',
    action: 'Try again',
  },
  in_use: { title: 'The microphone is busy', text: 'Another program seems to hold it. Close that program and try again, or type below.', action: 'Try again' },
  unplugged: { title: 'The microphone is gone', text: 'It was unplugged or switched off. Plug it in and try again, or type below.', action: 'Try again' },
  failed: { title: 'The microphone does not work', text: 'The browser could not open it. Try again, or type below.', action: 'Try again' },
};

/** @type {Record<string, Words>} of the end of a conversation */
const BYE = {
  idle: { title: 'Still there?', text: 'Nothing was said for a while, so the conversation has ended.', action: 'Begin again' },
  longest: { title: 'Time is up', text: 'A conversation here may last only so long, so that others have their turn.', action: 'Begin again' },
  kicked: { title: 'The conversation was ended', text: 'Whoever looks after this avatar has ended it.', action: 'Begin again' },
  denied: { title: 'Not possible', text: 'The server does not take this conversation.', action: 'Try again' },
  replaced: { title: 'Continued elsewhere', text: 'This conversation goes on in another tab or window.', action: 'Continue here' },
  bye: { title: 'Goodbye', text: 'The conversation has ended.', action: 'Begin again' },
};

/** @type {Record<number, Words>} of a socket that the server closed, by its code */
const REFUSED = {
  4409: BYE.replaced,
  4429: { title: 'Too many at once', text: 'Too many conversations were opened from here. Wait a minute, then try again.', action: 'Try again' },
};

/** Where a token is needed, by what the server said to the one that was given. @type {Record<number, Words>} */
const TOKEN = {
  0: {
    title: 'This address needs its token',
    text: 'Scan the code again, open the full address that the server printed, or paste it here.',
    action: 'Enter',
  },
  401: {
    title: 'That is not the token',
    text: 'The server makes a new one whenever it starts. Scan the code again, open the address that it printed last, or paste it here.',
    action: 'Enter',
  },
  429: { title: 'Too many wrong tokens', text: 'Wait a minute, then paste the address that the server printed last.', action: 'Enter' },
};

const LOST = { title: 'The connection is gone', text: 'Trying to reach the server again. What was said is kept for a while.' };
const UNREACHABLE = { title: 'Nobody answers', text: 'The server does not answer. If it is yours, look whether ./avatar web is running. Trying again …' };
const NO_SOUND = { title: 'The sound is off', text: 'The browser keeps the voice silent until you press a button.', action: 'Switch it on' };
const OLD_BROWSER = { title: 'This browser is too old', text: 'It lacks what draws the face and plays the voice. Use a current Chrome, Edge, Firefox or Safari.' };
const NO_AVATAR = { title: 'The face could not be loaded', text: 'The voice works without it. Reload the page to try again.', action: 'Reload' };

export const WORDS = { LOST, UNREACHABLE, NO_SOUND, OLD_BROWSER, NO_AVATAR };

/** @param {string} problem */
export const micWords = (problem) => MIC[problem] ?? MIC.failed;
/** @param {string} reason @param {string} [text] what the server said */
export const byeWords = (reason, text) => {
  const words = BYE[reason] ?? BYE.bye;
  return text ? { ...words, text } : words;
};
/** @param {number} code */
export const refusedWords = (code) => REFUSED[code] ?? WORDS.UNREACHABLE;

/** @param {number} status see `login` */
export const tokenWords = (status) => TOKEN[status] ?? TOKEN[0];

/** @param {string} language that the server answers, and does not hear */
export const unheardWords = (language) => ({
  title: `${language}: please type`,
  text: `The server does not understand ${language} when it is spoken. Type below; the answer is spoken in ${language}.`,
});

/** @param {{place: number, length: number, starting?: boolean}} queue starting: it is not full, but not ready yet */
export function queueWords({ place, length, starting }) {
  if (starting) return { title: 'The avatar is starting', text: 'It begins as soon as everything is ready. Keep this page open.' };
  const ahead = place - 1;
  const who = ahead === 0 ? 'You are next.' : ahead === 1 ? 'One person is before you.' : `${ahead} people are before you.`;
  return { title: 'All places are taken', text: `${who} Place ${place} of ${length} in the queue. Keep this page open; it begins by itself.` };
}

/** What the avatar does. @type {Record<string, string>} */
export const STATES = { idle: 'Ready', listening: 'Listening', thinking: 'Thinking', speaking: 'Speaking' };
