// "@" in a note offers people and teams; who does not see the case yet is named before the note is sent.
//   data-mentions             where to ask: ?q= what was typed behind the "@", ?text= the names in the whole note
//   data-for                  id of the textarea; active while the radio mode=note is chosen
//   data-mentions-say         a status line for the number of options (data-word-count)
//   data-mentions-blind       shown with the names of those who would see the case through this note
// Arrow keys move, Enter or Tab takes, Escape closes. Without an answer typing simply goes on.
const PAUSE = 150;
const CALM = 600;
const TYPED = /(?:^|[^\p{L}\p{N}_@.])@([\p{L}\p{N}_][\p{L}\p{N}_.' -]{0,40})?$/u;

class Mentions {
  constructor(root) {
    this.root = root;
    this.text = document.getElementById(root.dataset.for);
    this.list = root.querySelector("[role=listbox]");
    this.says = root.querySelector("[data-mentions-say]");
    this.blind = root.querySelector("[data-mentions-blind]");
    this.form = this.text.form;
    this.text.setAttribute("aria-autocomplete", "list");
    this.text.addEventListener("input", (event) => event.isComposing || this.typed());
    this.text.addEventListener("compositionend", () => this.typed());
    this.text.addEventListener("keydown", (event) => this.key(event), true);
    this.text.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.form.addEventListener("change", (event) => event.target.name === "mode" && (this.close(), this.check()));
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.take(option);
    });
    this.check();
  }

  get noting() { return this.form.elements.mode?.value === "note"; }
  get options() { return [...this.list.children]; }
  get active() { return this.list.querySelector("[aria-selected=true]"); }

  // What is typed behind the last "@" before the cursor, or null.
  get piece() {
    const { selectionStart, selectionEnd, value } = this.text;
    if (selectionStart !== selectionEnd) return null;
    const found = TYPED.exec(value.slice(0, selectionStart));
    return found ? found[1] ?? "" : null;
  }

  typed() {
    clearTimeout(this.timer);
    this.asked?.abort();
    clearTimeout(this.calm);
    this.calm = setTimeout(() => this.check(), CALM);
    if (!this.noting || this.piece === null) return this.close();
    this.timer = setTimeout(() => this.ask(this.piece), PAUSE);
  }

  async fetch(name, value) {
    const url = new URL(this.root.dataset.mentions, location.href);
    url.searchParams.set(name, value);
    this.asked = new AbortController();
    const answer = await fetch(url, { signal: this.asked.signal, headers: { Accept: "application/json" }, redirect: "error" });
    return answer.ok ? answer.json() : {};
  }

  async ask(piece) {
    if (piece === null) return this.close();
    try {
      const { results = [] } = await this.fetch("q", piece);
      if (this.piece !== piece) return;
      this.show(results);
    } catch {
      this.close();
    }
  }

  show(results) {
    this.list.replaceChildren(...results.map((one, number) => this.option(one, number)));
    this.list.hidden = !results.length;
    this.says.textContent = results.length ? `${this.root.dataset.wordCount}: ${results.length}` : "";
    if (!results.length) return this.close();
    this.text.setAttribute("aria-controls", this.list.id);
    this.choose(this.options[0]);
  }

  option(one, number) {
    const option = document.createElement("li");
    option.id = `mention_${number}`;
    option.setAttribute("role", "option");
    option.dataset.insert = one.insert;
    const name = document.createElement("b");
    name.textContent = one.label;
    const about = document.createElement("small");
    about.textContent = [one.about, one.sees ? "" : this.root.dataset.wordBlind].filter(Boolean).join(" · ");
    option.append(name, about);
    return option;
  }

  choose(option) {
    for (const one of this.options) one.setAttribute("aria-selected", String(one === option));
    this.text.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    if (this.list.hidden || event.isComposing) return;
    const options = this.options;
    const at = options.indexOf(this.active);
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (event.code === "ArrowDown" || event.code === "ArrowUp") {
      const step = event.code === "ArrowDown" ? 1 : -1;
      this.choose(options[(at + step + options.length) % options.length]);
    } else if (plain && (event.code === "Enter" || event.code === "NumpadEnter" || event.code === "Tab")) this.take(this.active);
    else if (event.code === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  take(option) {
    const { selectionStart, value } = this.text;
    const start = selectionStart - this.piece.length;
    this.text.setRangeText(`${option.dataset.insert} `, start, selectionStart, "end");
    if (value[selectionStart] === " ") this.text.setRangeText("", this.text.selectionStart, this.text.selectionStart + 1, "end");
    this.close();
    this.text.focus();
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
    this.close();
    clearTimeout(this.timer);
    this.check();
  }

  close() {
    this.list.hidden = true;
    this.list.replaceChildren();
    this.says.textContent = "";
    this.text.removeAttribute("aria-controls");
    this.text.removeAttribute("aria-activedescendant");
  }

  // Who is named and does not see the case yet.
  async check() {
    const names = this.noting ? [...this.text.value.matchAll(/@[^\n@]{1,80}/gu)].map((found) => found[0]).join("\n").slice(0, 4000) : "";
    if (names === this.checked) return;
    this.checked = names;
    let said = "";
    if (names) {
      try {
        said = (await this.fetch("text", names)).blind ?? "";
      } catch {
        this.checked = undefined;
        return;
      }
    }
    this.blind.textContent = said;
    this.blind.hidden = !said;
  }
}

for (const root of document.querySelectorAll("[data-mentions]")) new Mentions(root);
