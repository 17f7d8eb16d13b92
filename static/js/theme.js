// Shows a theme at once when it is chosen (radio name="theme": light, dark or empty for the system's). The server
// renders <html data-theme> from the saved choice, so nothing flickers on the next page.
document.addEventListener("change", (event) => {
  if (event.target.name !== "theme") return;
  const root = document.documentElement;
  if (event.target.value) root.dataset.theme = event.target.value;
  else delete root.dataset.theme;
});
