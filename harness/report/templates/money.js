// The cost section's sliders, prices and plots. The formulas are BreakEvenMath's; the run's own
// numbers stand in the page and stay there.
(() => {
  const box = document.getElementById("money");
  if (!box) return;
  const start = JSON.parse(box.dataset.values);
  const currency = box.dataset.currency;
  const now = { ...start };
  const [WIDTH, HEIGHT, LEFT, BOTTOM, STEPS] = [460, 250, 58, 34, 80];
  const fields = [...box.querySelectorAll("input[data-name]")];
  const said = box.querySelector(".told");
  const parts = box.querySelector(".parts tbody");
  const PARTS = ["labels", "training", "evaluation", "index", "search", "serving", "bad answers"];

  function amount(value) {
    if (value === null || value === undefined || Number.isNaN(value)) return "none";
    if (!Number.isFinite(value)) return "never";
    if (value === 0) return "0";
    const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
    return value.toLocaleString("en", { maximumFractionDigits: Math.min(digits, 20),
      maximumSignificantDigits: Math.abs(value) < 1000 ? 3 : undefined });
  }
  const money = (value) => `${value.toLocaleString("en",
    Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 })} ${currency}`;

  function svg(tag, attributes, text) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
  const tick = (value) => (value < 1 ? amount(value) : short.format(value));

  function sweep(name, low, high) {
    const found = [];
    for (let n = 0; n <= STEPS; n += 1) {
      const x = 10 ** (low + ((high - low) * n) / STEPS);
      const at = { ...now, [name]: x };
      found.push([x, BreakEvenMath.tunedPerDay(at), BreakEvenMath.ragPerDay(at)]);
    }
    return found;
  }

  function plot(holder) {
    const { name, low, high } = holder.dataset;
    const [first, last] = [Number(low), Number(high)];
    const rows = sweep(name, first, last);
    // both axes in powers of ten: a crossing shows wherever it lies
    const costs = rows.flatMap((row) => [row[1], row[2]]).filter((value) => value > 0);
    const most = Math.ceil(Math.log10(Math.max(...costs, 1e-9)));
    const least = Math.max(Math.floor(Math.log10(Math.min(...costs, 10 ** most))), most - 7);
    const x = (value) => LEFT + ((WIDTH - LEFT - 14) * (Math.log10(value) - first)) / (last - first);
    const y = (value) => 8 + ((HEIGHT - BOTTOM - 8)
      * (most - Math.max(Math.log10(Math.max(value, 1e-300)), least))) / (most - least || 1);
    const drawn = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img",
      "aria-label": `${holder.dataset.words}: ${said.textContent}` });
    const between = most - least < 3 ? [1, 2, 5] : [1];
    const every = Math.ceil((most - least) / 5) || 1;
    for (let at = least; at <= most; at += every) {
      for (const part of at === most ? [1] : between) {
        const where = y(part * 10 ** at);
        drawn.append(svg("line", { class: "grid", x1: LEFT, x2: WIDTH - 14, y1: where, y2: where }),
          svg("text", { x: LEFT - 6, y: where + (at === least && part === 1 ? 0 : 4),
            "text-anchor": "end" }, tick(part * 10 ** at)));
      }
    }
    for (let at = first; at <= last; at += 1)
      drawn.append(svg("text", { x: x(10 ** at), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" },
        tick(10 ** at)));
    drawn.append(svg("text", { x: (WIDTH + LEFT) / 2, y: HEIGHT - 2, "text-anchor": "middle" },
      holder.dataset.words));
    const here = Math.min(Math.max(now[name], 10 ** first), 10 ** last);
    drawn.append(svg("line", { class: "here", x1: x(here), x2: x(here), y1: 8,
      y2: HEIGHT - BOTTOM }));
    for (const [place, style] of [[1, "tuned"], [2, "rag"]]) {
      drawn.append(svg("polyline", { class: style,
        points: rows.map((row) => `${x(row[0]).toFixed(1)},${y(row[place]).toFixed(1)}`).join(" ") }));
    }
    holder.replaceChildren(drawn);
  }

  function crossing(value, unit, below) {
    if (value === 0 || !Number.isFinite(value)) return `No ${unit} turns this over. `;
    return `They cost the same at ${amount(value)} ${below}. `;
  }

  function tell() {
    const [tuned, rag] = [BreakEvenMath.tunedPerDay(now), BreakEvenMath.ragPerDay(now)];
    const less = tuned < rag ? "fine-tuning" : "RAG";
    const kept = [0.05, 0.1].map((share) => {
      const days = BreakEvenMath.retrainEvery(now.change_rate, share, now.lag_days);
      return days === null ? `${100 * share} % cannot be kept` : Number.isFinite(days)
        ? `${100 * share} % every ${amount(days)} days` : `${100 * share} % without retraining`;
    });
    const best = BreakEvenMath.cheapestInterval(now);
    said.textContent = `Fine-tuning ${money(tuned)} a day, RAG ${money(rag)} a day: ${less} costs `
      + `${money(Math.abs(tuned - rag))} less. `
      + crossing(BreakEvenMath.rateCrossover(now), "rate of change", "changes per fact and day")
      + crossing(BreakEvenMath.volumeCrossover(now), "volume", "queries per day")
      + `Stale answers: ${kept.join(", ")}. `
      + (best === null ? "Cheapest: never retrain." : `Cheapest: retrain every ${amount(best)} days.`);
    const both = [BreakEvenMath.tunedParts(now), BreakEvenMath.ragParts(now)];
    parts.replaceChildren(...PARTS.map((name) => row(name, ...both.map((costs) => costs[name]))),
      row("altogether", tuned, rag));
  }

  function row(name, ...values) {
    const line = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    line.append(head, ...values.map((value) => {
      const cell = document.createElement("td");
      cell.className = "r";
      cell.textContent = value === undefined ? "–" : money(value);
      return cell;
    }));
    return line;
  }

  function refresh() {
    tell();
    box.querySelectorAll(".sweep").forEach(plot);
  }

  function show(field) {
    const value = now[field.dataset.name];
    if (field.type === "range") {
      field.value = Math.log10(Math.max(value, 1e-12));
      const words = `${amount(value)} ${field.dataset.unit}`;
      field.setAttribute("aria-valuetext", words);
      field.nextElementSibling.textContent = words;
    } else if (document.activeElement !== field) field.value = String(Number(value.toPrecision(6)));
  }

  function take(field) {
    const share = field.dataset.unit === "share";
    const value = field.type === "range" ? 10 ** Number(field.value)
      : field.value.trim() === "" ? NaN : Number(field.value);
    const good = Number.isFinite(value) && (!share || value <= 1) && (value >= 0
      || field.dataset.name === "added_tokens");
    const zero = value === 0 && ["retrain_days"].includes(field.dataset.name);
    field.setAttribute("aria-invalid", String(!good || zero));
    if (!good || zero) return;
    now[field.dataset.name] = value;
    fields.filter((other) => other !== field || field.type === "range").forEach(show);
    refresh();
  }

  fields.forEach((field) => field.addEventListener("input", () => take(field)));
  box.querySelector("button").addEventListener("click", () => {
    Object.assign(now, start);
    fields.forEach((field) => { field.removeAttribute("aria-invalid"); show(field); });
    refresh();
  });
  fields.forEach(show);
  refresh();
  box.hidden = false;
})();
