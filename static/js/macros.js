// Macros in the composer ([data-composer], see composer.js): a picker over the case, and nothing unfinished is sent.
//   a[data-macros]           its address answers the picker (templates/complaints/_macro_picker.html); without JavaScript a page
//   [data-macro-version]     hidden field: the version whose text stands in the box; [data-macro-called]: its name. Both belong to the draft.
//   [data-macro-badge]       says so until it was sent; [data-macro-off] takes it away, the text stays
//   [data-macro-says]        a status line (data-word-variable, data-word-personal)
// In the picker: type to find, up and down choose, Enter puts the text in, Escape closes. In the box: the cursor stands on the
// first open place, {{ order_number }} or [[ what you found ]]; Tab goes to the next while there is one.
// Braces and brackets count in a text that began with a macro; in others they are the writer's own, and the server looks for our
// names in braces.
const OPEN = /\{\{[^{}\n]{0,200}\}\}|\[\[[^[\]]{0,1000}\]\]/g;

function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

class Picker {
  constructor(dialog, use) {
    this.dialog = dialog;
    this.use = use;
    this.input = dialog.querySelector("[role=combobox]");
    this.look = dialog.querySelector("#macros_look");
    this.none = dialog.querySelector(".macros__none");
    this.all = [...dialog.querySelectorAll("[role=option]")];
    for (const one of this.all) one.found = plain(one.dataset.words);
    this.input.addEventListener("input", () => this.filter());
    this.input.addEventListener("keydown", (event) => this.key(event));
    dialog.querySelector("[role=listbox]").addEventListener("click", (event) => this.choose(event.target.closest("[role=option]")));
    dialog.querySelector("[role=listbox]").addEventListener("dblclick", () => this.take());
    this.look.addEventListener("click", (event) => {
      if (!event.target.closest("[data-macro-insert]")) return;
      event.preventDefault();
      this.take();
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    this.choose(this.all[0]);
  }

  get shown() { return this.all.filter((one) => !one.hidden); }

  filter() {
    const words = plain(this.input.value).split(/\s+/).filter(Boolean);
    for (const one of this.all) one.hidden = !words.every((word) => one.found.includes(word));
    for (const group of this.dialog.querySelectorAll("[role=group]")) group.hidden = !group.querySelector("[role=option]:not([hidden])");
    this.none.hidden = this.shown.length > 0;
    this.choose(this.shown[0]);
  }

  choose(option) {
    for (const one of this.all) one.setAttribute("aria-selected", String(one === option));
    this.chosen = option ?? null;
    this.look.replaceChildren();
    if (!option) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
    const template = this.dialog.querySelector(`template[data-look="${CSS.escape(option.dataset.macro)}"]`);
    this.look.append(template.content.cloneNode(true));
    this.look.scrollTop = 0;
  }

  key(event) {
    if (event.isComposing) return;
    const shown = this.shown;
    const at = shown.indexOf(this.chosen);
    if (event.key === "ArrowDown") this.choose(shown[(at + 1) % shown.length]);
    else if (event.key === "ArrowUp") this.choose(shown.at(at < 1 ? -1 : at - 1));
    else if (event.key === "Enter") this.take();
    else return;
    event.preventDefault();
  }

  take() {
    if (!this.chosen) return;
    const text = this.look.querySelector("[data-macro-text]");
    const form = this.look.querySelector("form");
    if (!text && form) return form.requestSubmit();
    const option = this.chosen;
    this.dialog.close();
    this.use(option.dataset, text.textContent);
  }
}

class Macros {
  constructor(form) {
    this.form = form;
    this.body = form.elements.namedItem("body");
    this.opener = form.querySelector("[data-macros]");
    this.version = form.querySelector("[data-macro-version]");
    this.called = form.querySelector("[data-macro-called]");
    this.badge = form.querySelector("[data-macro-badge]");
    this.says = form.querySelector("[data-macro-says]");
    this.opener.setAttribute("role", "button");
    this.opener.addEventListener("click", (event) => this.open(event));
    form.querySelector("[data-macro-off]").addEventListener("click", () => this.off());
    this.body.addEventListener("keydown", (event) => this.tab(event));
    form.addEventListener("change", (event) => event.target.name === "mode" && this.turn());
    document.addEventListener("composer:back", () => this.show());
    document.addEventListener("submit", (event) => event.target === form && this.guard(event), true);
    form.addEventListener("htmx:afterRequest", (event) => event.detail.elt === form && event.detail.xhr?.status < 300 && this.clear());
    this.show(); // what the page or a draft (composer.js) brought
    if (this.version.value && this.body.value) this.goto(0);
  }

  // Each mode has its own text; only the reply's draft remembers where it came from.
  turn() {
    if (this.note) this.clear();
    else this.show();
  }

  show(steps) {
    this.badge.hidden = !this.version.value;
    this.badge.querySelector("[data-macro-name]").textContent = this.called.value;
    const then = this.badge.querySelector("[data-macro-then]");
    if (steps !== undefined) then.textContent = steps ? `${then.dataset.word} ${steps}` : "";
  }

  async open(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (this.asking || document.getElementById("macros")) return;
    this.asking = true;
    try {
      const answer = await fetch(this.opener.href, { headers: { Accept: "text/html", "HX-Request": "true" }, redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const dialog = document.importNode(page.getElementById("macros"), true);
      document.body.append(dialog);
      new Picker(dialog, (chosen, text) => this.insert(chosen, text));
      dialog.showModal();
      dialog.querySelector("[role=combobox]").focus();
    } catch {
      location.href = this.opener.href; // signed out, or not connected: the page says what is the matter
    } finally {
      this.asking = false;
    }
  }

  // The text goes where the cursor stands, in the mode it is meant for.
  insert(chosen, text) {
    const mode = this.form.querySelector(`[name=mode][value="${chosen.purpose === "note" ? "note" : "reply"}"]`);
    if (mode && !mode.checked && !mode.disabled) {
      mode.checked = true;
      mode.dispatchEvent(new Event("change", { bubbles: true }));
    }
    const body = this.body;
    const before = body.value.slice(0, body.selectionStart).trimEnd();
    const after = body.value.slice(body.selectionEnd).trimStart();
    body.value = [before, text, after].filter(Boolean).join("\n\n");
    this.version.value = chosen.macro;
    this.called.value = chosen.name;
    this.show(chosen.steps);
    for (const act of chosen.acts.split(" ").filter(Boolean)) {
      const box = this.form.querySelector(`input[type=checkbox][name="${act}"]`);
      if (!box || box.checked) continue;
      box.checked = true;
      box.dispatchEvent(new Event("change", { bubbles: true }));
    }
    body.dispatchEvent(new Event("input", { bubbles: true }));
    body.focus();
    const start = before ? before.length + 2 : 0;
    if (!this.goto(start)) body.setSelectionRange(start + text.length, start + text.length);
  }

  places() { return this.version.value ? [...this.body.value.matchAll(OPEN)] : []; }

  // Select the first open place from `at` on; says whether there is one.
  goto(at) {
    const place = this.places().find((one) => one.index >= at);
    if (!place) return false;
    this.body.focus();
    this.body.setSelectionRange(place.index, place.index + place[0].length);
    return true;
  }

  tab(event) {
    if (event.key !== "Tab" || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (this.goto(this.body.selectionEnd)) event.preventDefault();
  }

  get note() { return this.form.querySelector("[name=mode]:checked")?.value === "note"; }

  // The server refuses it too; here the cursor already stands where something is to be written.
  guard(event) {
    const [place] = this.places();
    if (!place) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.form.dispatchEvent(new CustomEvent("submit-refused", { bubbles: true }));
    this.goto(0);
    const said = place[0].startsWith("{{") ? this.says.dataset.wordVariable : this.says.dataset.wordPersonal;
    this.says.textContent = "";
    requestAnimationFrame(() => (this.says.textContent = said));
    document.dispatchEvent(new CustomEvent("toast", { detail: { text: said } }));
  }

  off() {
    this.clear();
    this.version.dispatchEvent(new Event("input", { bubbles: true })); // the draft forgets it too
    this.body.focus();
  }

  clear() {
    this.version.value = this.called.value = "";
    this.show("");
    this.says.textContent = "";
  }
}

for (const form of document.querySelectorAll("[data-composer]")) if (form.querySelector("[data-macros]")) new Macros(form);
