// Generated forms: a fresh row below the last of a list, and JSON boxes that say where they are wrong.
const texts = document.getElementById("texts")?.dataset ?? {};

document.addEventListener("input", (event) => {
  const row = event.target.closest?.("[data-row-of-many]");
  if (row && row === row.parentElement.lastElementChild && event.target.value) {
    const fresh = row.cloneNode(true);
    const control = fresh.querySelector("input, textarea");
    control.value = "";
    control.removeAttribute("id");
    row.after(fresh);
  }
  if (event.target.matches?.("[data-json]")) check(event.target);
});

function check(box) {
  let hint = box.parentElement.querySelector("[data-json-hint]");
  if (!hint) {
    hint = document.createElement("div");
    hint.dataset.jsonHint = "";
    box.after(hint);
  }
  const problem = wrong(box.value, box.dataset.json);
  hint.className = problem ? "form-hint text-orange" : "form-hint";
  hint.textContent = problem;
}

function wrong(text, shape) {
  if (!text.trim()) return "";
  try {
    const kind = Array.isArray(JSON.parse(text)) ? "array" : typeof JSON.parse(text);
    if (shape === "any" || shape === kind) return "";
    return shape === "array" ? texts.wantList : texts.wantObject;
  } catch (error) {
    const at = Number(/position (\d+)/.exec(error.message)?.[1] ?? text.length);
    const before = text.slice(0, at).split("\n");
    const place = texts.place.replace("{}", before.length).replace("{}", before.at(-1).length + 1);
    return texts.noJson.replace("{}", place);
  }
}

// A change of the connection opens the form for that connection: its choices are others.
document.getElementById("id_connection")?.addEventListener("change", (event) => {
  for (const button of document.querySelectorAll("#ask [hx-post]")) window.htmx?.trigger(button, "click");
});

// Choices that come while somebody types do not take the words away.
let typed;
document.addEventListener("htmx:beforeSwap", ({ target }) => (typed = target.id?.startsWith("row-") ? target.querySelector("[name]") : null));
document.addEventListener("htmx:afterSettle", () => {
  if (typed?.value) document.querySelector(`#ask [name="${typed.name}"]`).value = typed.value;
});
