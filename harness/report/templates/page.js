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
// The bar marks the section that is being read, and keeps its link in view where the bar scrolls.
(() => {
  const bar = document.querySelector("nav");
  const links = [...bar.querySelectorAll("a")];
  const sections = links.map((link) => document.getElementById(link.hash.slice(1)));
  let waits = false;
  let last = null;
  function mark() {
    waits = false;
    const edge = bar.getBoundingClientRect().bottom + innerHeight / 4;
    const end = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    const passed = sections.filter((one) => one.getBoundingClientRect().top <= edge).length;
    const now = links[end ? links.length - 1 : Math.max(0, passed - 1)];
    if (now === last) return;
    if (last) last.removeAttribute("aria-current");
    now.setAttribute("aria-current", "true");
    last = now;
    const [left, right] = [now.offsetLeft - 24, now.offsetLeft + now.offsetWidth + 24];
    if (left < bar.scrollLeft) bar.scrollLeft = left;
    else if (right > bar.scrollLeft + bar.clientWidth) bar.scrollLeft = right - bar.clientWidth;
  }
  addEventListener("scroll", () => {
    if (!waits) requestAnimationFrame(mark);
    waits = true;
  }, { passive: true });
  addEventListener("resize", mark);
  mark();
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
