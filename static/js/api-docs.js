/* The interactive API page: Swagger UI over our own schema, light or dark as other pages. Trying things out takes a token
   (Authorize). */
"use strict";

(() => {
  const page = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const shade = () => page.classList.toggle("dark-mode", page.dataset.theme ? page.dataset.theme === "dark" : system.matches);
  shade();
  system.addEventListener("change", shade);
  const root = document.getElementById("api-docs");
  window.SwaggerUIBundle({
    domNode: root,
    url: root.dataset.schema,
    deepLinking: true,
    docExpansion: "none",
    persistAuthorization: false,
    validatorUrl: null,
    presets: [window.SwaggerUIBundle.presets.apis],
  });
})();
