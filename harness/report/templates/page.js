"use strict";
// Printing opens every fold but the cases and the long tables; afterwards they close again.
(() => {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not(.case):not([open])")]
      .filter((item) => !item.closest("#results, #comparisons"));
    opened.forEach((item) => { item.open = true; });
  });
  addEventListener("afterprint", () => {
    opened.forEach((item) => { item.open = false; });
    opened = [];
  });
})();
// The theme follows the system until a reader chooses; a file may not be allowed to remember it.
(() => {
  const names = ["auto", "light", "dark"];
  const button = document.getElementById("theme");
  const root = document.documentElement;
  const kept = (act) => { try { return act(); } catch { return null; } };
  function show(name) {
    if (name === "auto") delete root.dataset.theme; else root.dataset.theme = name;
    button.textContent = `Theme: ${name}`;
  }
  let now = kept(() => localStorage.getItem("bench-theme"));
  if (!names.includes(now)) now = "auto";
  show(now);
  button.hidden = false;
  button.addEventListener("click", () => {
    now = names[(names.indexOf(now) + 1) % names.length];
    show(now);
    kept(() => localStorage.setItem("bench-theme", now));
  });
})();
