// What does not work on a page whose scripts never came.
() => {
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const name = (element) => element.outerHTML.slice(0, 140);
  const sends = (button) => button.type === "submit" && button.form;
  // A passkey is made by the browser's own interface for scripts; there is none without.
  const PASSKEY = "mfa_webauthn_add";
  const opens = (button) => button.commandForElement || button.popoverTargetElement || button.type === "reset";
  const leads = (link) => {
    const address = link.getAttribute("href") ?? "";
    return address.startsWith("#") ? document.getElementById(address.slice(1)) : address;
  };
  // Enter in its only line sends a form, too.
  const typed = (form) => [...form.elements].filter((one) => ["text", "search"].includes(one.type)).length === 1;
  const sent = (form) => typed(form) || [...form.elements].some((one) => one.type === "submit" && !one.disabled);
  const tell = (what, those) => those.map((one) => `${what}: ${name(one)}`);
  return [
    ...(all("h1, .h2").some((one) => one.textContent.trim()) ? [] : ["no heading"]),
    ...tell("does nothing", all("button").filter((one) => !sends(one) && !opens(one) && one.id !== PASSKEY)),
    ...tell("leads nowhere", all("a[href]").filter((one) => !leads(one))),
    ...tell("cannot be sent", all("form").filter((one) => !sent(one))),
    ...tell("waits for a script", all("[hx-trigger*=load], [aria-busy=true]")),
  ];
}
