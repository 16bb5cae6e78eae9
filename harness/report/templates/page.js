"use strict";
addEventListener("beforeprint", () =>
  document.querySelectorAll("details:not(.case)").forEach((item) => { item.open = true; }));
