// What the keyboard's walk asks a page: begin() counts what can be used, stop() looks at where Tab came to.
(() => {
  // A chart's bars are for the mouse; the table below the chart has the same links.
  const USABLE = "a[href]:not(.chart-bar), button, input, select, textarea, summary, [data-copy], [role=button]";
  const GONE = "[inert], [hidden], dialog:not([open])";
  const shown = { visibilityProperty: true, contentVisibilityAuto: true };
  const name = (element) => element.outerHTML.slice(0, 140);
  const looks = (element) => {
    const seen = getComputedStyle(element);
    return [seen.outline, seen.boxShadow, seen.backgroundColor, seen.borderColor, seen.color].join("|");
  };
  // Of a group of radio buttons one is reached by Tab; arrows go on to the others.
  const groups = new Set();
  const first = (radio) => {
    const group = `${radio.form?.id} ${radio.name}`;
    const chosen = document.querySelector(`input[type=radio][name="${CSS.escape(radio.name)}"]:checked`);
    if (groups.has(group) || (chosen && chosen !== radio)) return false;
    return groups.add(group);
  };
  const usable = (element) =>
    !element.disabled && element.type !== "hidden" && !element.closest(GONE) && element.checkVisibility(shown)
    && (element.type !== "radio" || first(element));

  let plain, last;
  const reached = new Set();
  const told = [];
  const begin = () => {
    const all = [...document.querySelectorAll(USABLE)].filter(usable);
    plain = new Map(all.map((element) => [element, looks(element)]));
    for (const one of document.querySelectorAll("[tabindex]")) if (one.tabIndex > 0) told.push(`out of order: ${name(one)}`);
    document.activeElement?.blur();
  };
  const stop = () => {
    const here = document.activeElement;
    if (here === last) return true; // a date has three stops of its own
    if (!here || here === document.body || reached.has(here)) return false;
    reached.add((last = here));
    // A box to tick that is not there itself is shown by its label.
    const label = here.offsetWidth < 2 && here.labels?.[0];
    const marked = label && getComputedStyle(label).outlineStyle !== "none";
    if (plain.get(here) === looks(here) && !marked) told.push(`nothing shows that it is chosen: ${name(here)}`);
    const box = (label || here).getBoundingClientRect();
    if (box.bottom < 0 || box.top > innerHeight) told.push(`chosen, but out of sight: ${name(here)}`);
    return true;
  };
  const missed = () => [...plain.keys()].filter((one) => !reached.has(one)).map((one) => `not reached: ${name(one)}`);
  window.walk = { begin, stop, told: () => [...told, ...missed()] };
})();
