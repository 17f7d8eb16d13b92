// Puts prepared words into the composer, at the cursor, where the writer reads them before anything is sent.
//   data-into-composer="text"  a button; data-for="reply": only there; data-into-note="text": other words in a note
//   data-quote                 the text is set in quotation marks
//   data-selected="id"         what is selected inside data-quotable="id" goes instead of the whole text
//   data-word-none="text"      said when there is nothing to put in
// The buttons are hidden without this script. The composer keeps what is typed as its draft (an input event tells it).
function composer() {
  return document.querySelector("[data-composer]");
}

function mode(form) {
  return form.querySelector("[name=mode]:checked")?.value ?? "reply";
}

function say(text) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text } }));
}

function selected(id) {
  const place = document.querySelector(`[data-quotable="${CSS.escape(id)}"]`);
  const chosen = document.getSelection();
  if (!place || !chosen || chosen.isCollapsed || !place.contains(chosen.anchorNode) || !place.contains(chosen.focusNode)) return "";
  return chosen.toString().trim();
}

function put(form, text) {
  const body = form.elements.namedItem("body");
  const start = body.selectionStart ?? body.value.length;
  const before = body.value.slice(0, start);
  const gap = before && !/\s$/.test(before) ? "\n\n" : "";
  body.setRangeText(`${gap}${text}`, start, body.selectionEnd ?? start, "end");
  body.dispatchEvent(new Event("input", { bubbles: true }));
  body.focus();
}

function use(button) {
  const form = composer();
  if (!form) return;
  if (button.dataset.for === "reply" && mode(form) !== "reply") {
    const reply = form.querySelector("[name=mode][value=reply]:not(:disabled)");
    if (reply) reply.click();
  }
  let text = (button.dataset.selected && selected(button.dataset.selected)) || button.dataset.intoComposer;
  if (button.dataset.intoNote && mode(form) === "note") text = button.dataset.intoNote;
  if (!text) say(button.dataset.wordNone ?? "");
  else put(form, button.dataset.quote ? button.dataset.quote.replace("{}", () => text) : text);
}

// A press must not take the selection away before it is read.
document.addEventListener("mousedown", (event) => event.target.closest?.("[data-selected]") && event.preventDefault());
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-into-composer]");
  if (button) use(button);
});

function show(root) {
  if (!composer()) return;
  for (const button of root.querySelectorAll("[data-into-composer][hidden]")) button.hidden = false;
}

show(document);
document.addEventListener("htmx:load", (event) => show(event.target));
document.addEventListener("toggle", (event) => event.target.id === "knowledge" && event.target.open && setTimeout(() => document.getElementById("knowledge_q")?.focus(), 0), true);
document.addEventListener("htmx:afterSettle", (event) => event.target.id === "knowledge" || (event.target.id === "case_knowledge" && document.getElementById("knowledge")?.open && document.getElementById("knowledge_q")?.focus()));
