// Files are sent the moment they are chosen, dropped or pasted; the form carries only their tokens.
//   data-files="url"    the place in a form (complaints/_files_box.html); what it accepts stands in its data-* attributes
//   data-mode="reply"   its lists: the one of the chosen mode (name="mode") takes new files, a form without modes has one
//   data-chosen         a file that has arrived, with data-remove="url" on its cross
// A pasted picture without a name is called screenshot-2026-11-22-1.png. Sending waits for files on their way. After htmx
// has sent a composer its list is emptied.
const PARALLEL = 3;

class Chooser {
  constructor(box) {
    this.box = box;
    this.form = box.closest("form");
    this.input = box.querySelector("[type=file]");
    this.says = box.querySelector(".chooser__say");
    this.waiting = [];
    this.running = 0;
    box.classList.add("is-live");
    this.input.addEventListener("change", () => this.take([...this.input.files], () => { this.input.value = ""; }));
    box.addEventListener("click", (event) => this.clicked(event));
    this.form.addEventListener("paste", (event) => this.pasted(event));
    for (const kind of ["dragenter", "dragover"]) this.form.addEventListener(kind, (event) => this.over(event));
    this.form.addEventListener("dragleave", (event) => this.form.contains(event.relatedTarget) || this.form.classList.remove("is-target"));
    this.form.addEventListener("drop", (event) => this.dropped(event));
    this.form.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.elt === this.form) this.sending = this.list; });
    this.form.addEventListener("htmx:afterRequest", (event) => {
      if (event.detail.elt === this.form && event.detail.xhr?.status < 300) this.sending?.replaceChildren();
    });
  }

  get mode() { return this.form.querySelector("[name=mode]:checked")?.value ?? ""; }
  get list() { return this.box.querySelector(`[data-mode="${this.mode}"]`) ?? this.box.querySelector("[data-mode]"); }
  get busy() { return this.running > 0 || this.waiting.length > 0; }
  say(text) { this.says.textContent = text; }
  word(name) { return this.box.dataset[`word${name}`]; }

  over(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    this.form.classList.add("is-target");
  }

  dropped(event) {
    this.form.classList.remove("is-target");
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    this.take([...event.dataTransfer.files]);
  }

  pasted(event) {
    const data = event.clipboardData;
    if (!data?.files.length || data.types.includes("text/plain")) return; // words copied from a document bring a picture of themselves
    event.preventDefault();
    this.take([...data.files].map((file) => this.named(file)));
  }

  named(file) {
    if (file.name && !/^image\.\w+$/.test(file.name)) return file;
    const now = new Date();
    const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
    this.shots = (this.shots ?? 0) + 1;
    return new File([file], `screenshot-${day}-${this.shots}.${file.type.split("/")[1] || "png"}`, { type: file.type });
  }

  take(files, after) {
    this.say("");
    const list = this.list;
    for (const file of files) {
      const item = this.place(list, file);
      const wrong = this.refusal(list, file);
      if (wrong) this.failed(item, wrong, false);
      else this.waiting.push(item);
    }
    after?.();
    this.next();
  }

  refusal(list, file) {
    const limits = this.box.dataset;
    const others = [...list.children].filter((item) => !item.classList.contains("is-refused") && item.upload !== file);
    const total = others.reduce((sum, item) => sum + (item.upload?.size ?? Number(item.dataset.size ?? 0)), file.size);
    if (!file.size) return this.word("Empty");
    if (file.size > Number(limits.each)) return this.word("Large");
    if (others.length >= Number(limits.count)) return this.word("Many");
    return total > Number(limits.total) ? this.word("Total") : "";
  }

  place(list, file) {
    const item = this.box.querySelector("[data-coming]").content.firstElementChild.cloneNode(true);
    item.querySelector("bdi").textContent = file.name;
    item.upload = file;
    list.append(item);
    return item;
  }

  next() {
    while (this.running < PARALLEL && this.waiting.length) this.send(this.waiting.shift());
    if (!this.busy && this.held) {
      const { submitter } = this.held;
      this.held = null;
      this.say("");
      const wrong = this.list.querySelector(".is-failed");
      if (wrong) wrong.querySelector("button:not([hidden])").focus();
      else this.form.requestSubmit(submitter);
    }
  }

  send(item) {
    const bar = item.querySelector("progress");
    const data = new FormData();
    data.append("mode", item.closest("[data-mode]").dataset.mode);
    data.append("file", item.upload, item.upload.name);
    const request = new XMLHttpRequest(); // fetch tells nothing of what has been sent
    item.request = request;
    this.running += 1;
    item.classList.remove("is-failed");
    request.open("POST", this.box.dataset.files);
    request.setRequestHeader("X-CSRFToken", this.form.querySelector("[name=csrfmiddlewaretoken]").value);
    request.setRequestHeader("Accept", "text/html");
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total; });
    request.addEventListener("loadend", () => {
      this.running -= 1;
      if (item.isConnected) this.answered(item, request);
      this.next();
    });
    request.send(data);
  }

  answered(item, request) {
    if (request.status === 201) {
      const fresh = document.createRange().createContextualFragment(request.responseText);
      const focused = item.contains(document.activeElement);
      const chosen = fresh.querySelector("[data-chosen]");
      item.replaceWith(fresh);
      if (focused) chosen.querySelector("[data-remove]").focus();
      this.form.dispatchEvent(new Event("change", { bubbles: true }));
    } else {
      const words = request.getResponseHeader("Content-Type")?.startsWith("text/plain") ? request.responseText : "";
      this.failed(item, words || this.word("Lost"), !words || request.status === 429);
    }
  }

  failed(item, words, again) {
    item.classList.add("is-failed");
    item.classList.toggle("is-refused", !again);
    item.querySelector(".chosen__why").textContent = words;
    item.querySelector(".chosen__retry").hidden = !again;
  }

  clicked(event) {
    const item = event.target.closest(".chosen");
    if (!item) return;
    if (event.target.closest(".chosen__retry")) {
      item.querySelector(".chosen__why").textContent = "";
      item.querySelector(".chosen__retry").hidden = true;
      item.querySelector("progress").value = 0;
      item.classList.remove("is-failed");
      this.waiting.push(item);
      this.next();
    } else if (event.target.closest(".chosen__remove")) {
      this.remove(item, event.target.closest(".chosen__remove").dataset.remove);
    }
  }

  remove(item, url) {
    const token = this.form.querySelector("[name=csrfmiddlewaretoken]").value;
    this.waiting = this.waiting.filter((one) => one !== item);
    const neighbour = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector(".chosen__remove");
    item.remove();
    item.request?.abort();
    if (url) fetch(url, { method: "POST", headers: { "X-CSRFToken": token }, keepalive: true }).catch(() => {}); // forgotten ones are swept
    (neighbour ?? this.input).focus();
    this.form.dispatchEvent(new Event("change", { bubbles: true }));
  }

  hold(event) {
    if (!this.busy) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.held = { submitter: event.submitter };
    this.say(this.word("Wait"));
  }
}

const known = new WeakMap(); // by form
function start(root) {
  for (const box of root.querySelectorAll("[data-files]:not(.is-live)")) {
    const chooser = new Chooser(box);
    known.set(chooser.form, chooser);
  }
}

start(document);
document.addEventListener("htmx:load", (event) => start(event.detail.elt)); // what htmx brought later
// On the window, so before whoever guards against double clicks counts it as sent.
window.addEventListener("submit", (event) => known.get(event.target)?.hold(event), true);
