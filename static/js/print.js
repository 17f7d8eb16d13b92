// [data-print] opens the print dialogue, which also saves as PDF. menu.js shows it where JavaScript runs.
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) window.print();
});
