// The words of an answer against another text: what only one of them has.
const wordDiff = (() => {
  const TOKEN = /\s+|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}\p{N}_]+|[^\s]/gu;
  const MOST = 1_000_000;
  const ALIKE = 0.25;

  // words with the white space before each
  function words(text) {
    const found = [];
    let space = "";
    for (const token of text.match(TOKEN) || []) {
      if (/^\s/.test(token)) space += token;
      else { found.push({ token, space }); space = ""; }
    }
    return { found, space };
  }

  // the length of the longest common subsequence from each pair of places on
  function lengths(a, b) {
    const width = b.length + 1;
    const table = new Uint16Array((a.length + 1) * width);
    for (let i = a.length - 1; i >= 0; i -= 1)
      for (let j = b.length - 1; j >= 0; j -= 1)
        table[i * width + j] = a[i].token === b[j].token ? table[(i + 1) * width + j + 1] + 1
          : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    return table;
  }

  function inner(a, b, push) {
    const table = lengths(a, b);
    const width = b.length + 1;
    let [i, j] = [0, 0];
    while (i < a.length || j < b.length) {
      if (i < a.length && j < b.length && a[i].token === b[j].token) {
        push("same", b[j]);
        i += 1;
        j += 1;
      } else if (i < a.length
        && (j === b.length || table[(i + 1) * width + j] >= table[i * width + j + 1])) {
        push("del", a[i]);
        i += 1;
      } else {
        push("ins", b[j]);
        j += 1;
      }
    }
  }

  // [["same" | "ins" | "del", text]] from one text to another; null where marks would not help
  return (from, to) => {
    if (from.length + to.length > MOST) return null;
    const [old, now] = [words(from), words(to)];
    const [a, b] = [old.found, now.found];
    let start = 0;
    while (start < a.length && start < b.length && a[start].token === b[start].token) start += 1;
    let end = 0;
    while (end < a.length - start && end < b.length - start
      && a[a.length - 1 - end].token === b[b.length - 1 - end].token) end += 1;
    if ((a.length - start - end) * (b.length - start - end) > MOST) return null;
    const runs = [];
    let same = 0;
    const push = (kind, { token, space }) => {
      const last = runs[runs.length - 1];
      same += kind === "same";
      if (last && last[0] === kind) last[1] += space + token;
      else {
        if (space && last) runs.push(["same", space]);
        runs.push([kind, last ? token : space + token]);
      }
    };
    for (const item of b.slice(0, start)) push("same", item);
    inner(a.slice(start, a.length - end), b.slice(start, b.length - end), push);
    for (const item of b.slice(b.length - end)) push("same", item);
    if (now.space) runs.push(["same", now.space]);
    return 2 * same < ALIKE * (a.length + b.length) ? null : runs;
  };
})();
