// The composer: reply and note are two drafts in one box, kept on this machine as they are typed.
//   data-composer="AM-..."  the case; data-user the person: drafts are kept per user, case and mode
//   name="mode"             radios reply and note; name="body" the text
//   .composer__saved        says what became of the draft (data-word-saved, data-word-back)
// Each mode has its own submit button, whose formaction is the door; only the button of the chosen mode is enabled, and
// the request goes where it says, so that a note can never leave as a reply. Ctrl+Enter (or Meta) presses it. A draft is
// cleared once the server took it: at once with htmx, else when the next page comes back without the text. When replying
// becomes possible or impossible, the server sends the modes anew (#composer_modes).
const PAUSE = 400;

function store(action, ...values) {
  try {
    return localStorage[action](...values);
  } catch {
    return null; // storage is off or full: the text is still in the box
  }
}

class Composer {
  constructor(form) {
    this.form = form;
    this.body = form.elements.namedItem("body");
    this.says = form.querySelector(".composer__saved");
    this.current = this.mode;
    if (this.body.value) this.keep();
    else this.settle();
    form.addEventListener("input", (event) => event.target === this.body && this.soon());
    form.addEventListener("change", (event) => event.target.name === "mode" && this.turn());
    form.addEventListener("keydown", (event) => this.hotkey(event));
    form.addEventListener("submit", () => this.keep());
    form.addEventListener("htmx:configRequest", (event) => {
      if (event.detail.elt === form) event.detail.path = this.button.getAttribute("formaction");
    });
    this.arm();
    this.modes = form.querySelector("#composer_modes");
    new MutationObserver(() => this.renewed()).observe(form.querySelector(".composer__box"), { childList: true });
    form.addEventListener("htmx:afterRequest", (event) => event.detail.elt === form && event.detail.xhr?.status < 300 && this.sent());
    window.addEventListener("pagehide", () => this.keep());
  }

  get mode() { return this.form.querySelector("[name=mode]:checked")?.value ?? "reply"; }
  key(mode = this.current) { return `amends:draft:${this.form.dataset.user}:${this.form.dataset.composer}:${mode}`; }
  get button() { return this.form.querySelector(`.composer__${this.mode}-only[type=submit]`); }
  arm() { for (const button of this.form.querySelectorAll("[type=submit]")) button.disabled = button !== this.button; }
  say(word) { if (this.says) this.says.textContent = word ? this.says.dataset[word] : ""; }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), PAUSE);
  }

  keep() {
    clearTimeout(this.timer);
    if (this.body.value.trim()) {
      store("setItem", this.key(), this.body.value);
      this.say("wordSaved");
    } else {
      store("removeItem", this.key());
      this.say("");
    }
  }

  restore() {
    const draft = store("getItem", this.key());
    this.body.value = draft ?? "";
    this.say(draft ? "wordBack" : "");
  }

  // After a page load: the text that was being sent is gone from the box, so the server took it; else bring the draft back.
  settle() {
    const sending = `${this.key()}:sending`;
    if (sessionStorage.getItem(sending) !== null && sessionStorage.getItem(sending) === store("getItem", this.key())) store("removeItem", this.key());
    sessionStorage.removeItem(sending);
    this.restore();
  }

  turn() {
    this.keep();
    this.current = this.mode;
    this.arm();
    this.restore();
  }

  // The server changed what can be done: the mode stays where that is possible, and no text changes its mode.
  renewed() {
    const modes = this.form.querySelector("#composer_modes");
    if (!modes || modes === this.modes) return;
    this.modes = modes;
    const same = modes.querySelector(`[name=mode][value=${this.current}]:not(:disabled)`);
    if (same) same.checked = true;
    if (this.mode === this.current) this.arm();
    else this.turn();
  }

  sent() {
    store("removeItem", this.key());
    sessionStorage.removeItem(`${this.key()}:sending`);
    this.body.value = "";
    for (const text of this.form.querySelectorAll("[name=texts]")) text.checked = false;
    this.say("");
    document.getElementById("composer_errors")?.replaceChildren();
  }

  hotkey(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    this.button.click();
  }
}

for (const form of document.querySelectorAll("[data-composer]")) {
  const composer = new Composer(form);
  form.addEventListener("submit", () => {
    if (!form.matches("[hx-post]") || !window.htmx) sessionStorage.setItem(`${composer.key()}:sending`, composer.body.value);
  });
}
