// Links on top of the case that lead to an action beside it: open it, and put the cursor where one writes.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-act]");
  if (!link) return;
  event.preventDefault();
  const act = document.getElementById(link.dataset.act);
  if (!act) { // the case changed since the page was made: what one types is kept as a draft
    location.hash = link.dataset.act;
    location.reload();
    return;
  }
  if (act.matches("details")) act.open = true;
  act.scrollIntoView({ block: "nearest" });
  act.querySelector("textarea, input:not([type=hidden]), select, button")?.focus();
});

const asked = location.hash ? document.getElementById(location.hash.slice(1)) : null;
if (asked?.matches("details.act")) asked.open = true;
