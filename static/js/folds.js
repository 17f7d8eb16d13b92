// The folds of a case's side column (details.fold with an id). What the reader opened or closed by hand is so on the next
// case too (localStorage), but what says data-now is open whatever they chose. A fold that is open stays open when an
// answer brings it anew, so that what was just done is seen. Links and keys unfold what they lead to (focus.js, keys.js).
const KEY = "amends.folds";
const SELECTOR = "details.fold[id]";
const open = new Set();

function chosen() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // no storage here: folds are as they come
  }
}

function settle(fold) {
  const wish = chosen()[fold.id];
  if (open.has(fold.id)) fold.open = true;
  else if (wish !== undefined && !("now" in fold.dataset)) fold.open = wish;
}

function all() {
  for (const fold of document.querySelectorAll(SELECTOR)) if (!fold.dataset.settled) {
    fold.dataset.settled = "";
    settle(fold);
    if (fold.open) open.add(fold.id);
  }
}

document.addEventListener("toggle", (event) => {
  const fold = event.target;
  if (fold.matches?.(SELECTOR)) fold.open ? open.add(fold.id) : open.delete(fold.id);
}, true);
document.addEventListener("click", (event) => {
  const fold = event.target.closest?.("summary")?.parentElement;
  if (!fold?.matches(SELECTOR) || event.target.closest("a, button")) return;
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...chosen(), [fold.id]: !fold.open }));
  } catch { /* full or forbidden */ }
});
for (const event of ["htmx:afterSwap", "htmx:oobAfterSwap", "htmx:afterSettle"]) document.addEventListener(event, all);
all();
