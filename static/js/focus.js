// Puts the reader where something needs them: on the summary of errors after a refused form (.errors), back on the page's
// subject (#subject) when the button they pressed is gone after an answer from htmx, and at their place in the sidebar.
// Opens a folded form (details) that a link points at.
function summary(root) {
  const errors = root.querySelector(".errors[tabindex], .field__error[role=alert]");
  if (!errors) return false;
  if (!errors.hasAttribute("tabindex")) errors.tabIndex = -1;
  errors.focus();
  return true;
}

function unfold() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let above = target.parentElement?.closest("details"); above; above = above.parentElement?.closest("details")) above.open = true;
  const fold = target.matches("details") ? target : target.querySelector("details");
  if (!fold) return;
  fold.open = true;
  fold.querySelector("input:not([type=hidden]), select, textarea, button")?.focus();
}

summary(document);
unfold();
window.addEventListener("hashchange", unfold);

// What a page fetches by itself (a list beside the case, a poll) must not move the focus of somebody who had none.
let held = false;
const free = () => !document.activeElement || document.activeElement === document.body;
document.addEventListener("htmx:beforeRequest", () => (held = !free()));
document.addEventListener("htmx:afterSettle", () => {
  if (!held || !free()) return;
  const swapped = document.getElementById("actions") ?? document;
  if (!summary(swapped)) document.getElementById("subject")?.focus({ preventScroll: true });
});

// A link in the summary goes to the field itself, also when it is a group of answers.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".errors a[href^='#']");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.closest(".field")?.scrollIntoView({ block: "center" });
});

// Where the sidebar is longer than the window, the place one is at is in sight all the same.
const sidebar = document.querySelector(".sidebar");
const place = sidebar?.querySelector(".nav[aria-current]");
if (place && place.offsetTop + 2 * place.offsetHeight > sidebar.clientHeight - sidebar.lastElementChild.offsetHeight)
  sidebar.scrollTop = place.offsetTop - sidebar.clientHeight / 2;
