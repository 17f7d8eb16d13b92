// A form is sent once: the second click or Enter does nothing, the button says it is busy (aria-busy).
// Every POST form, no attribute needed. htmx forms are freed when the answer is there, others by the next page.
const busy = new WeakSet();

function free(form) {
  busy.delete(form);
  for (const button of form.querySelectorAll('[aria-busy="true"]')) button.removeAttribute("aria-busy");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (busy.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  busy.add(form);
  event.submitter?.setAttribute("aria-busy", "true");
}, true);

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest?.("form");
  if (form) free(form);
});
// A module that refuses a submit of its own accord says so on the form: nothing was sent.
document.addEventListener("submit-refused", (event) => free(event.target));
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) free(form);
});
