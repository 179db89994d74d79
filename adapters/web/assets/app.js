// The behaviour of the web chat. The server renders everything; this file sends what people do, puts what arrives in its place, and looks
// after focus, scrolling and keys. It never makes markup from text: html comes from the server, text goes into textContent.
'use strict';
(() => {
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const page = document.body.dataset;
const here = Number(page.channel);
const scroll = $('#scroll'), posts = $('#posts'), pill = $('#pill'), menu = $('#menu'), form = $('#form');
if (!scroll) return; // a page that only says what is wrong

// ---- Sending -----------------------------------------------------------------------------------------------------------------------

const newID = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map(b => b.toString(16).padStart(2, '0')).join('');
const pause = ms => new Promise(done => setTimeout(done, ms));
class Unreachable extends Error {}

// as names the person this page was made for with each request, so that nothing is done as whom another tab chose meanwhile.
const as = path => path + (path.includes('?') ? '&' : '?') + 'as=' + encodeURIComponent(page.person);

// call sends once more by itself when nothing comes back: the id in the data makes sure that it has one effect. What was sent before says so, for
// it may still be on its way.
const begun = new Set();
async function call(path, data) {
  for (let attempt = 1; ; attempt++) {
    try {
      const again = begun.has(data.id);
      if (data.id) begun.add(data.id);
      const r = await fetch(as(path), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(again ? { ...data, again } : data), signal: AbortSignal.timeout(15000) });
      const text = await r.text();
      begun.delete(data.id);
      try { return JSON.parse(text); } catch { return { error: text.trim() || 'Watchbell answered with an error. Please try again.' }; }
    } catch {
      if (attempt === 2) throw new Unreachable();
      await pause(700);
    }
  }
}

async function fetchText(path) {
  const r = await fetch(as(path));
  if (!r.ok) throw new Error(path);
  return r.text();
}

// idFor keeps the id of an action until it was answered, so that repeating it after a failure is the same action.
function idFor(element, what) {
  if (element.dataset.what !== what) { element.dataset.what = what; element.dataset.id = newID(); }
  return element.dataset.id;
}
const settled = element => { delete element.dataset.what; };

// ---- Short news --------------------------------------------------------------------------------------------------------------------

function toast(text, { bad = false, stay = false, href = '', label = '', run } = {}) {
  const box = document.createElement('div'), words = document.createElement('span'), close = document.createElement('button');
  box.className = bad ? 'toast bad' : 'toast';
  box.setAttribute('role', bad ? 'alert' : 'status');
  words.textContent = text;
  if (href || run) {
    const more = document.createElement(href ? 'a' : 'button');
    more.textContent = ' ' + label;
    if (href) more.href = href; else { more.type = 'button'; more.className = 'link'; more.onclick = () => { box.remove(); run(); }; }
    words.append(' ', more);
  }
  close.type = 'button'; close.className = 'plain'; close.textContent = '✕'; close.setAttribute('aria-label', 'Close this notice');
  close.onclick = () => box.remove();
  box.append(words, close);
  $('#toasts').append(box);
  if (!stay) setTimeout(() => box.matches(':hover, :focus-within') || box.remove(), bad ? 15000 : 8000);
}

// ---- What an action brought --------------------------------------------------------------------------------------------------------

// A button that is at work takes no second press, but it keeps the focus, which one that is disabled would lose.
const isBusy = button => button.classList.contains('busy');
function setBusy(button, on) {
  button.classList.toggle('busy', on);
  if (on) button.setAttribute('aria-disabled', 'true'); else button.removeAttribute('aria-disabled');
}

// act sends what a button stands for, and shows what it brought.
async function act(button, path, data) {
  if (isBusy(button)) return;
  setBusy(button, true);
  try {
    const answer = await call(path, { ...data, id: idFor(button, path + JSON.stringify(data)) });
    settled(button);
    show(answer, button);
  } catch (e) {
    if (!(e instanceof Unreachable)) throw e;
    toast('Not sent. Watchbell does not answer; please try again.', { bad: true });
  } finally {
    setBusy(button, false);
  }
}

function show(answer, origin) {
  if (answer.error) return toast(answer.error, { bad: true });
  if (answer.status === 'working') toast('Working on it… the answer will appear here.');
  if (answer.toast) toast(answer.toast);
  if (answer.post) put(answer.post, true);
  if (answer.form) openForm(answer.form, origin);
}

const threadOf = element => Number(element?.closest('#thread')?.dataset.root ?? 0);
const postOf = element => Number(element.closest('[data-post]')?.dataset.post ?? 0);

// ---- Posts -------------------------------------------------------------------------------------------------------------------------

const atEnd = box => box.scrollHeight - box.scrollTop - box.clientHeight < 90;
const toEnd = box => { box.scrollTop = box.scrollHeight; };

function parse(html) {
  const t = document.createElement('template');
  t.innerHTML = html;
  return t.content;
}

// put shows a post wherever it belongs: in the channel, in the open thread, or both. acted: the viewer did something for it to come.
function put(post, acted = false) {
  if (post.channel !== here) return;
  const root = Number($('#thread')?.dataset.root ?? 0);
  let fresh = false;
  if (!post.thread && page.behind === undefined) fresh = place(post, posts, scroll, acted) || fresh;
  if (root && (post.thread === root || post.id === root)) fresh = place(post, $('#thread .posts'), $('#thread .scroll'), acted) || fresh;
  if (!fresh) return;
  if (!post.mine) $('#heard').textContent = (post.only ? 'Only for you, ' : '') + post.line;
  if (post.n > Number(page.n)) page.n = post.n;
  $('#empty')?.remove();
  markRead();
}

// place inserts or replaces one post in one list. It reports whether the post is new there.
function place(post, list, box, acted) {
  const old = post.id ? $(`:scope > [data-post="${post.id}"]`, list) : null;
  if (old?.shown === post.html) {
    if (acted) reveal(old, box);
    return false;
  }
  const item = parse(post.html).firstElementChild;
  item.shown = post.html;
  const stay = atEnd(box);
  if (list === posts) item.id = 'p-' + post.id;
  else beside(item);
  if (old) {
    swap(old, item);
  } else {
    const all = $$(':scope > .post', list);
    if (post.id && all.length && post.id < Number(all[0].dataset.post) && $('.earlier', list)) return false;
    const next = post.id ? all.find(p => Number(p.dataset.post) > post.id) : null;
    const day = next?.previousElementSibling;
    list.insertBefore(item, day?.matches('.day, .new') ? day : next ?? null);
  }
  arrange(list);
  if (acted) reveal(item, box);
  else if (stay || post.mine) toEnd(box);
  else if (!old && list === posts) pill.hidden = false;
  return !old;
}

// beside makes a post one of the panel of a thread, where it may be on the page a second time.
function beside(item) {
  for (const link of $$('[data-thread]', item)) link.remove();
  for (const box of $$('[popover]', item)) {
    $(`[popovertarget="${box.id}"]`, item).setAttribute('popovertarget', box.id + '-beside');
    box.id += '-beside';
  }
}

// reveal shows what somebody waits for; a long answer is read from its beginning.
function reveal(item, box) {
  if (item.offsetHeight > box.clientHeight) item.scrollIntoView({ block: 'start' });
  else toEnd(box);
}

// swap replaces a post. The same button of it keeps the focus, and its menu stays open.
function swap(old, item) {
  const open = $(':popover-open', old)?.id;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const target = focused?.getAttribute('popovertarget');
  const same = focused?.dataset.token ? `[data-token="${CSS.escape(focused.dataset.token)}"]` : focused?.dataset.more !== undefined ? '[data-more]' : target ? `[popovertarget="${target}"]` : '';
  old.replaceWith(item);
  if (open) document.getElementById(open)?.showPopover();
  if (focused) (same && $(same, item) || item).focus({ preventScroll: true });
}

// arrange sets the lines between days, and leaves out the name above a post that goes on.
function arrange(list) {
  for (const line of $$(':scope > .day', list)) line.remove();
  let before = null;
  for (const post of $$(':scope > .post', list)) {
    const d = post.dataset, day = before ? d.day !== before.dataset.day : list === posts;
    const follows = before && !day && !post.previousElementSibling.matches('.new') && d.by === before.dataset.by && !post.matches('.only') &&
      d.at - before.dataset.at < 300 && !before.dataset.replies;
    post.classList.toggle('follows', Boolean(follows));
    if (day) {
      const line = document.createElement('li'), words = document.createElement('span');
      line.className = 'day';
      words.textContent = d.dayname;
      line.append(words);
      const mark = post.previousElementSibling;
      list.insertBefore(line, mark?.matches('.new') ? mark : post);
    }
    before = post;
  }
}

function light(id) {
  const post = $(`[data-post="${id}"]`, posts);
  if (!post) return false;
  post.scrollIntoView({ block: 'center' });
  post.classList.remove('target');
  requestAnimationFrame(() => post.classList.add('target'));
  post.focus({ preventScroll: true });
  return true;
}

async function earlier(link) {
  const from = link.dataset.earlier, rest = scroll.scrollHeight - scroll.scrollTop;
  try {
    const part = parse(await fetchText(`${page.path}/earlier?before=${from}`));
    const ids = $$('[data-post]', part).map(p => p.dataset.post);
    link.closest('li').replaceWith(part);
    arrange(posts);
    scroll.scrollTop = scroll.scrollHeight - rest;
    if (ids.length) $(`[data-post="${ids.at(-1)}"]`, posts).focus({ preventScroll: true });
  } catch { toast('Earlier messages could not be loaded. Please try again.', { bad: true }); }
}

// ---- What has been read ------------------------------------------------------------------------------------------------------------

let read = -1, reading, waiting = 0;
function markRead() {
  clearTimeout(reading);
  reading = setTimeout(() => {
    const n = Number(page.n);
    if (others || n <= read || document.hidden || !atEnd(scroll) || page.behind !== undefined) return;
    read = n;
    call('/read', { channel: here, n }).catch(() => { read = -1; });
  }, 300);
}

function showUnread(channel, n) {
  if (channel === here) waiting = n; // its page shows by itself what is new
  const badge = channel !== here && $(`a[data-room="${channel}"] .badge`);
  if (badge) { badge.hidden = n === 0; $('.count', badge).textContent = n > 99 ? '99+' : n; }
  total();
}

const title = document.title;
function total(n) {
  n ??= $$('#channels a').reduce((sum, a) => {
    const badge = $('.badge', a);
    return sum + (badge.hidden ? 0 : parseInt($('.count', badge).textContent, 10));
  }, document.hidden ? waiting : 0);
  document.title = n ? `(${n}) ${title}` : title;
  $('#open .dot').hidden = !n;
}

// ---- The stream --------------------------------------------------------------------------------------------------------------------

let stream, seen = page.revision, offline, sleep, nap, others = false;
function live() {
  stream?.close();
  if (others) return;
  stream = new EventSource(as(`/events?channel=${here}&after=${seen}`));
  const on = (name, f) => stream.addEventListener(name, e => f(JSON.parse(e.data)));
  stream.onopen = () => { clearTimeout(offline); offline = 0; $('#offline').hidden = true; };
  stream.onerror = () => {
    offline ||= setTimeout(() => { $('#offline').hidden = false; }, 2500);
    if (stream.readyState === EventSource.CLOSED) setTimeout(live, 3000); // refused: the browser does not try again by itself
  };
  on('seen', n => { seen = n; });
  on('post', post => { put(post); if (post.form) lateForm(post.id); });
  on('gone', ({ id }) => { for (const p of $$(`[data-post="${id}"]`)) { const list = p.parentElement; p.remove(); arrange(list); } });
  on('unread', ({ channel, unread }) => { showUnread(channel, unread); if (channel === here) markRead(); });
  on('side', ({ html }) => { if (!$('#find').value) listChannels(html); });
  on('head', ({ html }) => showHead(html));
  on('elsewhere', ({ where, href, line }) => toast(`In #${where}: ${line}`, { href, label: 'Go there' }));
  on('ring', detail => document.dispatchEvent(new CustomEvent('watchbell:ring', { detail })));
  on('reload', () => location.reload());
}

// A page in the background gives its connection back after a while, for browsers allow only six to one address; it asks for numbers instead.
function rest() {
  clearTimeout(sleep);
  clearInterval(nap);
  if (others) return;
  if (!document.hidden) {
    if (stream.readyState === EventSource.CLOSED) live();
    markRead();
    total();
    return;
  }
  sleep = setTimeout(() => {
    stream.close();
    nap = setInterval(async () => { try { total((await (await fetch(as('/unread'))).json()).unread); } catch { /* asked again soon */ } }, 30000);
  }, 20000);
}

// Tabs of one browser share who acts. A tab that learns of another choice says so and rests; the server refuses what it would send.
const tabs = new BroadcastChannel('watchbell');
tabs.postMessage({ person: page.person, name: page.name });
function over() {
  others = true;
  stream.close();
  clearInterval(nap);
}
tabs.onmessage = ({ data }) => {
  if (others || data.person === page.person) return;
  over();
  toast(`Another tab now acts as ${data.name}. This page is still ${page.name}'s and does nothing more.`, { bad: true, stay: true, label: 'Reload it', run: () => location.reload() });
};
// The browser acts as the other person before it shows their page: this one is over as soon as somebody is chosen.
$('#personas form')?.addEventListener('submit', over);

let headLater = '';
function showHead(html) {
  const about = $('#about');
  if ($(':popover-open', about)) { headLater = html; return; }
  headLater = '';
  const inside = about.contains(document.activeElement);
  about.innerHTML = html;
  if (inside) scroll.focus({ preventScroll: true });
}

// ---- Channels ----------------------------------------------------------------------------------------------------------------------

function listChannels(html) {
  const box = $('#channels'), top = box.scrollTop, focused = box.contains(document.activeElement) ? document.activeElement.dataset.room : '';
  box.innerHTML = html;
  box.scrollTop = top;
  if (focused) $(`a[data-room="${focused}"]`, box)?.focus({ preventScroll: true });
  total();
}

let searching;
$('#find').addEventListener('input', e => {
  clearTimeout(searching);
  searching = setTimeout(async () => {
    try { listChannels(await fetchText(`/channels?current=${here}&q=${encodeURIComponent(e.target.value)}`)); } catch { /* the list stays */ }
  }, 120);
});
$('#side').addEventListener('keydown', e => {
  const links = $$('#channels a'), at = links.indexOf(document.activeElement), find = $('#find');
  if (e.key === 'ArrowDown' && (at >= 0 || e.target === find)) links[Math.min(at + 1, links.length - 1)]?.focus();
  else if (e.key === 'ArrowUp' && at >= 0) (links[at - 1] ?? find).focus();
  else if (e.key === 'Enter' && e.target === find) links[0]?.click();
  else if (e.key === 'Escape' && e.target === find && find.value) { find.value = ''; find.dispatchEvent(new Event('input')); }
  else return;
  e.preventDefault();
});

const drawer = window.matchMedia('(max-width: 760px)');
function openDrawer(open) {
  document.body.classList.toggle('drawer', open);
  $('#open').setAttribute('aria-expanded', open);
  $('#shade').hidden = !open;
  $('#main').inert = open;
  if (open) ($('#channels [aria-current]') ?? $('#shut')).focus(); else $('#open').focus();
}
$('#open').onclick = () => openDrawer(true);
$('#shut').onclick = $('#shade').onclick = () => openDrawer(false);
drawer.addEventListener('change', () => document.body.classList.contains('drawer') && openDrawer(false));

// ---- Menus -------------------------------------------------------------------------------------------------------------------------

let opener;
function openMenu(button, fill) {
  opener = button;
  menu.replaceChildren();
  fill();
  button.setAttribute('aria-expanded', 'true');
  menu.showPopover();
  $('input, button', menu)?.focus();
}

function choices(list, chosen) {
  return list.map(({ value, label }) => {
    const b = document.createElement('button');
    b.type = 'button';
    b.setAttribute('role', 'menuitem');
    b.textContent = label;
    b.onclick = () => { menu.hidePopover(); chosen(value); };
    return b;
  });
}

// pickPerson fills the menu with people, found by what is typed.
function pickPerson(chosen) {
  const find = document.createElement('input'), list = document.createElement('div');
  find.type = 'search'; find.placeholder = 'Find somebody'; find.autocomplete = 'off';
  find.setAttribute('aria-label', 'Find somebody');
  const say = text => { const p = document.createElement('p'); p.textContent = text; list.replaceChildren(p); };
  const look = async () => {
    const want = find.value;
    try {
      const found = await (await fetch(as('/people?q=' + encodeURIComponent(want)))).json();
      if (find.value !== want) return;
      const held = list.contains(document.activeElement) && document.activeElement.textContent;
      if (found.length) list.replaceChildren(...choices(found, chosen)); else say('Nobody is called that.');
      settle(menu, opener);
      if (held) ($$('button', list).find(b => b.textContent === held) ?? find).focus(); // answers may come later than the next key
    } catch { say('Watchbell does not answer. Please try again.'); }
  };
  find.oninput = look;
  menu.append(find, list);
  look();
}

document.addEventListener('keydown', e => {
  const menu = e.target.closest('[role=menu]');
  if (!menu) return;
  const items = $$('input, button', menu), at = items.indexOf(document.activeElement), last = items.length - 1;
  const to = { ArrowDown: at + 1 > last ? 0 : at + 1, ArrowUp: at < 1 ? last : at - 1, Home: 0, End: last, Tab: null }[e.key];
  if (to === undefined || e.target.matches('input') && (e.key === 'Home' || e.key === 'End')) return;
  if (to === null) { menu.hidePopover(); return; }
  e.preventDefault();
  items[to]?.focus();
});

// settle puts what floats beside what opened it, inside of the window.
function settle(box, anchor) {
  const a = anchor.getBoundingClientRect(), b = box.getBoundingClientRect(), gap = 6, edge = 8;
  let top = a.bottom + gap;
  if (top + b.height > innerHeight - edge) top = a.top - gap - b.height >= edge ? a.top - gap - b.height : innerHeight - edge - b.height;
  const left = a.left + b.width > innerWidth - edge ? a.right - b.width : a.left;
  box.style.top = Math.max(edge, top) + 'px';
  box.style.left = Math.min(Math.max(edge, left), innerWidth - edge - b.width) + 'px';
}

document.addEventListener('beforetoggle', e => { if (e.newState === 'open' && e.target.popover !== null) e.target.style.opacity = 0; }, true);
document.addEventListener('toggle', e => {
  if (e.target.popover === null) return;
  const anchor = e.target === menu ? opener : $(`[popovertarget="${e.target.id}"]`);
  if (e.newState === 'open' && anchor) {
    settle(e.target, anchor);
    if (e.target !== menu && e.target.matches('[role=menu]')) $('button', e.target).focus();
  }
  e.target.style.opacity = '';
  if (e.newState === 'closed') {
    if (e.target === menu) opener?.removeAttribute('aria-expanded');
    if (headLater) showHead(headLater);
  }
}, true);
addEventListener('resize', () => { for (const box of $$(':popover-open')) box.hidePopover(); });

// ---- Questions and forms -----------------------------------------------------------------------------------------------------------

let decide = null; // answers the question that is asked
function sure(question, label) {
  const box = $('#sure');
  $('#sure-text').textContent = question;
  $('#sure-yes').textContent = label;
  box.returnValue = '';
  box.showModal();
  return new Promise(done => { decide = done; });
}
$('#sure').addEventListener('close', e => {
  if (e.target.open) return; // the end of an earlier question, told late
  decide?.(e.target.returnValue === 'yes');
  decide = null;
});

let formThread = 0, formPost = 0, formDirty = false;
function openForm(html, origin) {
  form.replaceChildren(parse(html));
  if (!form.open) {
    formThread = threadOf(origin);
    formPost = origin ? postOf(origin) : 0;
    formDirty = false;
    form.showModal();
  }
  const first = $('[aria-invalid]', form) ?? $('.inputs :is(input, select, textarea)', form) ?? $('footer .primary', form);
  first.focus();
  if (first.matches('textarea, [type=text]')) first.setSelectionRange(first.value.length, first.value.length);
}

function closeForm() {
  form.close();
  if (document.activeElement === document.body && formPost) $(`[data-post="${formPost}"]`)?.focus({ preventScroll: true });
}

function cancelForm() {
  closeForm();
  if (formDirty) toast('The form is closed. Nothing was sent.', { label: 'Open it again', run: () => form.showModal() });
}

const wrong = text => { const p = $('.wrong', form); p.textContent = text; p.hidden = false; p.scrollIntoView({ block: 'nearest' }); };

// filledIn are the values of a form; several choices of one question are separated by commas, and none at all is an answer too.
function filledIn(filled) {
  const values = Object.fromEntries($$('fieldset[data-name]', filled).map(f => [f.dataset.name, '']));
  for (const [name, value] of new FormData(filled)) if (typeof value === 'string') values[name] = [values[name], value].filter(Boolean).join(',');
  return values;
}

const inBase64 = file => new Promise((done, failed) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result.slice(reader.result.indexOf(',') + 1));
  reader.onerror = () => failed(reader.error);
  reader.readAsDataURL(file);
});

// filesIn are the files of a form, their bytes as they are. One that is too large is not sent: tooLarge names it.
async function filesIn(filled) {
  const files = {};
  for (const input of $$('input[type=file]', filled)) {
    const file = input.files[0];
    if (file && file.size <= Number(input.dataset.max)) files[input.name] = { name: file.name, data: await inBase64(file) };
  }
  return files;
}

const tooLarge = filled => $$('input[type=file]', filled).find(i => i.files[0]?.size > Number(i.dataset.max));

form.addEventListener('submit', async e => {
  e.preventDefault();
  const large = tooLarge(e.target);
  if (large) return wrong(`The file is larger than ${large.dataset.max >> 20} MiB. Choose a smaller one.`);
  const filled = e.target, button = $('footer .primary', filled), values = filledIn(filled);
  if (isBusy(button)) return;
  setBusy(button, true);
  try {
    const data = { channel: here, thread: formThread, post: formPost, token: filled.dataset.token, title: filled.dataset.title, values };
    if ($('input[type=file]', filled)) data.files = await filesIn(filled);
    const answer = await call('/submit', { ...data, id: idFor(filled, JSON.stringify(data)) });
    settled(filled);
    if (answer.error) return wrong(answer.error);
    if (answer.toast) toast(answer.toast);
    if (answer.post) put(answer.post, true);
    if (answer.form) return openForm(answer.form);
    if (answer.status === 'unavailable') return wrong(answer.post?.line ?? 'Not recorded. Please try again in a moment.');
    if (answer.status === 'working') toast('Working on it… the answer will appear here.');
    else if (filled.dataset.post) call('/dismiss', { post: Number(filled.dataset.post) }).catch(() => {});
    formDirty = false;
    closeForm();
  } catch (e) {
    if (!(e instanceof Unreachable)) throw e;
    wrong('Not sent. Watchbell does not answer; your text is kept.');
  } finally {
    setBusy(button, false);
  }
});
form.addEventListener('input', e => { formDirty = true; if (e.target.dataset.find) suggest(e.target); });

// suggest fills the list of an input with what fits the words in it. What is picked where several may be chosen becomes a checked box.
let finding;
async function suggest(input) {
  const list = input.list, words = input.value;
  const picked = [...list.options].find(o => o.value === words);
  if (picked && 'many' in input.dataset) return pick(input, picked);
  if (picked) return;
  finding?.abort();
  finding = new AbortController();
  try {
    const found = await (await fetch(as(input.dataset.find + encodeURIComponent(words)), { signal: finding.signal })).json();
    if (input.value === words && Array.isArray(found)) list.replaceChildren(...found.map(o => new Option(o.label, o.value)));
  } catch { /* what is typed in full is taken as well */ }
}

function pick(input, { value, text }) {
  const box = input.parentElement, label = document.createElement('label'), check = document.createElement('input'), words = document.createElement('span');
  input.value = '';
  if ($(`[type=checkbox][value="${CSS.escape(value)}"]`, box)) return;
  label.className = 'check';
  check.type = 'checkbox'; check.name = input.name; check.value = value; check.checked = true;
  words.textContent = text;
  label.append(check, words);
  input.before(label);
}
form.addEventListener('cancel', e => { e.preventDefault(); cancelForm(); });
form.addEventListener('click', e => { if (e.target.closest('[data-cancel]')) cancelForm(); });

// lateForm opens a form that came after the answer was given up on, unless another one is being filled in.
async function lateForm(id, origin) {
  if (form.open || document.hidden && !origin) return;
  try { openForm(await fetchText('/form/' + id), origin ?? $(`[data-post="${id}"]`)); } catch { if (origin) toast('The form could not be opened. Please try again.', { bad: true }); }
}

// ---- Clicks ------------------------------------------------------------------------------------------------------------------------

const clicks = {
  '[data-token]': pressed => {
    const list = pressed.closest('[popover]'), button = list ? $(`[popovertarget="${list.id}"]`) : pressed;
    list?.hidePopover();
    if (list) return act(button, '/act', { post: postOf(button), token: pressed.dataset.token, choice: '' });
    const send = async choice => {
      const ask = button.dataset.confirm;
      if (!ask || await sure(ask, button.textContent.trim())) act(button, '/act', { post: postOf(button), token: button.dataset.token, choice });
    };
    const options = button.dataset.menu;
    if (!options) return send('');
    openMenu(button, () => options === 'people' ? pickPerson(send) : menu.append(...choices(JSON.parse(options), send)));
  },
  '[data-more]': button => openMenu(button, () => {
    menu.append($('template', button).content.cloneNode(true));
    for (const item of $$('button', menu)) item.onclick = () => {
      menu.hidePopover();
      if (item.dataset.copy) return copy(item.dataset.copy);
      act(button, '/shortcut', { post: postOf(button), command: item.dataset.shortcut });
    };
  }),
  '[data-dismiss]': async button => {
    const item = button.closest('.post'), list = item.parentElement, id = postOf(button);
    try {
      const answer = id ? await call('/dismiss', { post: id }) : {};
      if (answer.error) return toast(answer.error, { bad: true });
      const next = item.nextElementSibling ?? item.previousElementSibling;
      item.remove();
      arrange(list);
      next?.focus({ preventScroll: true });
    } catch { toast('Watchbell does not answer; please try again.', { bad: true }); }
  },
  '[data-form]': button => lateForm(postOf(button), button),
  '[data-fill]': button => fill($('#box'), button.dataset.fill),
  '[data-member]': async button => {
    if (isBusy(button)) return;
    setBusy(button, true);
    try { const a = await call('/member', { channel: here, in: button.dataset.member === 'in' }); if (a.error) toast(a.error, { bad: true }); else $('#members')?.hidePopover(); }
    catch { toast('Watchbell does not answer; please try again.', { bad: true }); }
    setBusy(button, false);
  },
};

const links = {
  '[data-thread]': link => openThread(postOf(link)),
  '#unthread': () => closeThread(true),
  '[data-earlier]': link => earlier(link),
  '[data-jump]': link => light(link.dataset.jump) ? $('#pins')?.hidePopover() : location.assign(link.href),
};

document.addEventListener('click', e => {
  for (const [selector, run] of Object.entries(clicks)) {
    const hit = e.target.closest(selector);
    if (hit && hit.matches('button')) return run(hit);
  }
  if (e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
  for (const [selector, run] of Object.entries(links)) {
    const hit = e.target.closest(selector);
    if (hit) { e.preventDefault(); return run(hit); }
  }
});

async function copy(path) {
  const url = new URL(path, location.href).href;
  try { await navigator.clipboard.writeText(url); toast('The link is copied.'); } catch { toast(url); }
}

// ---- Threads -----------------------------------------------------------------------------------------------------------------------

let threadFrom = 0;
async function openThread(id, push = true) {
  const href = `${page.path}/thread/${id}`;
  try {
    $('#beside').replaceChildren(parse(await fetchText(href + '?part=thread')));
  } catch { return toast('The thread could not be opened. Please try again.', { bad: true }); }
  threadFrom = id;
  if (push) history.pushState({}, '', href);
  composer($('#thread .composer'));
  toEnd($('#thread .scroll'));
  if (!matchMedia('(hover: none)').matches) $('#reply')?.focus(); else $('#unthread').focus();
}

function closeThread(push) {
  if (!$('#thread')) return;
  $('#beside').replaceChildren();
  if (push) history.pushState({}, '', page.path);
  $(`[data-post="${threadFrom}"] [data-thread]`, posts)?.focus({ preventScroll: true });
}

addEventListener('popstate', () => {
  const [, channel, root] = location.pathname.match(/^(\/c\/[^/]+)(?:\/thread\/(\d+))?$/) ?? [];
  if (channel !== page.path) location.reload();
  else if (root) openThread(Number(root), false);
  else closeThread(false);
});

// ---- Writing -----------------------------------------------------------------------------------------------------------------------

function fill(area, text) {
  area.value = text;
  area.focus();
  area.dispatchEvent(new Event('input'));
}

function composer(box) {
  if (!box) return;
  const area = $('textarea', box), list = $('.complete', box), send = $('.send', box), told = $('.told', box);
  const draft = ['draft', page.person, here, box.dataset.thread].join(':');
  let found = [], chosen = -1, asked, pending = false, wanted = false, outbox = [], failed = {};

  const close = () => { list.hidden = true; chosen = -1; area.setAttribute('aria-expanded', 'false'); area.removeAttribute('aria-activedescendant'); };
  const choose = n => {
    chosen = n;
    $$('[role=option]', list).forEach((item, i) => item.setAttribute('aria-selected', i === n));
    if (n < 0) return area.removeAttribute('aria-activedescendant');
    area.setAttribute('aria-activedescendant', `${list.id}-${n}`);
    $(`#${list.id}-${n}`).scrollIntoView({ block: 'nearest' });
  };
  const take = n => fill(area, found[n].text);

  function suggest(suggestions) {
    found = suggestions;
    if (!found.length) return close();
    if (wanted) { wanted = false; return take(0); }
    list.replaceChildren(...found.map((s, i) => {
      const item = document.createElement('li'), code = document.createElement('code'), help = document.createElement('small');
      const words = s.text.trim().split(' ');
      item.id = `${list.id}-${i}`;
      item.setAttribute('role', 'option');
      code.textContent = words.length > 2 ? '… ' + words.at(-1) : words.join(' ');
      help.textContent = s.help;
      item.append(code, help);
      item.onmousedown = e => { e.preventDefault(); take(i); };
      return item;
    }));
    const keys = document.createElement('li');
    keys.className = 'keys';
    keys.setAttribute('role', 'presentation');
    keys.textContent = '↑ ↓ to choose · Tab to take · Esc to close';
    list.append(keys);
    list.hidden = false;
    area.setAttribute('aria-expanded', 'true');
    // While the command itself is being typed, Enter takes the first; a command that is complete is sent.
    const words = area.value.trim().split(' ').length, done = found.some(s => s.text.trim() === area.value.trim());
    choose(words <= 2 && !done && !(words === 2 && area.value.endsWith(' ')) ? 0 : -1);
  }

  async function complete() {
    asked?.abort();
    pending = false;
    const text = area.value;
    if (!text.startsWith('/') || text.includes('\n') || area.selectionStart < text.length) return close();
    asked = new AbortController();
    pending = true;
    try {
      const r = await fetch(as('/complete?text=' + encodeURIComponent(text)), { signal: asked.signal });
      const s = await r.json();
      pending = false;
      if (area.value === text && document.activeElement === area && Array.isArray(s)) suggest(s);
    } catch (e) { if (e.name !== 'AbortError') pending = false; } // typing goes on without
  }

  function grow() {
    if (CSS.supports('field-sizing', 'content')) return;
    area.style.height = 'auto';
    area.style.height = area.scrollHeight + 'px';
  }

  function changed() {
    if (!told.classList.contains('bad')) told.textContent = ''; // a failure stays until the next attempt: it may come while somebody types
    area.classList.toggle('command', area.value.startsWith('/'));
    send.classList.toggle('ready', area.value.trim() !== '');
    keep();
    grow();
  }

  // keep holds what is written and not yet sent, in case the page is loaded anew.
  function keep() {
    const all = [...outbox.map(m => m.text), area.value].filter(Boolean).join('\n');
    if (all) sessionStorage.setItem(draft, all); else sessionStorage.removeItem(draft);
  }

  const say = (words, bad) => { told.textContent = words; told.classList.toggle('bad', bad); };

  // submit takes what is written; one can go on writing while it is sent. What is sent again after a failure keeps its id.
  function submit() {
    const text = area.value;
    if (!text.trim()) return;
    close();
    asked?.abort();
    pending = false;
    outbox.push({ text, id: failed.text === text ? failed.id : newID() });
    area.value = '';
    say('', false);
    changed();
    if (outbox.length === 1) deliver();
  }

  async function deliver() {
    setBusy(send, true);
    while (outbox.length) {
      const { text, id } = outbox[0];
      let answer;
      try {
        answer = await call('/say', { id, channel: here, thread: Number(box.dataset.thread), text });
      } catch (e) {
        if (!(e instanceof Unreachable)) throw e;
        answer = { error: 'Not sent. Watchbell does not answer; your text is kept.' };
        failed = { text, id };
      }
      if (answer.error) {
        giveBack(outbox.splice(0).map(m => m.text));
        say(answer.error, true);
        break;
      }
      outbox.shift();
      keep();
      if (!outbox.length && !area.value && (answer.status === 'usage' || answer.status === 'unavailable')) giveBack([text]);
      if (answer.toast) toast(answer.toast);
      if (answer.status === 'working') say('Working on it… the answer will appear here.', false);
      if (answer.post) put(answer.post, true);
      if (answer.form) openForm(answer.form, area);
    }
    setBusy(send, false);
  }

  // giveBack puts words that were not taken where they came from, before what was written since.
  function giveBack(texts) {
    area.value = [...texts, area.value].filter(Boolean).join('\n');
    changed();
  }

  // What was suggested for the text before is no choice for this one: a fast Enter sends what was typed.
  area.addEventListener('input', () => { changed(); wanted = false; if (!list.hidden) choose(-1); complete(); });
  area.addEventListener('blur', () => setTimeout(close, 100));
  area.addEventListener('focus', () => { if (area.value.startsWith('/')) complete(); });
  area.addEventListener('keydown', e => {
    if (e.isComposing) return;
    const open = !list.hidden;
    if (open && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) choose((chosen + (e.key === 'ArrowDown' ? 1 : chosen < 0 ? 0 : -1) + found.length) % found.length);
    else if (e.key === 'Tab' && !e.shiftKey && pending) wanted = true; // whoever types fast gets what is still to be suggested
    else if (open && e.key === 'Tab' && !e.shiftKey) take(Math.max(chosen, 0));
    else if (open && e.key === 'Escape') close();
    else if (e.key === 'Enter' && !e.shiftKey) open && chosen >= 0 ? take(chosen) : submit();
    else if (e.key === 'Escape' && box.dataset.thread !== '0') closeThread(true);
    else return;
    e.preventDefault();
  });
  box.addEventListener('submit', e => { e.preventDefault(); submit(); if (!matchMedia('(hover: none)').matches) area.focus(); });
  area.value ||= sessionStorage.getItem(draft) ?? '';
  changed();
}

// ---- Beginning ---------------------------------------------------------------------------------------------------------------------

document.addEventListener('keydown', e => {
  if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') {
    e.preventDefault();
    if (drawer.matches) openDrawer(true);
    $('#find').focus();
    $('#find').select();
  } else if (e.key === 'Escape' && document.body.classList.contains('drawer')) openDrawer(false);
});
// Whoever reads the newest stays there when the window, the box to write in or a thread takes or gives room.
let stuck = false;
new ResizeObserver(() => { if (stuck) toEnd(scroll); }).observe(scroll);
scroll.addEventListener('scroll', () => {
  stuck = atEnd(scroll);
  if (stuck) { pill.hidden = true; markRead(); }
}, { passive: true });
pill.onclick = () => { toEnd(scroll); pill.hidden = true; $('#box')?.focus(); };
document.addEventListener('visibilitychange', rest);
addEventListener('pageshow', e => { if (e.persisted) location.reload(); });

$$('.composer').forEach(composer);
const fresh = $('.new', posts);
if (!page.target || !light(page.target)) {
  toEnd(scroll);
  if (fresh && fresh.offsetTop < scroll.scrollTop) scroll.scrollTop = fresh.offsetTop - 60;
}
if ($('#thread')) toEnd($('#thread .scroll'));
else if (!matchMedia('(hover: none)').matches && !page.target) $('#box')?.focus({ preventScroll: true });
stuck = atEnd(scroll);
total();
markRead();
live();
})();
