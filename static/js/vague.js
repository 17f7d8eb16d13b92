// Points out, while typing, words that sound like a promise and name no hour ("soon", "in a few days").
//   data-vague-words  on an element of the page: the lists as JSON {vague: [...], fine: [...]} (complaints/promises/vague.py);
//   data-vague-say    beside them: what to say before the words
//   data-vague        on an input or textarea: look at it; data-vague="reply": only while its form's mode is reply
// The same rule as on the server: whole words, whatever their case, any white space between them, the longest first, е for ё. It is
// a hint: nothing is refused, and nothing is sent.
const PAUSE = 300;
const patterns = new WeakMap();

function phrase(text) {
  return text.split(/\s+/).map((word) => word.replaceAll("ё", "е").replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+");
}

export function pattern({ vague, fine }) {
  const word = "[\\p{L}\\p{N}\\p{M}_]";
  const any = (list) => (list.length ? list.map(phrase).join("|") : "(?!)");
  return new RegExp(`(?<!${word})(?:(?:${any(fine)})|(?<vague>${any(vague)}))(?!${word})`, "giu");
}

export function find(text, look) {
  const plain = text.replaceAll("ё", "е").replaceAll("Ё", "Е");
  const found = [...plain.matchAll(look)].filter((one) => one.groups.vague !== undefined);
  return [...new Set(found.map((one) => text.slice(one.index, one.index + one[0].length)))];
}

function source() {
  return document.querySelector("[data-vague-words]");
}

function look(from) {
  if (!patterns.has(from)) patterns.set(from, pattern(JSON.parse(from.dataset.vagueWords)));
  return patterns.get(from);
}

// The line under the field; a status, so that a screen reader hears it without losing the place.
function line(field) {
  const id = `${field.id}_vague`;
  let said = document.getElementById(id);
  if (!said) {
    said = Object.assign(document.createElement("p"), { id, className: "field__hint vague" });
    said.setAttribute("role", "status");
    field.after(said);
    field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), id].filter(Boolean).join(" "));
  }
  return said;
}

function point(field) {
  const from = source();
  if (!from) return;
  const silent = field.dataset.vague === "reply" && field.form?.elements.namedItem("mode")?.value === "note";
  const words = silent ? [] : find(field.value, look(from));
  const text = words.length ? `${from.dataset.vagueSay} ${words.map((one) => from.dataset.vagueMarks.replace("{}", () => one.replace(/\s+/g, " "))).join(", ")}` : "";
  if (!text && !document.getElementById(`${field.id}_vague`)) return;
  const said = line(field);
  if (said.textContent !== text) said.textContent = text;
  said.hidden = !text;
}

const timers = new WeakMap();
document.addEventListener("input", (event) => {
  const field = event.target.closest?.("[data-vague]");
  if (!field) return;
  clearTimeout(timers.get(field));
  timers.set(field, setTimeout(() => point(field), PAUSE));
});
document.addEventListener("change", (event) => {
  if (event.target.name === "mode") for (const field of event.target.form?.querySelectorAll("[data-vague]") ?? []) point(field);
});
for (const field of document.querySelectorAll("[data-vague]")) if (field.value) point(field);
