// Menus are <details class="menu">: they open without JavaScript. This closes them on Escape (focus returns to the
// summary), on a click elsewhere and when focus leaves, and lets the arrows walk over the items (.menu__item).
// Also: [data-needs-js] is shown, [data-open="id"] opens a <dialog>.
const OPEN = "details.menu[open]";

function close(menu, refocus) {
  menu.open = false;
  if (refocus) menu.querySelector("summary").focus();
}

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(OPEN);
  if (!menu) return;
  if (event.key === "Escape") {
    event.preventDefault();
    close(menu, true);
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const items = [...menu.querySelectorAll(".menu__item:not([hidden])")];
    if (!items.length || event.target.matches("input, select, textarea")) return;
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    const at = items.indexOf(document.activeElement);
    items.at(at < 0 ? (step > 0 ? 0 : -1) : (at + step) % items.length).focus();
  }
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(OPEN)) if (!menu.contains(event.target)) close(menu, false);
  const opener = event.target.closest?.("[data-open]");
  if (opener) {
    opener.closest(OPEN) && close(opener.closest(OPEN), false);
    document.getElementById(opener.dataset.open)?.showModal();
  }
});
document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.(OPEN);
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) close(menu, false);
});
for (const hidden of document.querySelectorAll("[data-needs-js]")) hidden.hidden = false;
