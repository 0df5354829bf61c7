// Frames /embed of the same server under another name, hence of another origin: for test/browser/test_embed.py.
window.got = [];
window.addEventListener('message', ({ origin, data }) => window.got.push({ origin, ...data }));
const frame = document.getElementById('frame');
window.there = `http://127.0.0.1:${location.port}`;
frame.src = `${window.there}/embed?background=transparent`;
window.tell = (message) => frame.contentWindow.postMessage(message, window.there);
