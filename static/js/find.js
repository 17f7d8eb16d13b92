// Find as you type: an ARIA combobox over a fragment of options (templates/customers/_options.html).
//   data-find               the wrapper: an <input> and a <ul role="listbox">
//   data-find-url           asked with ?q=; answers <li role="option" id data-value data-label ...>
//   data-find-into          id of the field that takes data-value (emptied when the reader types on)
//   data-find-fill          ids of fields filled from data-<id> of the option
//   data-find-say           a status line: data-word-count "Customers found", data-word-none
const PAUSE = 180;
const LEAST = 2;

class Find {
  constructor(root) {
    this.root = root;
    this.input = root.querySelector("input");
    this.list = root.querySelector("[role=listbox]");
    this.says = root.querySelector("[data-find-say]");
    this.into = document.getElementById(root.dataset.findInto);
    const set = (name, value) => this.input.setAttribute(name, value);
    set("role", "combobox");
    set("autocomplete", "off");
    set("aria-autocomplete", "list");
    set("aria-expanded", "false");
    set("aria-controls", this.list.id);
    this.input.addEventListener("input", (event) => event.isComposing || this.typed());
    this.input.addEventListener("compositionend", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => setTimeout(() => this.close(), 120));
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.choose(option);
    });
  }

  get options() { return [...this.list.querySelectorAll("[role=option]")]; }
  get active() { return this.list.querySelector("[aria-selected=true]"); }

  typed() {
    if (this.into) this.into.value = "";
    clearTimeout(this.timer);
    this.asked?.abort();
    const text = this.input.value.trim();
    if (text.length < LEAST) return this.close();
    this.timer = setTimeout(() => this.ask(text), PAUSE);
  }

  async ask(text) {
    this.asked = new AbortController();
    const url = new URL(this.root.dataset.findUrl, location.href);
    url.searchParams.set("q", text);
    try {
      const answer = await fetch(url, { signal: this.asked.signal, headers: { Accept: "text/html", "HX-Request": "true" }, redirect: "error" });
      if (!answer.ok) return this.close();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      this.list.replaceChildren(...[...page.querySelectorAll("[role=option]")].map((one) => document.importNode(one, true)));
      this.open();
    } catch {
      this.close(); // overtaken by the next letter, or not connected: typing on still works
    }
  }

  open() {
    const found = this.options.length;
    this.list.hidden = !found;
    this.input.setAttribute("aria-expanded", String(found > 0));
    this.input.removeAttribute("aria-activedescendant");
    if (this.says) this.says.textContent = found ? `${this.root.dataset.wordCount}: ${found}` : this.root.dataset.wordNone ?? "";
  }

  close() {
    this.list.hidden = true;
    this.list.replaceChildren();
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  move(step) {
    const options = this.options;
    if (!options.length) return;
    const at = options.indexOf(this.active);
    const next = options.at(at < 0 ? (step > 0 ? 0 : -1) : (at + step + options.length) % options.length);
    for (const one of options) one.setAttribute("aria-selected", String(one === next));
    this.input.setAttribute("aria-activedescendant", next.id);
    next.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    if (event.isComposing || this.list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") this.move(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter" && this.active) this.choose(this.active);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  choose(option) {
    this.input.value = option.dataset.label;
    if (this.into) this.into.value = option.dataset.value;
    for (const id of (this.root.dataset.findFill ?? "").split(" ").filter(Boolean)) {
      const field = document.getElementById(id);
      if (field) field.value = option.getAttribute(`data-${id}`) ?? "";
    }
    if (this.says) this.says.textContent = option.textContent.trim().replace(/\s+/g, " ");
    this.close();
  }
}

const known = new WeakSet();

function start(scope) {
  for (const root of scope.querySelectorAll("[data-find]")) {
    if (known.has(root)) continue;
    known.add(root);
    new Find(root);
  }
}

start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt)); // what htmx brought later
