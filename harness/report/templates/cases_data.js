"use strict";
// Reads what harness/report/casedata.py and packing.py wrote, in the page or in the folder beside it.
const caseData = (() => {
  const SHORT = 200;
  const LONG = 254;
  const raw = JSON.parse(document.getElementById("data").textContent);
  const beside = raw.beside || null;
  const waiting = new Map();

  const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%/()*+-;,=.?@^_`{|}~";

  // five digits of base 85 are four bytes; the last group may be shorter
  function bytesOf(text) {
    const values = new Uint8Array(128);
    for (let at = 0; at < 85; at += 1) values[DIGITS.charCodeAt(at)] = at;
    const bytes = new Uint8Array(Math.ceil(text.length / 5) * 4);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < text.length; at += 5) {
      let number = 0;
      for (let next = at; next < at + 5; next += 1)
        number = number * 85 + (next < text.length ? values[text.charCodeAt(next)] : 84);
      view.setUint32(at / 5 * 4, number);
    }
    return bytes.subarray(0, Math.floor(text.length * 4 / 5));
  }

  async function inflate(text) {
    const stream = new Blob([bytesOf(text)]).stream()
      .pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // in slices: a reader who types meanwhile does not wait for all of it
  async function decode(words, first, more) {
    const texts = [];
    let text = "";
    let at = 0;
    let until = performance.now() + 30;
    for (const byte of first) {
      if (byte === LONG && performance.now() > until) {
        await new Promise((done) => { setTimeout(done); });
        until = performance.now() + 30;
      }
      if (byte < SHORT) text += words[byte];
      else if (byte === LONG) { texts.push(text); text = ""; }
      else if (byte < LONG) {
        text += words[SHORT + (byte - SHORT) * 256 + more[at]];
        at += 1;
      } else {
        text += words[more[at] * 65536 + more[at + 1] * 256 + more[at + 2]];
        at += 3;
      }
    }
    return texts;
  }

  async function unpack(item) {
    if (!item.packed) return item;
    const [rest, first, more] = await Promise.all(
      [item.packed, item.first, item.more].map(inflate));
    const { words, ...data } = JSON.parse(new TextDecoder().decode(rest));
    return { ...data, strings: await decode(words, first, more) };
  }

  // what a file beside the page calls with its own content; another run's file is not taken
  globalThis.benchCases = (run, name, item) => {
    if (beside && run === beside.run && waiting.has(name)) waiting.get(name)(item);
  };

  function file(name) {
    return new Promise((done, fail) => {
      waiting.set(name, done);
      const element = document.createElement("script");
      element.src = `${beside.folder}/${name}.js`;
      element.onload = () => fail(new Error(`${beside.folder}/${name}.js is of another run`));
      element.onerror = () => fail(new Error(`${beside.folder}/${name}.js cannot be read`));
      document.head.append(element);
    }).finally(() => waiting.delete(name)).then(unpack);
  }

  const sizes = beside ? beside.sizes : null;
  const loaded = new Map();
  return {
    beside,
    indexed: Boolean(raw.index),
    index: () => (raw.index ? unpack(raw.index) : file("index")),
    sizes: (cases) => sizes || [cases],
    part(place) {
      if (!loaded.has(place)) {
        const found = beside ? file(String(place).padStart(4, "0")) : unpack(raw.parts[place]);
        loaded.set(place, found);
        found.catch(() => loaded.delete(place));
      }
      return loaded.get(place);
    },
  };
})();
