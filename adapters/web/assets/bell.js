// Ringing: sound and a notification for what concerns somebody alone while a tab is open, and the switch for this browser's push messages.
'use strict';
(() => {
const page = document.body.dataset;
const $ = id => document.getElementById(id);

// ---- Sound -------------------------------------------------------------------------------------------------------------------------

// Two tones made here: no file to load, and nothing to fail when it matters. Browsers play nothing before the first press on a page.
let audio;
function sound() {
  if (!audio && !navigator.userActivation?.hasBeenActive) return; // it would stay silent, and the console would complain
  audio ||= new AudioContext();
  audio.resume();
  const now = audio.currentTime;
  for (const [k, pitch] of [880, 1175, 880, 1175].entries()) {
    const tone = audio.createOscillator(), volume = audio.createGain(), at = now + k * 0.28;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.35, at + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.26);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.27);
  }
}

// first reports whether no other tab rang for it already.
function first(id) {
  try {
    if (localStorage.getItem('watchbell-rung') === id) return false;
    localStorage.setItem('watchbell-rung', id);
  } catch { /* no storage: every tab rings */ }
  return true;
}

// The stream of the chat tells what rings: a page, or a mention of whoever looks.
document.addEventListener('watchbell:ring', ({ detail }) => {
  if (!first(detail.id)) return;
  document.body.dataset.rung = detail.id;
  sound();
  if (globalThis.Notification?.permission !== 'granted') return;
  const n = new Notification(detail.title, { body: detail.line, tag: detail.id, requireInteraction: detail.urgent });
  n.onclick = () => { window.focus(); location.assign(detail.href); n.close(); };
});

// ---- This browser, while no tab is open --------------------------------------------------------------------------------------------

const state = $('bell-state'), on = $('bell-on'), test = $('bell-test');
if (!state) return;
const say = text => { state.textContent = text; };
const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
const id = () => [...crypto.getRandomValues(new Uint8Array(16))].map(b => b.toString(16).padStart(2, '0')).join('');

async function send(data) {
  const r = await fetch('/me/bells?as=' + encodeURIComponent(page.person), {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ id: id(), ...data }),
  });
  return r.json();
}

function device() {
  const brands = navigator.userAgentData?.brands.map(b => b.brand).find(b => !/not.*brand|chromium/i.test(b));
  const name = brands ?? /(Firefox|Edg|Chrome|Safari)\//.exec(navigator.userAgent)?.[1] ?? 'A browser';
  const system = navigator.userAgentData?.platform || /(Windows|Mac OS|Android|iPhone|iPad|Linux)/.exec(navigator.userAgent)?.[1];
  return system ? `${name} on ${system}` : name;
}

let place = '';
async function subscribe() {
  const worker = await navigator.serviceWorker.register('/assets/bell-worker.js');
  const key = bytes(page.key), old = await worker.pushManager.getSubscription();
  const same = old && new Uint8Array(old.options.applicationServerKey ?? []).join() === key.join();
  if (old && !same) await old.unsubscribe(); // of another installation at this address
  const s = same ? old : await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const answer = await send({ subscription: JSON.stringify({ ...s.toJSON(), device: device() }) });
  if (answer.error) { say(answer.error); return; }
  place = answer.place ?? '';
  test.hidden = !place;
  say(answer.text);
}

on.addEventListener('click', async () => {
  if (!('serviceWorker' in navigator) || !('PushManager' in window)) { say('This browser cannot be told anything while no tab is open. Add your phone instead.'); return; }
  on.disabled = true;
  try {
    if (await Notification.requestPermission() !== 'granted') say('The browser does not allow notifications from this page. Allow them in its settings for this site, then try again.');
    else await subscribe();
  } catch (e) {
    say('This browser could not be switched on: ' + e.message);
  } finally {
    on.disabled = false;
  }
});
test.addEventListener('click', async () => { const a = await send({ test: place }); say(a.error ?? a.text); });
$('bell-sound').addEventListener('click', () => { sound(); say('You should have heard four tones.'); });
})();
