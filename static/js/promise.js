// A promise that goes out with a reply: its text can be taken from the reply, what is selected there or all of it.
//   [data-take-words]  the button, hidden until this script is here
const MOST = 500;

function arm() {
  for (const button of document.querySelectorAll("[data-take-words]")) button.hidden = false;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-take-words]");
  if (!button) return;
  const { body, promise_text: text, promise_due_at: hour } = button.form.elements;
  const chosen = body.value.slice(body.selectionStart, body.selectionEnd).trim() || body.value.trim();
  text.value = chosen.replace(/\s+/g, " ").slice(0, MOST);
  text.dispatchEvent(new Event("input", { bubbles: true }));
  (text.value ? hour : text).focus();
});
arm();
