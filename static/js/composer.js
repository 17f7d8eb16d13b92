// The composer: reply and note are two drafts in one box, kept on this machine as they are typed and on the server soon after.
//   data-composer="AM-..."  the case; data-user the person: drafts are kept per user, case and mode
//   data-drafts             what the server keeps, by mode: {body, fields, revision, when}; data-drafts-url: where ("MODE" in it)
//   data-typed              the text in the box came back with a refusal: it is newer than any draft
//   name="mode"             radios reply and note; name="body" the text; [data-keep] what else belongs to a draft
//   name="seen"             the newest message known when the text was begun (#newest in the timeline)
//   .composer__saved        says what became of the draft (data-word-saved, data-word-here, data-word-back)
// Each mode has its own submit buttons, whose formaction is the door; only those of the chosen mode are enabled, and the
// request goes where they say, so that a note can never leave as a reply. Ctrl+Enter (or Meta) presses the first one of them. A
// draft is cleared once the server took it: at once with htmx, else when the next page comes back without the text. Another
// device's text is never overwritten unseen: the server refuses (409), and both are offered (template[data-draft-other]).
// Events: "composer:back" {body, fields, revision} puts a message that was taken back into the box; "composer:typing" is sent
// while somebody writes.
const PAUSE = 400;
const SERVER = 1200; // ms; at most LONGEST behind the first key
const LONGEST = 1700;
const AGAIN = 5000;

function store(action, ...values) {
  try {
    return localStorage[action](...values);
  } catch {
    return null; // storage is off or full: the text is still in the box
  }
}

function parse(text) {
  try {
    const found = JSON.parse(text);
    return found && typeof found === "object" && typeof found.body === "string" ? found : { body: text };
  } catch {
    return { body: text };
  }
}

function device() {
  let name = null;
  try {
    name = sessionStorage.getItem("amends:device");
    if (!name) sessionStorage.setItem("amends:device", (name = crypto.randomUUID().slice(0, 18)));
  } catch { /* without storage every page is a device of its own */ }
  return name ?? "page";
}

// One draft: what is typed (`body`, `fields`), and what the server is known to have (`synced`, `revision`).
class Draft {
  constructor(key, url, token) {
    this.key = key;
    this.url = url;
    this.token = token;
    this.body = this.synced = "";
    this.fields = this.syncedFields = {};
    this.revision = 0;
  }

  get dirty() { return this.body !== this.synced || JSON.stringify(this.fields) !== JSON.stringify(this.syncedFields); }
  get empty() { return !this.body.trim() && !Object.entries(this.fields).some(([name, value]) => name !== "seen" && (Array.isArray(value) ? value.length : value)); }

  read() {
    const text = store("getItem", this.key);
    return text === null ? null : parse(text);
  }

  write() {
    const { body, fields, revision, synced } = this;
    if (this.empty) store("removeItem", this.key);
    else store("setItem", this.key, JSON.stringify({ body, fields, revision, synced }));
  }

  take({ body = "", fields = {}, revision = 0 }, synced) {
    Object.assign(this, { body, fields, revision });
    if (synced) Object.assign(this, { synced: body, syncedFields: fields });
  }

  // While it is being sent nothing is saved: a save that comes behind would bring back what has just left.
  hold() {
    clearTimeout(this.timer);
    this.held = true;
    this.before = this.flying;
  }

  release() {
    this.held = false;
    this.before = null;
  }

  forget() {
    const late = this.before; // one that was on its way already may have come behind
    store("removeItem", this.key);
    this.release();
    this.take({}, true);
    late?.then((answer) => { if (answer?.revision && this.empty) this.post("", {}, answer.revision); });
  }

  data(body, fields, revision) {
    const form = new FormData();
    for (const [name, value] of Object.entries({ body, fields: JSON.stringify(fields), revision, device: device(), csrfmiddlewaretoken: this.token() })) form.append(name, value);
    return form;
  }

  post(body, fields, revision) {
    return fetch(this.url, { method: "POST", body: this.data(body, fields, revision), headers: { Accept: "application/json" }, redirect: "manual" })
      .then(async (answer) => (answer.status === 200 || answer.status === 409 ? { ...(await answer.json()), status: answer.status } : { status: answer.status || 500 }))
      .catch(() => ({ status: 0 }));
  }

  // Saves soon, and again while typing goes on; `done(answer)` is told what became of it.
  soon(done) {
    if (!this.dirty || this.quarrel || this.held) return;
    const now = performance.now();
    this.since ??= now;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(done), Math.max(0, Math.min(SERVER, LONGEST - (now - this.since))));
  }

  async save(done) {
    if (this.flying || this.held) return; // looked at again when it is back
    const { body, fields, revision } = this;
    this.since = undefined;
    this.flying = this.post(body, fields, revision);
    const answer = await this.flying;
    this.flying = null;
    if (answer.status === 200) Object.assign(this, { revision: answer.revision, synced: body, syncedFields: fields });
    if (this.held) return; // what became of the message decides
    if (answer.status === 200 && !this.empty) this.write();
    if (answer.status === 0 || answer.status >= 500) setTimeout(() => this.soon(done), AGAIN);
    done(answer);
    if (answer.status === 200) this.soon(done);
  }

  last() {
    if (this.dirty && !this.quarrel && !this.held) navigator.sendBeacon?.(this.url, this.data(this.body, this.fields, this.revision));
  }
}

class Composer {
  constructor(form) {
    this.form = form;
    this.body = form.elements.namedItem("body");
    this.says = form.querySelector(".composer__saved");
    this.drafts = {};
    for (const mode of ["reply", "note"]) {
      const key = `amends:draft:${form.dataset.user}:${form.dataset.composer}:${mode}`;
      const url = (form.dataset.draftsUrl ?? "").replace("MODE", mode);
      this.drafts[mode] = new Draft(key, url, () => form.querySelector("[name=csrfmiddlewaretoken]").value);
    }
    this.kept = JSON.parse(form.dataset.drafts || "{}");
    this.current = this.mode;
    for (const mode of ["reply", "note"]) this.settle(mode);
    if (!("typed" in form.dataset)) this.show(this.draft.empty ? "" : "wordBack");
    form.addEventListener("input", (event) => (event.target === this.body || event.target.matches("[data-keep]")) && this.typing());
    form.addEventListener("change", (event) => (event.target.name === "mode" ? this.turn() : event.target.matches("[data-keep]") && this.typing()));
    form.addEventListener("keydown", (event) => this.hotkey(event));
    form.addEventListener("click", (event) => this.clicked(event));
    form.addEventListener("submit", () => {
      this.keep();
      this.draft.hold();
    });
    form.addEventListener("htmx:configRequest", (event) => {
      if (event.detail.elt === form) event.detail.path = this.button.getAttribute("formaction");
    });
    this.arm();
    this.modes = form.querySelector("#composer_modes");
    new MutationObserver(() => this.renewed()).observe(form.querySelector(".composer__box"), { childList: true });
    form.addEventListener("htmx:afterRequest", (event) => event.detail.elt === form && this.after(event.detail.xhr?.status));
    window.addEventListener("pageshow", (event) => event.persisted && this.draft.release());
    document.addEventListener("composer:back", (event) => this.back(event.detail));
    window.addEventListener("online", () => this.draft.soon((answer) => this.saved(answer)));
    window.addEventListener("pagehide", () => {
      this.keep();
      for (const draft of Object.values(this.drafts)) draft.last();
    });
  }

  get mode() { return this.form.querySelector("[name=mode]:checked")?.value ?? "reply"; }
  get draft() { return this.drafts[this.current]; }
  get button() { return this.form.querySelector(`.composer__${this.mode}-only[type=submit]:not([data-anyway])`); }
  get seen() { return this.form.querySelector("[name=seen]"); }
  arm() { for (const button of this.form.querySelectorAll("[type=submit][formaction]")) button.disabled = /composer__(reply|note)-only/.test(button.className) && !button.classList.contains(`composer__${this.mode}-only`); }
  say(word) { if (this.says) this.says.textContent = word ? this.says.dataset[word] : ""; }

  // What else belongs to the draft of the mode: a note has only its text.
  get fields() {
    if (this.current !== "reply") return {};
    const found = { seen: this.seen?.value ?? "" };
    for (const one of this.form.querySelectorAll("[data-keep]")) {
      if (one.type !== "checkbox") found[one.name] = one.value;
      else if (one.value === "on") found[one.name] = one.checked;
      else (found[one.name] ??= []).push(...(one.checked ? [one.value] : []));
    }
    return found;
  }

  put(fields) {
    if (this.current !== "reply") return;
    for (const one of this.form.querySelectorAll("[data-keep]")) {
      const value = fields[one.name];
      if (one.type !== "checkbox") one.value = value ?? "";
      else one.checked = Array.isArray(value) ? value.includes(one.value) : Boolean(value);
      if (one.value && one.type !== "checkbox") one.closest("details:not(.menu)")?.setAttribute("open", "");
    }
    const newest = document.getElementById("newest")?.value;
    if (this.seen) this.seen.value = fields.seen || newest || this.seen.value;
  }

  // After a page load: this machine's text, the server's, or both when neither has seen the other.
  settle(mode) {
    const draft = this.drafts[mode];
    const kept = this.kept[mode];
    let local = draft.read();
    const sending = sessionStorage.getItem(`${draft.key}:sending`);
    sessionStorage.removeItem(`${draft.key}:sending`);
    if (local && !kept && (sending === local.body || (local.revision && local.body === local.synced))) local = null; // it was sent
    if (kept) draft.take(kept, true);
    if (mode === this.current && "typed" in this.form.dataset) {
      draft.body = this.body.value;
      draft.fields = this.fields;
      draft.write();
      draft.soon((answer) => this.saved(answer, draft));
      return;
    }
    const unsaved = local && local.body.trim() && local.body !== local.synced && local.body !== kept?.body;
    if (unsaved) {
      Object.assign(draft, { body: local.body, fields: local.fields ?? {}, revision: local.revision ?? 0 });
      if (kept && kept.revision !== local.revision) this.quarrel(draft, kept);
      else draft.soon((answer) => this.saved(answer, draft));
    }
    draft.write();
  }

  show(word = "") {
    this.body.value = this.draft.body;
    this.put(this.draft.fields);
    this.say(word);
    if (this.draft.quarrel) this.offer();
  }

  typing() {
    if (this.draft.empty && this.seen) this.seen.value = document.getElementById("newest")?.value ?? this.seen.value;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), PAUSE);
    this.read();
    this.draft.soon((answer) => this.saved(answer));
    document.dispatchEvent(new CustomEvent("composer:typing", { detail: { writing: Boolean(this.body.value.trim()) } }));
  }

  read() {
    this.draft.body = this.body.value;
    this.draft.fields = this.fields;
  }

  keep() {
    clearTimeout(this.timer);
    this.read();
    this.draft.write();
    if (this.draft.dirty) this.say(this.draft.empty ? "" : "wordHere");
  }

  saved(answer, draft = this.draft) {
    if (answer.status === 409) this.quarrel(draft, answer);
    else if (answer.status === 200 && draft === this.draft && !draft.dirty) this.say(draft.empty ? "" : "wordSaved");
  }

  quarrel(draft, other) {
    draft.quarrel = other;
    if (draft === this.draft) this.offer();
  }

  offer() {
    const other = this.draft.quarrel;
    const place = this.form.querySelector("[data-draft-place]");
    place.replaceChildren(this.form.querySelector("template[data-draft-other]").content.cloneNode(true));
    place.querySelector("[data-when]").textContent = other.when ?? "";
    place.querySelector("[data-text]").textContent = other.body;
  }

  agree(text, fields) {
    const draft = this.draft;
    const other = draft.quarrel;
    draft.quarrel = null;
    this.form.querySelector("[data-draft-place]").replaceChildren();
    draft.take(other, true);
    draft.body = text;
    draft.fields = fields;
    draft.write();
    this.show();
    draft.soon((answer) => this.saved(answer));
    this.body.focus();
  }

  clicked(event) {
    const pressed = event.target.closest("button");
    const other = this.draft.quarrel;
    if (!pressed) return;
    if (pressed.matches("[data-use-other]")) this.agree(other.body, other.fields ?? {});
    else if (pressed.matches("[data-keep-mine]")) this.agree(this.body.value, this.fields);
    else if (pressed.matches("[data-keep-both]")) this.agree(`${this.body.value}\n\n${other.body}`, this.fields);
    else if (pressed.matches("[data-keep-draft]")) {
      event.preventDefault();
      this.keep();
      this.draft.soon((answer) => this.saved(answer));
      document.getElementById("composer_errors")?.replaceChildren();
      this.body.focus();
    }
  }

  turn() {
    this.keep();
    this.draft.soon(() => {});
    this.form.querySelector("[data-draft-place]")?.replaceChildren();
    this.current = this.mode;
    this.arm();
    this.show(this.draft.empty ? "" : "wordBack");
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

  after(status) {
    if (status >= 200 && status < 300) {
      this.sent();
      return;
    }
    this.draft.release();
    this.keep();
    this.draft.soon((answer) => this.saved(answer));
  }

  sent() {
    this.draft.forget();
    sessionStorage.removeItem(`${this.draft.key}:sending`);
    this.body.value = "";
    this.put({});
    for (const menu of this.form.querySelectorAll("details[open]")) menu.open = false;
    this.say("");
    document.getElementById("composer_errors")?.replaceChildren();
    document.dispatchEvent(new CustomEvent("composer:typing", { detail: { writing: false } }));
  }

  // A message was taken back: its text stands first, what was typed meanwhile behind it.
  back({ body, fields, revision }) {
    const reply = this.form.querySelector("[name=mode][value=reply]:not(:disabled)");
    if (this.current !== "reply" && reply) {
      reply.checked = true;
      this.turn();
    }
    const typed = this.body.value.trim() ? `${body}\n\n${this.body.value}` : body;
    this.draft.take({ body: typed, fields: { ...this.fields, ...fields }, revision }, false);
    this.draft.synced = "";
    this.show("wordBack");
    this.draft.write();
    this.draft.soon((answer) => this.saved(answer));
    this.body.focus();
    this.body.setSelectionRange(body.length, body.length);
  }

  hotkey(event) {
    const modified = event.ctrlKey || event.metaKey;
    if (event.code === "KeyZ" && modified && !event.shiftKey && event.target === this.body && !this.body.value) {
      const button = document.querySelector("[data-take-back]");
      if (button) {
        event.preventDefault();
        button.click();
      }
      return;
    }
    if (event.key !== "Enter" || event.isComposing) return;
    if (modified) {
      event.preventDefault();
      ((event.shiftKey && this.form.querySelector("button[name=next]:enabled")) || this.button).click();
    } else if (event.target.matches("input:not([type=checkbox], [type=radio], [type=file])")) event.preventDefault(); // sends nothing by accident
  }
}

for (const form of document.querySelectorAll("[data-composer]")) {
  const composer = new Composer(form);
  form.addEventListener("submit", () => {
    if (!form.matches("[hx-post]") || !window.htmx) sessionStorage.setItem(`${composer.draft.key}:sending`, composer.body.value);
  });
}
