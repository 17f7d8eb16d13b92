// Approvals by keyboard: J and K walk (keys.js); on a row A goes to its note, Enter there does nothing by itself, so that
// nothing is granted by a slip: Tab leads on to the two buttons.
document.addEventListener("keydown", (event) => {
  if (document.body.dataset.keys === "off" || event.code !== "KeyA" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, textarea, select")) return;
  const row = document.activeElement?.closest?.(".request") ?? document.querySelector(".request:has(.request__words)");
  const words = row?.querySelector(".request__words");
  if (!words) return;
  event.preventDefault();
  words.focus();
});
