// Says what happened. Server-rendered toasts ([data-toast] in #toasts) leave after a while, unless pointed at, focused or
// carrying a control. An htmx answer may add one by the header HX-Trigger: {"toast": {"text": "..."}}. Failed requests are told
// from <body data-word-failed data-word-offline>.
const STAY = 6000;

function leave(toast) {
  if (toast.querySelector("button, a")) return;
  const timer = setInterval(() => {
    if (toast.matches(":hover, :focus-within") || document.hidden) return;
    clearInterval(timer);
    toast.remove();
  }, STAY);
}

function say(text) {
  const toast = document.createElement("div");
  toast.className = "toast toast--still";
  toast.append(Object.assign(document.createElement("span"), { textContent: text }));
  document.getElementById("toasts")?.append(toast);
  leave(toast);
}

for (const toast of document.querySelectorAll("[data-toast]")) leave(toast);
document.addEventListener("toast", (event) => event.detail?.text && say(event.detail.text));
document.addEventListener("htmx:sendError", () => say(document.body.dataset.wordOffline));
document.addEventListener("htmx:responseError", () => say(document.body.dataset.wordFailed));
