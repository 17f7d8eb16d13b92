// Opens a conversation at its end, where the newest message stands, unless the address points somewhere, and goes back there
// when the reader has added to it. On a phone the page itself scrolls: there it begins at the top.
const scroller = document.getElementById("talk");

function toEnd() {
  if (scroller.scrollHeight > scroller.clientHeight) scroller.scrollTop = scroller.scrollHeight;
}

if (scroller) {
  if (!location.hash) toEnd();
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr?.status === 200) setTimeout(toEnd, 50); // after the parts have settled
  });
}
