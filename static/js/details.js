// The form behind "Edit details" comes into #details_dialog (its place is #details) and goes when it was saved: what htmx gets
// then has no form for it. [data-dialog-close] and Escape close it; the page waits behind it. Without JavaScript it is a page.
const dialog = document.getElementById("details_dialog");

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "details") return;
  const form = dialog.querySelector("form");
  if (!form) {
    dialog.close();
    return;
  }
  if (!dialog.open) dialog.showModal();
  (form.querySelector("[name^=take_], [aria-invalid=true]") ?? form.querySelector("input:not([type=hidden]), textarea"))?.focus();
});
dialog?.addEventListener("click", (event) => {
  if (!event.target.closest("[data-dialog-close]")) return;
  event.preventDefault();
  dialog.close();
});
dialog?.addEventListener("close", () => document.getElementById("details").replaceChildren());
