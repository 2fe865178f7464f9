// News on every page: toasts about work that ended in the background, and the title's count of what needs attention.
const box = document.getElementById("toasts");
const badge = document.getElementById("attention-count");
const bare = document.title.replace(/^\(\d+\) /, "");
const FRESH = 60_000; // ms: how long a count is good, whichever page asked for it
const MOST = 5; // toasts at once
const KEPT = `attention ${box.dataset.person}`;
let line = null;

function show(text) {
  document.title = Number(text) ? `(${text}) ${bare}` : bare;
  badge.hidden = !Number(text);
  badge.textContent = text;
}

async function count(fresh = FRESH) {
  const known = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  if (known.text) show(known.text);
  if (Date.now() - (known.at ?? 0) < fresh) return;
  const answer = await fetch(box.dataset.attention, { redirect: "manual" }).catch(() => null);
  if (!answer?.ok) return; // signed out, or no server: the next page says it
  const text = await answer.text();
  localStorage.setItem(KEPT, JSON.stringify({ text, at: Date.now() }));
  show(text);
}

// Only what somebody looks at keeps a line open; who comes back goes on from the last toast.
function listen() {
  if (document.hidden) return line = line?.close() ?? null;
  if (line && line.readyState !== EventSource.CLOSED) return;
  const after = sessionStorage.getItem("noticed") ?? box.dataset.after;
  sessionStorage.setItem("noticed", after);
  line = new EventSource(`/live/?topic=notice&lang=${document.documentElement.lang}&after=${after}`);
  line.addEventListener("notice", (event) => {
    // Who leaves the page at once has not read it: the next page shows it again.
    setTimeout(() => sessionStorage.setItem("noticed", event.lastEventId), 2000);
    box.insertAdjacentHTML("beforeend", event.data);
    while (box.children.length > MOST) box.firstElementChild.remove();
    count(0);
  });
}

if (box.dataset.person) {
  document.addEventListener("visibilitychange", listen);
  box.addEventListener("click", (event) => event.target.closest("[data-close]")?.closest(".toast").remove());
  listen();
  count();
  setInterval(count, FRESH);
}
