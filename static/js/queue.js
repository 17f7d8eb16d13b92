// The list of cases by keyboard and with many rows at once. Keys are matched by their place; see keys.js.
//   X ticks the row that has the focus, Shift+X all on the page; Shift+J and Shift+K walk on and tick; Shift+click ticks
//   from the last row touched. E opens the row with its decision. Escape clears what is ticked.
//   form.bulk is the bar of actions (data-bulk-count, -all, -page, -none); its answer comes into #bulk_dialog.
// Back from a case the row one came from has the focus again, and the list stands where it stood.
const TYPING = "input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select, [contenteditable]";
const bar = document.getElementById("bulk");
const dialog = document.getElementById("bulk_dialog");
const place = `list:${location.pathname}${location.search}`;
let last = null; // the row touched last, by its reference

const rows = () => [...document.querySelectorAll("#queue .row")];
const picks = () => [...document.querySelectorAll("#queue .row__pick")];
const rowOf = (element) => element?.closest?.("#queue .row");
const whole = () => bar?.querySelector("[data-bulk-all]");

function count() {
  if (!bar) return;
  const all = whole();
  const ticked = picks().filter((one) => one.checked).length;
  const said = bar.querySelector("[data-bulk-count]");
  const number = all.checked ? all.dataset.number || "…" : ticked;
  const text = ticked ? `${said.dataset.bulkCount} ${number}` : "";
  if (said.textContent !== text) said.textContent = text;
  if (!ticked) all.checked = false;
}

function tick(row, on) {
  const box = row?.querySelector(".row__pick");
  if (!box) return;
  box.checked = on;
  last = row.dataset.item;
}

function range(from, to, on) {
  const all = rows();
  const [a, b] = [all.findIndex((one) => one.dataset.item === from), all.indexOf(to)].sort((x, y) => x - y);
  for (const row of all.slice(Math.max(0, a), b + 1)) tick(row, on);
  last = to.dataset.item;
}

function focus(row) {
  row?.querySelector(".row__link")?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

function extend(step) {
  const all = rows();
  const here = rowOf(document.activeElement);
  if (!here) return focus(all[0]);
  tick(here, true);
  const next = all[all.indexOf(here) + step];
  if (next) {
    tick(next, true);
    focus(next);
  }
}

function clear() {
  for (const box of picks()) box.checked = false;
  count();
}

function handle(event) {
  const row = rowOf(document.activeElement);
  if (event.code === "KeyX" && event.shiftKey) {
    const all = picks();
    const on = all.some((one) => !one.checked);
    for (const box of all) box.checked = on;
  } else if (event.code === "KeyX" && row) tick(row, !row.querySelector(".row__pick")?.checked);
  else if (event.shiftKey && event.code === "KeyJ") extend(1);
  else if (event.shiftKey && event.code === "KeyK") extend(-1);
  else if (event.code === "KeyE" && !event.shiftKey && row) location.assign(`${row.querySelector(".row__link").href.split("#")[0]}#act-resolve`);
  else if (event.code === "Escape" && picks().some((one) => one.checked)) clear();
  else return false;
  count();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (document.body.dataset.keys === "off" || event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest?.(TYPING) || event.target.closest?.("details[open]")) return;
  if (handle(event)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("#queue .row__pick");
  if (box) {
    if (event.shiftKey && last) range(last, rowOf(box), box.checked);
    last = rowOf(box).dataset.item;
    count();
  } else if (event.target.closest?.("[data-bulk-page]")) {
    for (const one of picks()) one.checked = true;
    count();
  } else if (event.target.closest?.("[data-bulk-none]")) {
    clear();
    focus(rows()[0]);
  } else if (event.target.closest?.("[data-dialog-close]") && dialog?.open) {
    event.preventDefault();
    dialog.close();
  }
});
document.addEventListener("change", (event) => event.target.closest?.("#queue .row__pick, [data-bulk-all]") && count());
const list = document.getElementById("queue");
if (list) new MutationObserver(count).observe(list, { childList: true });

// The form of an action comes into the dialog; the rest of the page waits behind it.
dialog?.addEventListener("close", () => focus(rows().find((one) => one.dataset.item === last)));
document.addEventListener("htmx:afterSwap", () => {
  const form = dialog?.querySelector("form");
  if (!form) return;
  if (!dialog.open) dialog.showModal();
  (form.querySelector("[aria-invalid=true], .field__error + *") ?? form.querySelector("input:not([type=hidden]), select, textarea"))?.focus();
});

// Coming back: by the browser's Back, by U (the address names the row), or because the case is done.
function leave() {
  const row = rowOf(document.activeElement);
  const kept = { y: scrollY, row: row?.dataset.item ?? null, at: row ? rows().indexOf(row) : -1 };
  sessionStorage.setItem(place, JSON.stringify(kept));
}

function comeBack() {
  const named = location.hash.startsWith("#row-") && document.getElementById(location.hash.slice(1));
  const kept = JSON.parse(sessionStorage.getItem(place) ?? "null");
  const from = /\/complaints\/[A-Z0-9-]{6,16}\//.test(document.referrer);
  const again = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (location.hash.startsWith("#row-")) history.replaceState(null, "", location.pathname + location.search);
  if (!named && !(kept && (from || again))) return;
  if (kept) scrollTo(0, kept.y);
  const all = rows();
  const row = named || all.find((one) => one.dataset.item === kept.row) || all[Math.min(kept.at, all.length - 1)];
  row?.querySelector(".row__link")?.focus({ preventScroll: Boolean(kept) });
  row?.scrollIntoView({ block: "nearest" });
}

addEventListener("pagehide", leave);
document.addEventListener("click", (event) => rowOf(event.target)?.querySelector(".row__link") === event.target.closest("a") && leave());
addEventListener("pageshow", (event) => event.persisted && count());
comeBack();
count();
