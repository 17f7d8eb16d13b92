// Messages that wait to be sent count down: [data-due] with data-left (seconds when it was shown), in it [data-countdown] with
// data-word ("Goes out in {n} s") and data-word-now. Nobody is told each second; when the time is up the conversation is asked
// for what became of it ("live:now").
const started = new WeakMap();
const ASK = [1500, 4000, 8000]; // ms behind the end: a job comes by every few seconds

function left(item) {
  if (!started.has(item)) started.set(item, performance.now());
  return Number(item.dataset.left) - (performance.now() - started.get(item)) / 1000;
}

function tick() {
  for (const item of document.querySelectorAll("[data-due]")) {
    const says = item.querySelector("[data-countdown]");
    const seconds = Math.ceil(left(item));
    if (!says) continue;
    const text = seconds > 0 ? says.dataset.word.replace("{n}", String(seconds)) : says.dataset.wordNow;
    if (says.textContent !== text) says.textContent = text;
    if (seconds <= 0 && !item.dataset.asked) {
      item.dataset.asked = "1";
      for (const wait of ASK) setTimeout(() => document.dispatchEvent(new CustomEvent("live:now")), wait);
    }
  }
}

tick();
setInterval(tick, 250);
