// Who else is here: the page gives a sign of life every 12 s while it is looked at (data-presence on the composer is where), and
// shows who else did: #viewers in the header, #writers over the composer. Leaving ends it at once, losing the page soon after.
const EVERY = 12_000;
const LEAST = 3_000; // ms between two signs, however much is typed

const form = document.querySelector("[data-presence]");

if (form) {
  let writing = false;
  let typedAt = 0;
  let saidAt = 0;
  let timer = null;

  const data = (more) => {
    const found = new FormData();
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    for (const [name, value] of Object.entries({ csrfmiddlewaretoken: token, ...more })) found.append(name, value);
    return found;
  };

  const show = (html) => {
    const answer = new DOMParser().parseFromString(html, "text/html");
    for (const id of ["viewers", "writers"]) {
      const old = document.getElementById(id);
      const fresh = answer.getElementById(id);
      if (old && fresh && old.innerHTML !== fresh.innerHTML) old.replaceChildren(...document.importNode(fresh, true).childNodes);
    }
  };

  const sign = async () => {
    clearTimeout(timer);
    if (document.hidden) return;
    if (writing && performance.now() - typedAt > 2 * EVERY) writing = false;
    saidAt = performance.now();
    timer = setTimeout(sign, EVERY);
    try {
      const answer = await fetch(form.dataset.presence, { method: "POST", body: data({ writing: writing ? "1" : "0" }), redirect: "manual" });
      if (answer.status === 200) show(await answer.text());
    } catch { /* the next sign comes soon */ }
  };

  document.addEventListener("composer:typing", (event) => {
    const before = writing;
    writing = event.detail.writing;
    typedAt = performance.now();
    if (before === writing) return;
    clearTimeout(timer);
    timer = setTimeout(sign, Math.max(0, LEAST - (performance.now() - saidAt)));
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) sign(); });
  window.addEventListener("pagehide", () => navigator.sendBeacon?.(form.dataset.presence, data({ left: "1" })));
  window.addEventListener("pageshow", (event) => { if (event.persisted) sign(); });
  sign();
}
