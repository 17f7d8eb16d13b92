// The panel "Remedy" beside a case: what a kind asks for, and the gauge while one types. The server's answer a moment
// later is what counts (and names who would approve it); the numbers here come from data attributes.
//   form[data-remedy]        [data-for="refund credit"] is shown for these kinds alone
//   [data-gauge]             data-line (has a limit at all), data-free; inside svg[data-limit][data-used][data-cap] in
//                            ten-thousandths, [data-say=within|above|capped]; [data-do] are the words of the button
const UNIT = 10000;
const UNVALUED = ["replacement", "discount"];

function typed(form) {
  const text = form.elements.amount.value.trim().replace(",", ".");
  return /^\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * UNIT) : 0;
}

function follow(form) {
  const kind = form.querySelector("[name=kind]:checked")?.value ?? "";
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(kind);
  const charge = form.querySelector("[data-charge]");
  if (charge) charge.hidden = kind !== "refund";
  const gauge = form.querySelector("[data-gauge]");
  if (!gauge) return;
  const amount = kind === "apology" ? 0 : typed(form);
  let above = !gauge.dataset.line;
  let capped = false;
  for (const bar of gauge.querySelectorAll("svg[data-limit]")) {
    const limit = Number(bar.dataset.limit);
    const used = Number(bar.dataset.used);
    const share = (part) => (limit ? Math.min(100, (part * 100) / limit) : part ? 100 : 0);
    const over = used + amount > limit;
    bar.querySelector(".gauge__new").setAttribute("width", Math.min(share(amount), 100 - share(used)).toFixed(1));
    bar.classList.toggle("gauge--over", over);
    if (over && bar.dataset.cap) capped = true;
    else if (over) above = true;
  }
  const state = gauge.dataset.free ? "within" : capped ? "capped" : above ? "above" : "within";
  if (!amount && !UNVALUED.includes(kind) && !gauge.dataset.free && gauge.dataset.line) say(form, gauge, "within");
  else say(form, gauge, state);
}

function say(form, gauge, state) {
  for (const name of ["within", "above", "capped"]) gauge.classList.toggle(`authority--${name}`, name === state);
  for (const one of gauge.querySelectorAll("[data-say]")) one.hidden = one.dataset.say !== state;
  for (const one of form.querySelectorAll("[data-do]")) one.hidden = one.dataset.do !== (state === "within" ? "within" : "above");
}

function all() {
  for (const form of document.querySelectorAll("form[data-remedy]")) follow(form);
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-remedy]");
  if (form) follow(form);
});
document.addEventListener("htmx:afterSettle", all);
// A refusal of ours (403) is shown in its place; it says so by naming the panel.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status === 403 && xhr.getResponseHeader("HX-Retarget") === "#remedies") {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
// "Refund this one": on to the reason. Granted or asked for: on what stands there now, so that the keys work again.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "remedies") return;
  const path = event.detail.pathInfo?.requestPath ?? "";
  if (path.includes("?charge=")) document.getElementById("id_remedy_reason")?.focus();
  else if (event.detail.requestConfig?.verb === "post" && !event.target.querySelector(".field__error"))
    [...event.target.querySelectorAll(".given")].at(-1)?.focus();
});
all();
