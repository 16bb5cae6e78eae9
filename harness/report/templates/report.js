"use strict";
(async () => {
  const PAGE = 30;
  const KEYS = ["task", "candidate", "metric", "label", "slice", "against", "result"];
  const STATES = ["", "unmeasured", "error"];
  const byId = (id) => document.getElementById(id);
  const [counted, list, more] = ["case-count", "case-list", "case-more"].map(byId);

  async function load() {
    const raw = JSON.parse(byId("data").textContent);
    if (!raw.packed) return raw;
    const bytes = Uint8Array.from(atob(raw.packed), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  addEventListener("beforeprint", () =>
    document.querySelectorAll("details").forEach((item) => { item.open = true; }));

  const data = await load().catch(() => null);
  if (!data) {
    counted.textContent = "This browser cannot unpack the cases; answers.csv holds them.";
    return;
  }

  // ---------------------------------------------------------------- records from the lists
  const word = (place) => data.strings[place];
  const metrics = data.metrics.map(([name, unit, better, headline, binary]) =>
    ({ name, unit, better, headline, binary }));
  const scores = data.scores.map(([metric, value, state, label, reason]) =>
    ({ metric: metrics[metric], value, state, label: word(label), reason: word(reason) }));
  const cases = data.cases.map(([task, id, input, reference, tags, notes]) => ({
    task: data.tasks[task], id: word(id), input: word(input), reference: word(reference),
    tags: tags.map(word), notes: word(notes), answers: [],
  }));
  const several = data.answers.some((answer) => answer[6]);
  for (const [place, candidate, text, finish, own, passages, sample] of data.answers) {
    cases[place].answers.push({
      candidate: data.candidates[candidate], text: word(text), finish, passages,
      drawn: several ? ` · sample ${sample + 1}` : "",
      scores: own.map((score) => scores[score]),
    });
  }
  const answerOf = (item, candidate) => item.answers.find((a) => a.candidate === candidate);
  const scoreOf = (answer, metric) =>
    answer && answer.scores.find((score) => score.metric.name === metric);
  const classOf = (score) => (score.state === 2 ? "error" : score.label);

  function show(score) {
    if (score.state) return STATES[score.state];
    const { unit, binary } = score.metric;
    const round = (value) => String(Number(value.toPrecision(3)));
    const value = score.value === null ? "" : binary ? (score.value ? "yes" : "no")
      : unit === "share" ? `${round(score.value * 100)} %` : `${round(score.value)} ${unit}`;
    return score.label ? `${value} (${score.label})` : value;
  }

  // ---------------------------------------------------------------- filters
  function duel(item, filter, against) {
    const mine = answerOf(item, filter.candidate);
    const other = answerOf(item, against);
    if (!mine || !other) return "";
    const wanted = filter.metric
      ? [filter.metric] : mine.scores.filter((s) => s.metric.headline).map((s) => s.metric.name);
    let result = "";
    for (const name of wanted) {
      const [a, b] = [scoreOf(mine, name), scoreOf(other, name)];
      if (!a || !b || a.value === null || b.value === null) continue;
      if (a.value === b.value) { result = result || "tie"; continue; }
      return (a.value > b.value) === (a.metric.better !== "lower") ? "win" : "loss";
    }
    return result;
  }

  function disagrees(item, filter) {
    const names = filter.candidate ? [filter.candidate] : item.answers.map((a) => a.candidate);
    return names.some((candidate) =>
      ["win", "loss"].includes(duel(item, { ...filter, candidate }, data.base)));
  }

  function matches(item, filter) {
    if (filter.id) return item.id === filter.id;
    if (filter.task && item.task !== filter.task) return false;
    if (filter.slice && !item.tags.includes(filter.slice)) return false;
    const answers = item.answers.filter((a) => !filter.candidate || a.candidate === filter.candidate);
    if (filter.candidate && !answers.length) return false;
    if (filter.metric && !answers.some((a) => scoreOf(a, filter.metric))) return false;
    if (filter.label && !answers.some((a) => a.scores.some((score) =>
      (!filter.metric || score.metric.name === filter.metric) && score.state !== 1
      && classOf(score) === filter.label))) return false;
    if (filter.against && !answerOf(item, filter.against)) return false;
    if (filter.result && filter.candidate) {
      const result = duel(item, filter, filter.against || data.base);
      if (filter.result === "differ" ? !["win", "loss"].includes(result) : result !== filter.result)
        return false;
    }
    if (filter.disagree && !disagrees(item, filter)) return false;
    if (!filter.q) return true;
    const q = filter.q.toLowerCase();
    return [item.id, item.input, item.reference, ...answers.map((a) => a.text)]
      .some((text) => text.toLowerCase().includes(q));
  }

  function numbers(found, filter) {
    const value = (item, name) => scoreOf(answerOf(item, name), filter.metric)?.value ?? null;
    const metric = metrics.find((one) => one.name === filter.metric);
    const measured = found.filter((item) => value(item, filter.candidate) !== null
      && (!filter.against || value(item, filter.against) !== null));
    if (!metric || !measured.length) return ["none measured"];
    const mean = (name) => measured.reduce((sum, item) => sum + value(item, name), 0) / measured.length;
    const say = (number) => show({ value: number, state: 0, label: "",
      metric: { ...metric, binary: false } });
    const names = [filter.candidate, filter.against].filter(Boolean);
    return [`${measured.length} measured`, ...names.map((name) => `${name} ${say(mean(name))}`)];
  }

  function summary(found, filter) {
    const parts = [`${found.length} of ${cases.length} cases`];
    const picked = KEYS.filter((key) => filter[key]).map((key) => `${key} ${filter[key]}`);
    if (filter.disagree) picked.push(`disagrees with ${data.base}`);
    if (filter.q) picked.push(`“${filter.q}”`);
    if (filter.id) picked.push(`case ${filter.id}`);
    if (picked.length) parts.push(picked.join(", "));
    if (filter.metric && filter.candidate) parts.push(...numbers(found, filter));
    if (data.cut) parts.push(`long texts are cut at ${data.cut} characters; answers.csv is whole`);
    return parts.join(" · ");
  }

  // ---------------------------------------------------------------- one case
  function block(title, text) {
    const part = make("div");
    part.append(make("h4", "", title));
    const body = make("p", "said-text", text || "(nothing)");
    body.dir = "auto";
    part.append(body);
    return part;
  }

  function scoreRows(own) {
    const rows = make("ul", "scores");
    for (const score of own) {
      const row = make("li");
      row.append(make("b", "", `${score.metric.name}: ${show(score)}`));
      if (score.reason) row.append(make("span", "why", ` ${score.reason}`));
      rows.append(row);
    }
    return rows;
  }

  function answerBox(answer, filter) {
    const asked = [filter.candidate, filter.against].includes(answer.candidate);
    const box = make("div", asked ? "one asked" : "one");
    const cut = ["", " (cut at the token limit)", " (error)"][answer.finish];
    box.append(...block(`${answer.candidate}${answer.drawn}${cut}`, answer.text).children);
    const order = (score) => (score.metric.name === filter.metric ? 0 : score.metric.headline ? 1 : 2);
    const first = answer.scores.filter((score) => order(score) < 2);
    const rest = answer.scores.filter((score) => order(score) === 2);
    first.sort((a, b) => order(a) - order(b));
    if (first.length) box.append(scoreRows(first));
    if (rest.length) {
      const fold = make("details");
      fold.append(make("summary", "", `${rest.length} ${first.length ? "more " : ""}scores`));
      fold.append(scoreRows(rest));
      box.append(fold);
    }
    return box;
  }

  function contexts(item) {
    const seen = new Map();
    for (const answer of item.answers) for (const place of answer.passages)
      seen.set(place, [...(seen.get(place) || []), answer.candidate]);
    if (!seen.size) return [];
    const fold = make("details");
    fold.append(make("summary", "", `Context passages (${seen.size})`));
    for (const [place, names] of seen) {
      const [document_, title, text] = data.passages[place].map(word);
      fold.append(block(`${title || document_} [${document_}], read by ${names.join(", ")}`, text));
    }
    return [fold];
  }

  function fill(element, item, filter) {
    const body = make("div", "body");
    const about = [item.task, ...item.tags, item.notes].filter(Boolean).join(" · ");
    body.append(make("p", "note", about), block("Input", item.input));
    body.append(block("Reference", item.reference), ...contexts(item), make("h4", "", "Answers"));
    const grid = make("div", "answers");
    const rank = (answer) => (answer.candidate === filter.candidate ? 0
      : answer.candidate === (filter.against || data.base) ? 1 : 2);
    for (const answer of [...item.answers].sort((a, b) => rank(a) - rank(b)))
      grid.append(answerBox(answer, filter));
    const link = make("a", "note", "Link to this case");
    link.href = `#case-${encodeURIComponent(item.id)}`;
    body.append(grid, link);
    element.append(body);
  }

  function caseElement(item, filter) {
    const element = make("details", "case");
    element.id = `case-${item.id}`;
    const head = make("summary");
    head.append(make("b", "", item.id), make("span", "first", item.input.slice(0, 160)));
    for (const name of new Set([filter.candidate, filter.against].filter(Boolean))) {
      const score = filter.metric && scoreOf(answerOf(item, name), filter.metric);
      if (score) head.append(make("span", "tag", `${name}: ${show(score)}`));
    }
    element.append(head);
    element.addEventListener("toggle", () => {
      if (element.open && element.children.length === 1) fill(element, item, filter);
    });
    return element;
  }

  // ---------------------------------------------------------------- state: the address is it
  let [filter, found, shown] = [{}, [], 0];

  function grow() {
    for (const item of found.slice(shown, shown + PAGE)) list.append(caseElement(item, filter));
    shown = Math.min(shown + PAGE, found.length);
    more.hidden = shown >= found.length;
    more.textContent = `Show more (${found.length - shown} left)`;
  }

  function options(select, names, chosen, first) {
    const all = chosen && !names.includes(chosen) ? [...names, chosen] : names;
    select.replaceChildren(new Option(first, ""), ...all.map((name) => new Option(name, name)));
    select.value = chosen || "";
  }

  function controls() {
    const inTask = cases.filter((item) => !filter.task || item.task === filter.task);
    const unique = (names) => [...new Set(names)];
    const every = inTask.flatMap((item) => item.answers.flatMap((a) => a.scores));
    const kinds = new Set(every);
    const labelled = [...kinds].filter((s) => !filter.metric || s.metric.name === filter.metric);
    options(byId("f-task"), data.tasks, filter.task, "all tasks");
    options(byId("f-candidate"), data.candidates, filter.candidate, "all candidates");
    options(byId("f-against"), data.candidates, filter.against, "nobody");
    options(byId("f-metric"), unique([...kinds].map((s) => s.metric.name)).sort(), filter.metric, "any");
    options(byId("f-label"), unique(labelled.map(classOf)).filter(Boolean).sort(), filter.label, "any");
    options(byId("f-slice"), unique(inTask.flatMap((item) => item.tags)).sort(), filter.slice, "all");
    byId("f-result").value = filter.result || "";
    byId("f-disagree").checked = Boolean(filter.disagree);
    if (document.activeElement !== byId("f-q")) byId("f-q").value = filter.q || "";
  }

  function refresh() {
    found = cases.filter((item) => matches(item, filter));
    list.replaceChildren();
    shown = 0;
    grow();
    counted.textContent = summary(found, filter);
    controls();
  }

  function decode(text) {
    try { return decodeURIComponent(text); } catch { return text; }
  }

  function follow(jump) {
    const hash = location.hash;
    if (hash.startsWith("#case-")) filter = { id: decode(hash.slice(6)) };
    else if (hash.startsWith("#cases")) filter = Object.fromEntries(new URLSearchParams(hash.slice(7)));
    else if (list.childElementCount) return;
    refresh();
    if (!jump || !hash.startsWith("#case")) return;
    if (filter.id || found.length === 1) [...list.children].forEach((item) => { item.open = true; });
    byId("cases").scrollIntoView();
    byId("cases").focus({ preventScroll: true });
  }

  function change() {
    const next = new URLSearchParams();
    for (const key of KEYS) if (byId(`f-${key}`).value) next.set(key, byId(`f-${key}`).value);
    if (byId("f-disagree").checked) next.set("disagree", "1");
    if (byId("f-q").value.trim()) next.set("q", byId("f-q").value.trim());
    history.replaceState(null, "", `#cases?${next}`);
    follow(false);
  }

  document.querySelector(".filters").hidden = false;
  byId("f-base").textContent = data.base || "the base";
  for (const key of [...KEYS, "disagree"]) byId(`f-${key}`).addEventListener("change", change);
  let timer = 0;
  byId("f-q").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(change, 150); });
  byId("f-clear").addEventListener("click", () => {
    history.replaceState(null, "", "#cases");
    follow(false);
  });
  more.addEventListener("click", grow);
  addEventListener("hashchange", () => follow(true));
  follow(true);
})();
