// The browser's small helpers: everything also works as plain links and forms when this file does not load.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const texts = document.getElementById("texts")?.dataset ?? {}; // in the language of the page
const fill = (text, ...values) => values.reduce((whole, value) => whole.replace("{}", value), text);
// The reader's own way to write dates, as far as it is one of the page's language.
const locale = navigator.languages.find((one) => one.startsWith(document.documentElement.lang)) ?? document.documentElement.lang;
const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

// A copy button copies its text; in a JSON tree a click on a name copies its path, one on a value the value.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copy]");
  const part = event.target.closest?.(".json-leaf > span");
  if (button) copy(button.dataset.copy, texts.copied);
  else if (part?.classList.contains("json-key")) copy(part.parentElement.dataset.path, texts.pathCopied);
  else if (part) copy(part.textContent.replace(/^“|”$/g, ""), texts.valueCopied);
});
function copy(text, done) {
  const copied = navigator.clipboard?.writeText(text) ?? Promise.reject(); // there is none over plain http
  copied.then(() => toast(done), () => toast(texts.notCopied));
}

// A short message in the corner; the server sends one with the header HX-Trigger: {"toast": "…"}.
function toast(text) {
  const box = document.createElement("div");
  box.className = "toast show";
  box.innerHTML = '<div class="toast-body"></div>';
  box.firstChild.textContent = text;
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), 4000);
}
document.addEventListener("toast", (event) => toast(event.detail.value));

// Light and dark.
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-theme-switch]")) return;
  const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
  document.documentElement.dataset.bsTheme = next;
  localStorage.setItem("theme", next);
});

// Times stay relative while the page is open; the title is exact in the reader's zone.
const UNITS = [[60, 1, "s"], [3600, 60, "min"], [86400, 3600, "h"], [2592000, 86400, texts.day]];
function ago(seconds) {
  const unit = UNITS.find(([limit]) => Math.abs(seconds) < limit);
  if (!unit) return null;
  if (Math.abs(seconds) < 5) return texts.now;
  const amount = `${Math.floor(Math.abs(seconds) / unit[1])} ${unit[2]}`;
  return fill(seconds > 0 ? texts.ago : texts.in, amount);
}
function tick(root = document) {
  for (const element of all("time[data-ago]", root)) {
    const at = new Date(element.dateTime);
    const text = ago((Date.now() - at) / 1000);
    element.title = at.toLocaleString(locale, { dateStyle: "medium", timeStyle: "long" });
    if (text && element.textContent !== text) element.textContent = text;
  }
}
tick();
setInterval(tick, 5000);
document.addEventListener("htmx:load", (event) => tick(event.detail.elt));

// What scrolls can be reached by keyboard, also when it is unfolded or a window made it narrow.
const scrolls = (box) => box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
const sizes = new ResizeObserver((seen) => seen.forEach(({ target }) => scrolls(target) && (target.tabIndex = 0)));
const watch = (root = document) => all(".table-responsive, .chart-table, pre, .value", root).forEach((box) => sizes.observe(box));
watch();
document.addEventListener("htmx:load", (event) => watch(event.detail.elt));

// Filters apply when a choice changes; a typed confirmation must match.
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-submits]")) event.target.form.requestSubmit();
});
document.addEventListener("input", (event) => {
  const word = event.target.dataset?.mustEqual;
  if (word) event.target.setCustomValidity(event.target.value === word ? "" : fill(texts.typeWord, word));
});

// Keys: Ctrl+K palette, / search, j k or arrows rows, Esc leave, ? help, Ctrl+Enter send, and any data-key of the page.
function step(by) {
  const open = document.querySelector("dialog[open]");
  const rows = all("[data-row]", open ?? document).map((row) => (row.matches("a") ? row : row.querySelector("a"))).filter(Boolean);
  const here = rows.indexOf(document.activeElement);
  rows[Math.max(0, Math.min(rows.length - 1, here < 0 ? 0 : here + by))]?.focus();
}
function palette() {
  const dialog = document.getElementById("palette");
  if (!dialog || dialog.open) return;
  dialog.showModal();
  dialog.querySelector("input").focus();
}
const KEYS = {
  "/": () => document.querySelector("[data-search]")?.focus(),
  j: () => step(1),
  k: () => step(-1),
  "?": () => document.getElementById("keys")?.showModal(),
};
function onKey(event) {
  const control = event.ctrlKey || event.metaKey;
  const inPalette = event.target.closest?.("#palette");
  if (control && event.key === "Enter") return (event.target.form ?? document.getElementById("ask"))?.requestSubmit();
  if (control && event.key === "k") return event.preventDefault(), palette();
  if (inPalette && event.key.startsWith("Arrow")) return event.preventDefault(), step(event.key === "ArrowDown" ? 1 : -1);
  if (inPalette && event.key === "Enter" && typing(event.target)) return inPalette.querySelector("[data-row]")?.click();
  if (event.key === "Escape" && typing(event.target) && !event.target.closest("dialog")) return event.target.blur();
  if (control || event.altKey || typing(event.target)) return;
  const act = KEYS[event.key] ?? (() => document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click());
  if (KEYS[event.key]) event.preventDefault();
  act();
}
document.addEventListener("keydown", onKey);
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-palette]") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  palette();
});
