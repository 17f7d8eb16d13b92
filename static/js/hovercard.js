// Hovercards open by CSS on hover and focus (.explained > .hovercard); Escape closes them until the pointer or focus leaves.
const SHUT = "data-shut";

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const place of document.querySelectorAll(".explained:is(:hover, :focus-within)")) place.setAttribute(SHUT, "");
});
for (const leaving of ["pointerout", "focusout"]) {
  document.addEventListener(leaving, (event) => {
    const place = event.target.closest?.(".explained");
    if (place && !place.contains(event.relatedTarget)) place.removeAttribute(SHUT);
  });
}
