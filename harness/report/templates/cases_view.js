// One case: input, reference, passages, every answer side by side, each score with its reason.
function makeCaseView({ make, apart, show, read, absent, data, LONG_TEXT }) {
  // a text of a megabyte would hold up the page: its end comes when asked for
  function said(text, runs) {
    const body = make("p", "said-text");
    body.dir = "auto";
    if (runs) for (const [kind, words] of runs)
      body.append(kind === "same" ? words : make(kind, "", words));
    else body.append(text.slice(0, LONG_TEXT) || "(nothing)");
    if (runs || text.length <= LONG_TEXT) return [body];
    const whole = make("button", "", `Show all ${text.length.toLocaleString("en")} characters`);
    whole.type = "button";
    whole.addEventListener("click", () => { body.textContent = text; body.tabIndex = 0; whole.remove(); });
    return [body, whole];
  }

  function block(title, text) {
    return make("div", "", make("h3", "", ...title), ...said(text));
  }

  function scoreRows(own) {
    const rows = make("ul", "scores");
    for (const { mark, reason } of own)
      rows.append(make("li", "", make("b", "", `${mark.metric.name}: ${show(mark)}`),
        reason ? make("bdi", "why", ` ${reason}`) : undefined));
    return rows;
  }

  function marked(text, other) {
    if (!other || text.length + other.text.length > LONG_TEXT) return { note: "", runs: null };
    const runs = wordDiff(other.text, text);
    const what = `compared with ${other.name}`;
    if (!runs) return { note: `${what}: too little in common to mark`, runs };
    const differ = runs.some(([kind]) => kind !== "same");
    return { note: differ ? what : `${what}: the same words`, runs };
  }

  function answerBox(answer, texts, filter, other) {
    const asked = [filter.candidate, filter.against].includes(answer.candidate);
    const box = make("div", asked ? "one asked" : "one");
    const cut = ["", " (cut at the token limit)", " (error)"][answer.finish];
    box.append(make("h3", "", apart(answer.candidate), `${answer.drawn}${cut}`));
    const { note, runs } = marked(texts.text, other);
    box.append(...said(texts.text, runs));
    if (note) box.append(make("p", "against", note));
    const own = answer.marks.map((mark, at) => ({ mark, reason: texts.reasons[at] }));
    const order = ({ mark }) =>
      (mark.metric.name === filter.metric ? 0 : mark.metric.headline ? 1 : 2);
    const first = own.filter((one) => order(one) < 2).sort((a, b) => order(a) - order(b));
    const rest = own.filter((one) => order(one) === 2);
    if (first.length) box.append(scoreRows(first));
    if (rest.length) {
      const words = `${rest.length} ${first.length ? "more " : ""}scores`;
      box.append(make("details", "", make("summary", "", words), scoreRows(rest)));
    }
    return box;
  }

  function contexts(item) {
    const seen = new Map();
    item.texts.answers.forEach(({ passages }, at) => {
      for (const place of passages)
        seen.set(place, [...(seen.get(place) || []), item.answers[at].candidate]);
    });
    if (!seen.size) return [];
    const fold = make("details", "read", make("summary", "", `Passages read (${seen.size})`));
    for (const [place, names] of seen) {
      const [from, title, text] = item.texts.passages(place);
      const head = [apart(title || from), " [", apart(from), "], read by ", apart(names.join(", "))];
      fold.append(block(head, text));
    }
    return [fold];
  }

  // what an answer is held against: the reference, the base (or whom the filter names), nothing
  function otherOf(item, answer, filter) {
    const name = filter.against || data.base;
    if (filter.mark === "none" || (filter.mark === "base" && answer.candidate === name)) return null;
    if (filter.mark !== "base") {
      const text = item.texts.reference;
      return text ? { name: "the reference", text } : null;
    }
    const at = item.answers.findIndex((one) => one.candidate === name);
    return at < 0 ? null : { name, text: item.texts.answers[at].text };
  }

  function fill(body, item, filter) {
    const about = make("p", "note", item.task);
    for (const words of [...item.tags, item.notes].filter(Boolean)) about.append(" · ", apart(words));
    body.append(about, block(["Input"], item.texts.input));
    body.append(block(["Reference"], item.texts.reference), ...contexts(item));
    body.append(make("h3", "", "Answers"));
    if (filter.mark !== "none")
      body.append(make("p", "note", make("ins", "", "only in the answer"), " · ",
        make("del", "", "only in what it is compared with")));
    const grid = make("div", "answers");
    const rank = (place) => {
      const { candidate } = item.answers[place];
      return candidate === filter.candidate ? 0 : candidate === (filter.against || data.base) ? 1 : 2;
    };
    const places = item.answers.map((_, place) => place).sort((a, b) => rank(a) - rank(b));
    for (const place of places) {
      const answer = item.answers[place];
      const other = otherOf(item, answer, filter);
      grid.append(answerBox(answer, item.texts.answers[place], filter, other));
    }
    const link = make("a", "note", "Link to this case");
    link.href = `#case-${encodeURIComponent(item.id)}`;
    body.append(grid, link);
  }

  // a text that scrolls within its box is reached by the keyboard; in a closed fold none does yet
  function reachable(body) {
    for (const text of body.querySelectorAll(".said-text"))
      if (text.scrollHeight > text.clientHeight) text.tabIndex = 0;
  }

  return async (element, item, filter) => {
    const body = make("div", "body");
    element.append(body);
    if (!item.texts) {
      body.append(make("p", "note", "Loading …"));
      const failure = await read(item.part).then(() => "", absent);
      body.replaceChildren();
      if (failure) {
        body.append(make("p", "note", failure));
        return;
      }
    }
    fill(body, item, filter);
    reachable(body);
    body.addEventListener("toggle", () => reachable(body), { capture: true });
  };
}
