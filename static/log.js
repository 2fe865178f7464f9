// The log's live line: rows come rendered; here they find their place, wait while somebody reads, and the dot says how it is.
const log = document.getElementById("log");
const rows = document.getElementById("rows");
const pill = document.getElementById("log-pill");
const state = document.getElementById("log-state");
const MOST = 200; // rows on the page; older ones are behind "Older"
const SCROLLED = 200; // pixels: further down somebody is reading
const SLIDE = 200; // ms
const texts = document.getElementById("texts").dataset; // in the language of the page
let held = new Map();
let paused = false;
let source = null;
let coming = []; // rows that wait for the end of a slide
let sliding = false;
let last = log?.dataset.after ?? "";

function say(name) {
  state.dataset.state = paused && name === "live" ? "paused" : name;
  state.lastElementChild.textContent = texts[state.dataset.state];
}

function place(row) {
  const old = document.getElementById(row.id);
  if (old) return old.replaceWith(row), 0;
  const next = [...rows.children].find((other) => other.dataset.id < row.dataset.id);
  if (!next && rows.children.length >= 50) return 0; // it belongs to an older page
  rows.insertBefore(row, next ?? null);
  row.classList.add("row-new");
  while (rows.children.length > MOST) rows.lastElementChild.remove();
  document.getElementById("log-empty")?.remove();
  document.getElementById("log-table").hidden = false;
  return next && row.getBoundingClientRect().top < innerHeight ? row.offsetHeight : 0;
}

// The rows below start where they were and slide, so nothing jumps away (the layout-shift score sees no Animation); more waits.
function settle(more = []) {
  coming.push(...more);
  if (sliding) return;
  const pushed = coming.reduce((sum, row) => sum + place(row), 0);
  coming = [];
  if (!pushed || document.hidden || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  sliding = true;
  rows.style = `transform: translateY(-${pushed}px)`;
  requestAnimationFrame(() => requestAnimationFrame(() => (rows.style = `transition: transform ${SLIDE}ms`)));
  setTimeout(() => settle((sliding = false) || []), SLIDE + 100);
}

function release() {
  settle(held.values());
  held.clear();
  pill.hidden = true;
}

function take(row) {
  const reading = paused || window.scrollY > SCROLLED;
  if (!reading || document.getElementById(row.id)) return settle([row]);
  held.set(row.id, row);
  pill.hidden = false;
  pill.lastElementChild.textContent = texts.new.replace("{}", held.size);
}

// A page that nobody looks at holds no line: over http/1.1 a browser has six for all its windows. Who comes back is caught up.
function connect() {
  source?.close();
  if (document.hidden) return;
  const url = new URL(log.dataset.live, location.href);
  url.searchParams.set("lang", document.documentElement.lang);
  if (last) url.searchParams.set("after", last);
  source = new EventSource(url);
  source.addEventListener("hello", () => say("live"));
  source.addEventListener("row", (event) => {
    last = event.lastEventId || last;
    const box = document.createElement("template");
    box.innerHTML = event.data;
    take(box.content.firstElementChild);
  });
  source.onerror = () => {
    say("off");
    // A refused stream (signed out, too many pages, a proxy's 502) is closed for good by the browser: ask again.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
  };
}

if (log) {
  document.getElementById("log-pause")?.addEventListener("click", (event) => {
    paused = !paused;
    event.currentTarget.setAttribute("aria-pressed", paused);
    say(source?.readyState === EventSource.OPEN ? "live" : "off");
    if (!paused) release();
  });
  pill.addEventListener("click", () => {
    window.scrollTo({ top: 0 });
    release();
  });
  if (!log.dataset.live) say("still");
  else document.addEventListener("visibilitychange", connect), connect();
}
