// Keeps a region up to date by polling, without moving cursor, focus, scroll, selection or an open form.
//   data-live="name"       the region, which also has an id; the answer is HTML with an element of the same id
//   data-live-url          asked every 5 s (data-live-every) with ?since=<data-live-since>; 204 = nothing changed
//   data-live-since        ISO instant of what is shown; the answer's element carries the next one
//   data-live-words        announced with the number of changed items: "Rows changed: 2"
//   data-item              on each item: its stable key
//   data-live-lost         inside the region: shown while the server cannot be reached
//   data-live-show="name"  a button elsewhere: shown with the number when a change waits because the reader is busy here
// The tab asks nothing while it is hidden and at once when it comes back.
const EVERY = 5;
const LONGEST = 60;

function items(root) {
  return new Map([...root.querySelectorAll("[data-item]")].map((one) => [one.dataset.item, one]));
}

// What an item says, without its clocks: they count by themselves.
function words(item) {
  const copy = item.cloneNode(true);
  for (const clock of copy.querySelectorAll(".sla, .clocks, .countdown")) clock.remove();
  return copy.textContent.replace(/\s+/g, " ").trim();
}

function scrollerOf(region) {
  return region.closest(".talk__scroll, .strip") ?? document.scrollingElement;
}

class Live {
  constructor(region) {
    this.id = region.id;
    this.every = Number(region.dataset.liveEvery) || EVERY;
    this.wait = this.every;
    this.waiting = null;
    this.button?.addEventListener("click", () => this.apply(true));
    this.later();
  }

  get region() { return document.getElementById(this.id); }
  get button() { return document.querySelector(`[data-live-show="${this.region?.dataset.live}"]`); }

  later() {
    clearTimeout(this.timer);
    if (!document.hidden) this.timer = setTimeout(() => this.ask(), this.wait * 1000);
  }

  async ask() {
    const region = this.region;
    if (!region?.dataset.liveUrl) return;
    const url = new URL(region.dataset.liveUrl, location.href);
    url.searchParams.set("since", region.dataset.liveSince ?? "");
    try {
      const answer = await fetch(url, { headers: { "X-Requested-With": "live", Accept: "text/html" }, redirect: "manual" });
      if (answer.status === 200) this.take(await answer.text());
      else if (answer.status !== 204) throw new Error(String(answer.status));
      this.lost(false);
      this.wait = this.every;
    } catch {
      this.lost(true);
      this.wait = Math.min(LONGEST, this.wait * 2);
    }
    this.later();
  }

  lost(is) {
    const notice = this.region?.querySelector("[data-live-lost]");
    if (notice) notice.hidden = !is;
  }

  take(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById(this.id);
    if (!fresh) return;
    this.waiting = fresh;
    this.apply(false);
  }

  busy() {
    const region = this.region;
    const chosen = document.getSelection();
    if (chosen && !chosen.isCollapsed && region.contains(chosen.anchorNode)) return true;
    if (region.querySelector("details[open], dialog[open]")) return true;
    const active = document.activeElement;
    return region.contains(active) && active.matches("input:not([type=checkbox]), textarea, select");
  }

  apply(asked) {
    const region = this.region;
    if (!this.waiting || !region) return;
    const changed = this.changed(region, this.waiting);
    if (!changed) { // at most the minutes on the clocks: said to nobody, and not while the reader is busy here
      if (this.busy()) region.dataset.liveSince = this.waiting.dataset.liveSince ?? "";
      else this.swap(region, document.importNode(this.waiting, true));
      this.waiting = null;
      return;
    }
    const words = `${region.dataset.liveWords ?? ""}: ${changed}`;
    if (!asked && this.busy()) {
      this.show(words);
      return;
    }
    const fresh = document.importNode(this.waiting, true);
    this.waiting = null;
    this.swap(region, fresh);
    this.show("");
    const said = document.getElementById("said");
    if (said) said.textContent = words;
  }

  changed(old, fresh) {
    const before = items(old);
    const after = items(fresh);
    let count = [...before.keys()].filter((key) => !after.has(key)).length;
    for (const [key, item] of after) if (!before.has(key) || words(before.get(key)) !== words(item)) count += 1;
    return count || Number(old.querySelectorAll("[data-item]").length === 0 && words(fresh) !== words(old));
  }

  swap(old, fresh) {
    const active = document.activeElement;
    const focused = old.contains(active) ? active.closest("[data-item]")?.dataset.item : null;
    const selector = focused && (active.id ? `#${CSS.escape(active.id)}` : active.classList[0] && `.${CSS.escape(active.classList[0])}`);
    const picked = new Set([...old.querySelectorAll(".row__pick:checked")].map((one) => one.value));
    const scroller = scrollerOf(old);
    const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 24;
    const anchor = this.anchor(old, focused);

    old.replaceChildren(...fresh.childNodes);
    old.dataset.liveSince = fresh.dataset.liveSince ?? "";
    if ("liveUrl" in fresh.dataset) old.dataset.liveUrl = fresh.dataset.liveUrl; // empty: there will be no more news

    for (const one of old.querySelectorAll(".row__pick")) one.checked = picked.has(one.value);
    const now = items(old);
    if (focused && now.has(focused)) (now.get(focused).querySelector(selector || ".row__link") ?? now.get(focused).querySelector("a, button"))?.focus({ preventScroll: true });
    if (anchor && now.has(anchor.key)) scroller.scrollTop += now.get(anchor.key).getBoundingClientRect().top - anchor.top;
    else if (atEnd && scroller !== document.scrollingElement) scroller.scrollTop = scroller.scrollHeight;
    window.htmx?.process(old);
  }

  // What must not move: the focused item, else the one under the pointer, else the first in view. At the top nothing holds.
  anchor(old, focused) {
    const all = items(old);
    const hovered = [...all.values()].find((one) => one.matches(":hover"));
    let held = (focused && all.get(focused)) || hovered;
    if (!held && scrollerOf(old).scrollTop > 0)
      held = [...all.values()].find((one) => one.getBoundingClientRect().bottom > 0);
    return held && { key: held.dataset.item, top: held.getBoundingClientRect().top };
  }

  show(words) {
    const button = this.button;
    if (!button) return;
    button.hidden = !words;
    button.querySelector("span").textContent = words;
  }
}

const regions = [...document.querySelectorAll("[data-live]")].map((region) => new Live(region));
document.addEventListener("visibilitychange", () => {
  for (const live of regions) document.hidden ? clearTimeout(live.timer) : live.ask();
});
document.addEventListener("live:now", () => { // something is known to have changed
  for (const live of regions) live.ask();
});
