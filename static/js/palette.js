// The palette: Ctrl+K (Meta+K) anywhere on the desk, matched by the key's place, so that Cyrillic and other layouts work.
//   <dialog id="palette" data-palette-url="/search/jump/">: a combobox over a listbox; the answer brings its options.
//   Above them stand the actions of the open page: whatever has a data-key there, called by its title or its words.
//   [data-palette] on a link opens it when clicked; the key "/" and a browser without scripts follow the link to search.
const PAUSE = 120;
const MOST_ACTIONS = 8;

const dialog = document.getElementById("palette");
const input = document.getElementById("palette-input");
const list = document.getElementById("palette-list");
const says = document.getElementById("palette-said");
const known = new Map(); // what was answered for which words, while the page is open
let timer;
let asked;
let cameFrom;
let last = ""; // the answer shown; it stands until the next one is there

function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}

function visible(element) {
  return element.checkVisibility ? element.checkVisibility() : element.offsetParent !== null;
}

// What can be done on this page: [words, key as printed, element].
function actions() {
  const found = new Map();
  for (const element of document.querySelectorAll("[data-key]")) {
    const code = element.dataset.key;
    if (found.has(code) || element.closest("dialog, [data-palette]") || !visible(element) || element.disabled) continue;
    const label = element.matches("details") ? element.querySelector("summary") : element;
    const named = label.matches("input, textarea") ? (label.labels?.[0]?.textContent ?? label.getAttribute("aria-label")) : label.title || label.textContent;
    const words = (named ?? "").replace(/\s+/g, " ").replace(/\s*\([^()]*\)\s*$/, "").trim();
    if (words) found.set(code, [words, code.replace(/^(Key|Digit)/, "").replace("Slash", "/"), element]);
  }
  return [...found.values()];
}

function press(element) {
  if (element.matches("details")) {
    element.open = true;
    (element.querySelector("input:not([type=hidden]), select, textarea") ?? element.querySelector("summary")).focus();
  } else if (element.matches("input[type=radio]")) {
    element.click();
    element.form?.querySelector("textarea")?.focus();
  } else if (element.matches("input, textarea, select")) {
    element.focus();
  } else {
    element.focus();
    element.click();
  }
}

function mark() {
  const SVG = "http://www.w3.org/2000/svg";
  const drawn = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  drawn.setAttribute("class", "icon");
  drawn.setAttribute("aria-hidden", "true");
  use.setAttribute("href", "#i-keyboard");
  drawn.append(use);
  return drawn;
}

function fits(words, typed) {
  const there = fold(words).split(/\s+/);
  return typed.every((one) => there.some((word) => word.startsWith(one)));
}

function doing(text) {
  const typed = fold(text).split(/\s+/).filter(Boolean);
  return actions()
    .filter(([words]) => fits(words, typed))
    .slice(0, MOST_ACTIONS)
    .map(([words, key, element], number) => {
      const option = document.createElement("li");
      option.role = "option";
      option.id = `jump-do-${number}`;
      option.setAttribute("aria-selected", "false");
      const name = document.createElement("span");
      name.className = "palette__text";
      name.textContent = words;
      const where = document.createElement("small");
      where.textContent = dialog.dataset.wordHere;
      const printed = document.createElement("kbd");
      printed.textContent = key;
      option.append(mark(), name, where, printed);
      option.does = element;
      return option;
    });
}

const options = () => [...list.querySelectorAll("[role=option]")];
const active = () => list.querySelector("[aria-selected=true]");

function select(option) {
  for (const one of options()) one.setAttribute("aria-selected", String(one === option));
  if (option) {
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else {
    input.removeAttribute("aria-activedescendant");
  }
}

function show(text, answer) {
  last = answer;
  const page = new DOMParser().parseFromString(answer, "text/html");
  const brought = [...page.querySelectorAll("[role=option]")].map((one) => document.importNode(one, true));
  const own = doing(text);
  const cases = brought.filter((one) => /^jump-(case|customer)-/.test(one.id));
  const rest = brought.filter((one) => !cases.includes(one));
  list.replaceChildren(...(text ? [...cases, ...own, ...rest] : [...own, ...rest]));
  select(options()[0]);
}

function say() {
  const number = options().length;
  says.textContent = number ? `${dialog.dataset.wordCount}: ${number}` : dialog.dataset.wordNone;
}

async function ask(text) {
  if (known.has(text)) return;
  asked?.abort();
  asked = new AbortController();
  const url = new URL(dialog.dataset.paletteUrl, location.href);
  if (text) url.searchParams.set("q", text);
  try {
    const answer = await fetch(url, { signal: asked.signal, headers: { Accept: "text/html", "HX-Request": "true" }, redirect: "error" });
    if (!answer.ok) return;
    const html = await answer.text();
    known.set(text, html);
    if (text !== input.value.trim()) return;
    show(text, html);
    say();
  } catch {
    // overtaken by the next letter, or not connected: what can be done here still stands
  }
}

function typed() {
  const text = input.value.trim();
  clearTimeout(timer);
  show(text, known.get(text) ?? last);
  if (known.has(text)) say();
  else timer = setTimeout(() => ask(text), PAUSE);
}

function open() {
  if (dialog.open || document.querySelector("dialog[open]")) return false;
  cameFrom = document.activeElement;
  input.value = last = "";
  known.clear();
  dialog.showModal();
  input.focus();
  typed();
  return true;
}

function choose(option) {
  const element = option.does;
  dialog.close();
  if (element) press(element);
  else location.assign(option.dataset.url);
}

// Enter before the answer is there waits for it: whoever types a reference fast means that case.
async function enter() {
  const text = input.value.trim();
  if (text && !known.has(text)) {
    clearTimeout(timer);
    await ask(text);
  }
  const option = active();
  if (dialog.open && option) choose(option);
}

function move(step) {
  const all = options();
  if (!all.length) return;
  const at = all.indexOf(active());
  select(all[(at + step + all.length) % all.length]);
}

if (dialog && input) {
  document.addEventListener("keydown", (event) => {
    if (event.code !== "KeyK" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.isComposing) return;
    if (document.body.dataset.keys === "off" && !dialog.open) return;
    if (dialog.open) dialog.close();
    else if (!open()) return;
    event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    if (!event.isTrusted || !event.target.closest("[data-palette]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (open()) event.preventDefault();
  });
  input.addEventListener("input", (event) => event.isComposing || typed());
  input.addEventListener("compositionend", typed);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Enter") enter();
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    asked?.abort();
    if (cameFrom?.isConnected && document.activeElement === document.body) cameFrom.focus();
  });
}
