/* The interactive API page: Swagger UI over our own schema. Trying things out takes a token (Authorize). */
"use strict";

(() => {
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
