// Shows what a push service delivers while no tab is open. The message was encrypted for this browser alone.
'use strict';
addEventListener('push', event => {
  let n = {};
  try { n = event.data.json(); } catch { /* show that something came */ }
  event.waitUntil(registration.showNotification(n.title || 'Watchbell', {
    body: n.text || '', tag: n.tag || 'watchbell', renotify: true, requireInteraction: true, vibrate: [300, 150, 300, 150, 300],
    icon: '/assets/bell.svg', data: { link: n.link, answer: n.answer }, actions: n.answer ? [{ action: 'answer', title: n.label || 'Acknowledge' }] : [],
  }));
});

// Pressing the notification opens its page; only the button on it answers, and if that cannot be sent the page is opened instead.
addEventListener('notificationclick', event => {
  const { link, answer } = event.notification.data ?? {};
  event.notification.close();
  const open = () => clients.openWindow(link || '/');
  if (event.action !== 'answer' || !answer) { event.waitUntil(open()); return; }
  event.waitUntil(fetch(answer, { method: 'POST', credentials: 'omit' }).then(r => r.ok || open(), open));
});
