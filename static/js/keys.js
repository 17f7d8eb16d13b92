// Single keys, matched by their place (event.code), so that Cyrillic and other layouts work. Ignored while typing, in IME
// composition and with Ctrl, Alt or Meta; off with <body data-keys="off">.
//   data-key="KeyC" on a link, button or summary presses it, on an input it checks or focuses it; the first visible one wins.
//   data-list holds rows (.row) with a .row__link each: J and K walk over them, Enter opens (the browser's own).
//   ? shows the list (<dialog id="keys">).
const TYPING = "input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select, [contenteditable]";

function visible(element) {
  return element.checkVisibility ? element.checkVisibility() : element.offsetParent !== null;
}

// Unfolds the parts of a case (details.fold) that something stands in; says whether it is seen then.
function unfolded(element) {
  const folds = [];
  for (let fold = element.parentElement?.closest("details.fold"); fold; fold = fold.parentElement?.closest("details.fold"))
    if (!fold.open) folds.push(fold);
  for (const fold of folds) fold.open = true;
  if (visible(element)) return true;
  for (const fold of folds) fold.open = false;
  return false;
}

function press(element) {
  if (element.matches("summary")) {
    element.focus();
    element.click();
  } else if (element.matches("details")) {
    element.open = true;
    (element.querySelector("input:not([type=hidden]), select, textarea") ?? element.querySelector("summary")).focus();
  } else if (element.matches("input[type=radio]")) {
    element.click();
    element.form?.querySelector("textarea")?.focus();
  } else if (element.matches("input[type=checkbox]")) {
    element.click();
  } else if (element.matches("input, textarea")) {
    element.focus();
  } else {
    element.click();
  }
}

function walk(step) {
  const links = [...document.querySelectorAll("[data-list] .row__link")];
  if (!links.length) return false;
  const at = links.indexOf(document.activeElement);
  const next = links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + step))];
  next.focus();
  next.closest(".row").scrollIntoView({ block: "nearest" });
  return true;
}

function handle(event) {
  if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) {
    const dialog = document.getElementById("keys");
    if (!dialog) return false;
    dialog.open ? dialog.close() : dialog.showModal();
    return true;
  }
  if (event.shiftKey) return false;
  const keyed = [...document.querySelectorAll(`[data-key="${CSS.escape(event.code)}"]`)].filter((one) => !one.disabled);
  const named = keyed.find(visible) ?? keyed.find(unfolded);
  if (named) {
    press(named);
    return true;
  }
  if (event.code === "KeyJ") return walk(1);
  if (event.code === "KeyK") return walk(-1);
  return false;
}

document.addEventListener("keydown", (event) => {
  if (document.body.dataset.keys === "off") return;
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey || event.repeat && !/^Key[JK]$/.test(event.code)) return;
  if (event.target.closest?.(TYPING)) return;
  const dialog = document.querySelector("dialog[open]");
  if (dialog && event.key !== "?") return;
  if (handle(event)) event.preventDefault();
});
