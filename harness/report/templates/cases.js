// The case browser: the address is its state, so that any view of it can be sent.
(async () => {
  const PAGE = 30;
  const LONG_TEXT = 12_000;
  const KEYS = ["task", "candidate", "metric", "label", "slice", "against", "result"];
  const STATES = ["", "unmeasured", "error"];
  const byId = (id) => document.getElementById(id);
  const [counted, list, more, search, keys] =
    ["browse-count", "browse-list", "browse-more", "f-q", "f-keys"].map(byId);

  function make(tag, className, ...inside) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...inside.filter((one) => one !== undefined));
    return element;
  }
  // untrusted words stand apart from what surrounds them, whichever way they are written
  const apart = (text) => make("bdi", "", text);
  const pause = () => new Promise((done) => { setTimeout(done); });

  const asked = () => location.hash.startsWith("#case");
  if (!caseData.indexed) {
    const { sizes, answers } = caseData.beside;
    const total = sizes.reduce((sum, size) => sum + size, 0);
    counted.textContent = `${total} cases and ${answers} answers are in ${caseData.beside.folder}.`;
    more.textContent = "Load them";
    more.hidden = false;
    if (!asked()) await new Promise((done) => {
      more.addEventListener("click", done, { once: true });
      addEventListener("hashchange", () => { if (asked()) done(); });
    });
    more.hidden = true;
    counted.textContent = "Loading the cases …";
  }
  const data = await caseData.index().catch((error) => ({ failed: error }));
  if (data.failed) {
    counted.textContent = caseData.beside ? absent(data.failed)
      : "This browser cannot unpack the cases; answers.csv holds them.";
    return;
  }

  function absent(error) {
    return `${error.message}. The texts of a large run are in the folder ${caseData.beside.folder},`
      + " which belongs beside this page: copy both together, or write them again with `bench"
      + ` report ${data ? data.run || caseData.beside.run : caseData.beside.run}\`.`;
  }

  // ---------------------------------------------------------------- records from the lists
  const metrics = data.metrics.map(([name, unit, better, headline, binary]) =>
    ({ name, unit, better, headline, binary }));
  const marks = data.marks.map(([metric, value, state, label]) =>
    ({ metric: metrics[metric], value, state, label }));
  const sizes = caseData.sizes(data.cases.length);
  const starts = sizes.map((_, part) => sizes.slice(0, part).reduce((sum, size) => sum + size, 0));
  let part = 0;
  const cases = data.cases.map(([task, id, tags, notes, head], place) => {
    while (part + 1 < starts.length && place >= starts[part + 1]) part += 1;
    return { place, part, task: data.tasks[task], id, tags: tags.map((tag) => data.tags[tag]),
      notes, head, answers: [], texts: null };
  });
  const several = data.answers.some((answer) => answer[3]);
  data.answers.forEach(([place, candidate, finish, sample, own], at) => {
    const item = cases[place];
    if (!item.answers.length) item.first = at;
    item.answers.push({ candidate: data.candidates[candidate], finish,
      drawn: several ? ` · sample ${sample + 1}` : "", marks: own.map((mark) => marks[mark]) });
  });
  const answerOf = (item, candidate) => item.answers.find((a) => a.candidate === candidate);
  const markOf = (answer, metric) => answer && answer.marks.find((m) => m.metric.name === metric);
  const classOf = (mark) => (mark.state === 2 ? "error" : mark.label);

  // ---------------------------------------------------------------- texts, loaded when asked for
  const texts = new Map();
  async function read(place) {
    if (!texts.has(place)) {
      const { strings, passages, cases: heads, answers } = await caseData.part(place);
      const own = cases.slice(starts[place], starts[place] + sizes[place]);
      const offset = (own.find((item) => item.answers.length) || { first: 0 }).first;
      own.forEach((item, at) => {
        item.texts = {
          input: strings[heads[at][0]], reference: strings[heads[at][1]],
          answers: item.answers.map((_, nth) => {
            const [text, reasons, read_] = answers[item.first - offset + nth];
            return { text: strings[text], reasons: reasons.map((reason) => strings[reason]),
              passages: read_ };
          }),
          passages: (at_) => passages[at_].map((string) => strings[string]),
        };
      });
      texts.set(place, true);
    }
  }

  // what a search looks through, made once and in slices so that nothing waits for it
  async function readAll(say) {
    for (let place = 0; place < sizes.length; place += 1) {
      if (!texts.has(place) && sizes.length > 1) say(place);
      await read(place);
    }
    let until = performance.now() + 30;
    for (const item of cases) {
      if (item.low) continue;
      item.low = [item.id, item.texts.input, item.texts.reference].join("\n").toLowerCase();
      item.texts.answers.forEach((answer) => { answer.low = answer.text.toLowerCase(); });
      if (performance.now() > until) { await pause(); until = performance.now() + 30; }
    }
  }

  function show(mark) {
    if (mark.state) return STATES[mark.state];
    const { unit, binary } = mark.metric;
    const round = (value) => String(Number(value.toPrecision(3)));
    const value = mark.value === null ? "" : binary ? (mark.value ? "yes" : "no")
      : unit === "share" ? `${round(mark.value * 100)} %` : `${round(mark.value)} ${unit}`;
    return mark.label ? `${value} (${mark.label})` : value;
  }

  // ---------------------------------------------------------------- filters
  function duel(item, filter, against) {
    const mine = answerOf(item, filter.candidate);
    const other = answerOf(item, against);
    if (!mine || !other) return "";
    const wanted = filter.metric
      ? [filter.metric] : mine.marks.filter((m) => m.metric.headline).map((m) => m.metric.name);
    let result = "";
    for (const name of wanted) {
      const [a, b] = [markOf(mine, name), markOf(other, name)];
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
    // a need may rest on several slices: "exposures-1 or exposures-2"
    if (filter.slice && !item.tags.includes(filter.slice)
      && !filter.slice.split(" or ").some((tag) => item.tags.includes(tag))) return false;
    const mine = (answer) => !filter.candidate || answer.candidate === filter.candidate;
    const answers = item.answers.filter(mine);
    if (filter.candidate && !answers.length) return false;
    if (filter.metric && !answers.some((a) => markOf(a, filter.metric))) return false;
    if (filter.label && !answers.some((a) => a.marks.some((mark) =>
      (!filter.metric || mark.metric.name === filter.metric) && mark.state !== 1
      && classOf(mark) === filter.label))) return false;
    if (filter.against && !answerOf(item, filter.against)) return false;
    if (filter.result && filter.candidate) {
      const result = duel(item, filter, filter.against || data.base);
      if (filter.result === "differ" ? !["win", "loss"].includes(result) : result !== filter.result)
        return false;
    }
    if (filter.disagree && !disagrees(item, filter)) return false;
    if (!filter.q) return true;
    const q = filter.q.toLowerCase();
    return item.low.includes(q) || item.texts.answers.some((answer, at) =>
      mine(item.answers[at]) && answer.low.includes(q));
  }

  function numbers(found, filter) {
    const value = (item, name) => markOf(answerOf(item, name), filter.metric)?.value ?? null;
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
    if (filter.id && !found.length) return `No case ${filter.id} in this run.`;
    const parts = [`${found.length} of ${cases.length} cases`];
    const picked = KEYS.filter((key) => filter[key]).map((key) => `${key} ${filter[key]}`);
    if (filter.disagree) picked.push(`disagrees with ${data.base}`);
    if (filter.q) picked.push(`“${filter.q}”`);
    if (filter.id) picked.push(`case ${filter.id}`);
    if (picked.length) parts.push(picked.join(", "));
    if (filter.metric && filter.candidate) parts.push(...numbers(found, filter));
    return parts.join(" · ");
  }

  // ---------------------------------------------------------------- one case
  const caseView = makeCaseView({ make, apart, show, read, absent, data, LONG_TEXT });

  function caseElement(item, filter) {
    const element = make("details", "case");
    element.dataset.id = item.id;
    const first = make("bdi", "first", item.head);
    const head = make("summary", "", make("b", "", apart(item.id)), first);
    for (const name of new Set([filter.candidate, filter.against].filter(Boolean))) {
      const mark = filter.metric && markOf(answerOf(item, name), filter.metric);
      if (mark) head.append(make("span", "tag", apart(name), `: ${show(mark)}`));
    }
    element.append(head);
    element.addEventListener("toggle", () => {
      if (element.open && element.children.length === 1) caseView(element, item, filter);
    });
    return element;
  }

  // ---------------------------------------------------------------- state: the address is it
  let [filter, found, shown, turn] = [{}, [], 0, 0];

  function grow() {
    const rows = found.slice(shown, shown + PAGE).map((item) => caseElement(item, filter));
    list.append(...rows);
    shown += rows.length;
    more.hidden = shown >= found.length;
    more.textContent = `Show more (${found.length - shown} left)`;
  }

  function options(select, names, chosen, first) {
    const all = chosen && !names.includes(chosen) ? [...names, chosen] : names;
    const wanted = JSON.stringify([first, ...all]);
    if (select.dataset.names !== wanted) {
      select.replaceChildren(new Option(first, ""), ...all.map((name) => new Option(name, name)));
      select.dataset.names = wanted;
    }
    select.value = chosen || "";
  }

  // metrics, classes and tags of a task, looked up once
  const offered = new Map();
  function offer(task) {
    if (!offered.has(task)) {
      const own = cases.filter((item) => !task || item.task === task);
      const kinds = new Set();
      const tags = new Set();
      for (const item of own) {
        for (const tag of item.tags) tags.add(tag);
        for (const answer of item.answers) for (const mark of answer.marks) kinds.add(mark);
      }
      offered.set(task, { kinds: [...kinds], tags: [...tags].sort() });
    }
    return offered.get(task);
  }

  function controls() {
    const { kinds, tags } = offer(filter.task || "");
    const sorted = (names) => [...new Set(names)].filter(Boolean).sort();
    const labelled = kinds.filter((mark) => !filter.metric || mark.metric.name === filter.metric);
    options(byId("f-task"), data.tasks, filter.task, "all tasks");
    options(byId("f-candidate"), data.candidates, filter.candidate, "all candidates");
    options(byId("f-against"), data.candidates, filter.against, "nobody");
    options(byId("f-metric"), sorted(kinds.map((mark) => mark.metric.name)), filter.metric, "any");
    options(byId("f-label"), sorted(labelled.map(classOf)), filter.label, "any");
    options(byId("f-slice"), tags, filter.slice, "all");
    byId("f-result").value = filter.result || "";
    byId("f-mark").value = filter.mark || "";
    byId("f-disagree").checked = Boolean(filter.disagree);
    if (document.activeElement !== search) search.value = filter.q || "";
  }

  async function refresh() {
    const mine = (turn += 1);
    controls();
    if (filter.q) {
      const failure = await readAll((place) => {
        counted.textContent = `Searching: loading part ${place + 1} of ${sizes.length} …`;
      }).then(() => null, absent);
      if (mine !== turn) return false;
      if (failure) { counted.textContent = failure; return false; }
    }
    found = cases.filter((item) => matches(item, filter));
    list.replaceChildren();
    shown = 0;
    grow();
    counted.textContent = summary(found, filter);
    return true;
  }

  function decode(text) {
    try { return decodeURIComponent(text); } catch { return text; }
  }

  async function follow(jump) {
    const hash = location.hash;
    const open = jump ? [] : [...list.querySelectorAll(".case[open]")].map((one) => one.dataset.id);
    if (hash.startsWith("#case-")) filter = { id: decode(hash.slice(6)) };
    else if (hash.startsWith("#cases")) filter = Object.fromEntries(new URLSearchParams(hash.slice(7)));
    else if (list.childElementCount) return;
    if (!await refresh()) return;
    // who marks or filters otherwise reads on in what was open
    for (const item of list.children) if (open.includes(item.dataset.id)) item.open = true;
    if (!jump || !hash.startsWith("#case")) return;
    if (filter.id || found.length === 1) [...list.children].forEach((item) => { item.open = true; });
    byId("cases").scrollIntoView();
    byId("cases").focus({ preventScroll: true });
  }

  // typing replaces the address, a choice adds to the history: back undoes it
  function change(typed) {
    const next = new URLSearchParams();
    for (const key of [...KEYS, "mark"])
      if (byId(`f-${key}`).value) next.set(key, byId(`f-${key}`).value);
    if (byId("f-disagree").checked) next.set("disagree", "1");
    if (search.value.trim()) next.set("q", search.value.trim());
    history[typed ? "replaceState" : "pushState"](null, "", `#cases?${next}`);
    follow(false);
  }

  // ---------------------------------------------------------------- keys
  function step(by) {
    const rows = [...list.children];
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    if (at === rows.length - 1 && by > 0 && !more.hidden) grow();
    const next = list.children[Math.max(0, at + by)];
    if (!next) return;
    const head = next.querySelector("summary");
    if (at >= 0 && rows[at] !== next && rows[at].open) {
      rows[at].open = false;
      next.open = true;
    }
    head.focus({ preventScroll: true });
    next.scrollIntoView({ block: next.open ? "start" : "nearest" });
  }

  function escapes(target) {
    const open = target.closest && target.closest("details.case[open]");
    if (target === search) { search.value = ""; change(true); search.blur(); byId("cases").focus(); }
    else if (open) { open.open = false; open.querySelector("summary").focus(); }
    else return false;
    return true;
  }

  addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const inCases = byId("cases").contains(target);
    const onRow = target.matches && target.matches("#browse-list > details > summary");
    const typing = target.matches && target.matches("input, select, textarea");
    let used = true;
    if (key === "Escape" && inCases) used = escapes(target);
    else if (onRow && (key === "ArrowDown" || key === "ArrowUp")) step(key === "ArrowDown" ? 1 : -1);
    else if (typing || !keys.checked) used = false;
    else if (key === "/") { byId("cases").scrollIntoView(); search.focus(); search.select(); }
    else if (inCases && (key === "j" || key === "k")) step(key === "j" ? 1 : -1);
    else used = false;
    if (used) event.preventDefault();
  });

  document.querySelector(".filters").hidden = false;
  document.querySelector(".keys").hidden = false;
  byId("f-base").textContent = data.base || "the base";
  for (const key of [...KEYS, "mark", "disagree"])
    byId(`f-${key}`).addEventListener("change", () => change(false));
  let timer = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => change(true), 120);
  });
  byId("f-clear").addEventListener("click", () => {
    history.pushState(null, "", "#cases");
    follow(false);
  });
  more.addEventListener("click", grow);
  addEventListener("hashchange", () => follow(true));
  await follow(true);
})();
