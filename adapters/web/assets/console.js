// What a page of the console gains by script. Without it every page works by links, forms and details.
"use strict";

const main = document.getElementById("main");

// Menus close when something else is pressed, or by Escape, and give the focus back.
document.addEventListener("click", (e) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(e.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (e) => {
  if (e.key === "Escape") {
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (location.hash === "#side") {
      location.hash = "#main";
    }
  }
  if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k") {
    e.preventDefault();
    document.getElementById("q").focus();
  }
  if (e.key === "ArrowDown" || e.key === "ArrowUp") {
    const menu = e.target.closest("details.menu[open]");
    if (!menu) return;
    e.preventDefault();
    const items = [...menu.querySelectorAll("summary, a, button")];
    const at = items.indexOf(document.activeElement) + (e.key === "ArrowDown" ? 1 : -1);
    items[(at + items.length) % items.length].focus();
  }
});

// A list is filtered as soon as something is chosen.
document.addEventListener("change", (e) => {
  if (e.target.matches(".filters select")) e.target.form.requestSubmit();
});

// What was sent is not sent twice.
document.addEventListener("submit", (e) => {
  if (e.target.method !== "post") return;
  if (e.target.dataset.sent) {
    e.preventDefault();
    return;
  }
  e.target.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// The address names what was done, for the answer to be shown once.
const here = new URL(location.href);
if (here.searchParams.has("done")) {
  here.searchParams.delete("done");
  history.replaceState(null, "", here);
}

// Inputs that find their choices on the server.
for (const input of document.querySelectorAll("input[data-find]")) {
  let waiting;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const answer = await fetch(input.dataset.find + encodeURIComponent(input.value));
      if (!answer.ok) return;
      input.list.replaceChildren(...(await answer.json()).map((o) => new Option(o.label, o.value)));
    }, 150);
  });
}

// When something changes, the page is fetched again and its parts are replaced, unless somebody is at work in them.
const atWork = () =>
  document.querySelector("details.menu[open]") ||
  main.querySelector(".ask-page, textarea") ||
  (main.contains(document.activeElement) && document.activeElement.matches("input, select, textarea"));

let refreshing = false;
let again = false;
async function refresh() {
  if (document.hidden || atWork()) {
    again = true;
    return;
  }
  if (refreshing) {
    again = true;
    return;
  }
  refreshing = true;
  again = false;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok && !atWork()) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const focused = main.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      main.replaceChildren(...fresh.getElementById("main").childNodes);
      document.querySelector(".places").replaceChildren(...fresh.querySelector(".places").childNodes);
      if (focused) main.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    }
  } finally {
    refreshing = false;
    if (again) later();
  }
}

let timer;
function later() {
  clearTimeout(timer);
  timer = setTimeout(refresh, 400);
}
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && again) later();
});

if (document.body.dataset.events) {
  new EventSource(document.body.dataset.events).addEventListener("news", later);
}
