// Sends the form one is writing in: Ctrl+Enter presses its first button, Ctrl+Shift+Enter the one that goes on to the
// next case of the list (name="next"). For the actions on a case (.act__form) and forms that say data-send; the composer
// has its own.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing || event.defaultPrevented) return;
  const form = event.target.closest?.(".act__form, form[data-send]");
  if (!form) return;
  const button = event.shiftKey ? form.querySelector("button[name=next]") : form.querySelector("button[type=submit]:not([name])");
  if (!button) return;
  event.preventDefault();
  button.click();
});
