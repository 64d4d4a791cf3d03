"use strict";
/* The search of a transcript. It reads no file: from a folder a page may not, but it may add scripts, and every
   file of the index is a script that calls `exeunt` with what it holds. `words.py` cuts texts the same way. */
(() => {
  const UNPARTED = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"].map((s) => `\\p{sc=${s}}`).join("");
  const WORD = `(?:(?![${UNPARTED}])[\\p{L}\\p{N}])`;
  const TOKEN = new RegExp(`[${UNPARTED}]|[\\p{So}\\p{Sc}]|${WORD}+`, "gu");
  const RUN = new RegExp(`[${UNPARTED}]+|[\\p{So}\\p{Sc}]|${WORD}+`, "gu");
  const SHOWN = new RegExp(`[${UNPARTED}\\p{M}]+|[\\p{So}\\p{Sc}]|(?:(?![${UNPARTED}])[\\p{L}\\p{N}\\p{M}])+`, "gu");
  const SINGLE = new RegExp(`^[${UNPARTED}\\p{So}\\p{Sc}]`, "u");
  const ASCII = /^[\x00-\x7f]*$/;
  const BUCKETS = 31;
  const STEPS = [];
  for (let code = 0x21; code < 0x7e; code++) if (!"\"/\\".includes(String.fromCharCode(code))) STEPS[code] = Object.keys(STEPS).length + 1;
  const PAGE = 50;
  const AHEAD = 4;
  const KEPT = { w: 64, t: 12 };
  const SNIPPET = 320;

  const fold = (text) => ASCII.test(text) ? text.toLowerCase()
    : text.normalize("NFKD").toLowerCase().replace(/\p{M}+/gu, "").replaceAll("ς", "σ");
  const bucket = (head) => (5 * head[0].codePointAt(0) + (head[1] ? head[1].codePointAt(0) : 0)) % BUCKETS;

  /* Files of the index, each a script that is added, calls back and is removed again. */
  const waiting = new Map();
  const kept = { w: new Map(), t: new Map() };
  let catalog = [];
  window.exeunt = (name, ...content) => {
    if (name === "catalog") catalog = content[0];
    else waiting.get(name)?.(content);
  };
  function load(name) {
    const kind = name[name.indexOf("/") + 1], held = kept[kind];
    let file = held.get(name);
    if (file) held.delete(name);
    else file = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      const done = (finish, value) => { waiting.delete(name); script.remove(); finish(value); };
      waiting.set(name, (content) => done(resolve, content));
      script.onerror = () => { held.delete(name); done(reject, new Error(`search/${name}.js is missing`)); };
      script.src = `search/${name}.js`;
      document.head.append(script);
    });
    held.set(name, file);
    if (held.size > KEPT[kind]) held.delete(held.keys().next().value);
    return file;
  }

  /* What is asked: tokens to look up, and tests that a message must pass: a part it has, and where it may stand. */
  function ask(text) {
    const tokens = new Set(), tests = [], marks = [];
    const contains = (part) => ({ part, fits: () => true });
    for (const [, , phrase, chunk] of text.matchAll(/(["“”„])(.*?)["“”]|(\S+)/g)) {
      const folded = fold(phrase ?? chunk).trim();
      for (const token of folded.match(TOKEN) ?? []) tokens.add(token);
      if (phrase !== undefined) { if (folded) { tests.push(contains(folded)); marks.push(...(folded.match(RUN) ?? [])); } continue; }
      for (const run of folded.match(RUN) ?? []) { tests.push(SINGLE.test(run) ? contains(run) : begins(run)); marks.push(run); }
    }
    const literal = fold(text).trim();
    if (!tests.length && literal) tests.push(contains(literal));
    return { tokens: [...tokens], tests, marks };
  }
  function begins(part) {
    const end = [...part].length === 1 ? `(?!${WORD})` : "";
    const pattern = new RegExp(`(?<!${WORD})${part}${end}`, "u");
    return { part, fits: (line) => pattern.test(line) };
  }

  /* The blocks of a shard that may hold all tokens: 1 for each of them. */
  async function candidates(shard, blocks, tokens) {
    let all = null;
    const files = await Promise.all(tokens.map((token) => load(`${shard}/w${bucket([...token].slice(0, 2))}`)));
    tokens.forEach((token, at) => {
      const found = lookup(files[at][0], token, blocks);
      all = all ? all.map((one, block) => one & found[block]) : found;
    });
    return all ?? new Uint8Array(blocks).fill(1);
  }
  function lookup(lines, token, blocks) {
    const found = new Uint8Array(blocks);
    const start = `/${token}${[...token].length === 1 ? " " : ""}`;
    for (let at = lines.indexOf(start); at >= 0 && lines.startsWith(start, at);) {
      const end = lines.indexOf("/", at + 1);
      let block = -1;
      for (let n = lines.indexOf(" ", at) + 1; n < end; n++) {
        if (lines[n] === "~") { block += 90; continue; }
        block += STEPS[lines.charCodeAt(n)];
        found[block] = 1;
      }
      at = end;
    }
    return found;
  }

  /* The messages of a block that pass all tests. Most blocks are done with before a line of them is looked at. */
  function scan([meta, text], tests) {
    const folded = fold(text), names = fold(meta);
    if (!tests.every(({ part }) => folded.includes(part) || names.includes(part))) return [];
    const lines = text.split(" \n "), foldedLines = folded.split(" \n "), metas = meta.split("\n"), hits = [];
    const passes = ({ part, fits }, line, name) => (line.includes(part) && fits(line)) || (name.includes(part) && fits(name));
    let page = "", room = "", number = 0, second = 0, at = 0, known = "", knownFolded = "";
    for (let n = 0; n < metas.length; n++) {
      if (metas[n][0] === ">") { page = metas[n].slice(1); room = metas[++n]; continue; }
      const one = metas[n].indexOf(" "), two = metas[n].indexOf(" ", one + 1), name = metas[n].slice(two + 1);
      number += +metas[n].slice(0, one);
      second += +metas[n].slice(one + 1, two);
      if (name !== known) knownFolded = fold(known = name);
      const line = foldedLines[at];
      if (tests.every((test) => passes(test, line, knownFolded))) hits.push({ page, room, number, second, name, text: lines[at] });
      at++;
    }
    return hits;
  }

  async function* results(asked) {
    const ahead = catalog.slice(0, 2).map(([shard, blocks]) => candidates(shard, blocks, asked.tokens));
    for (let n = 0; n < catalog.length; n++) {
      const shard = catalog[n][0];
      if (catalog[n + 2]) ahead[n + 2] = candidates(...catalog[n + 2], asked.tokens);
      const blocks = [...await ahead[n]].flatMap((may, block) => may ? [block] : []);
      ahead[n] = null;
      for (let at = 0; at < blocks.length; at++) {
        for (const block of blocks.slice(at + 1, at + AHEAD)) load(`${shard}/t${block}`).catch(() => {});
        yield scan(await load(`${shard}/t${blocks[at]}`), asked.tests);
      }
    }
  }

  /* The page. Text of messages is only ever set as text. */
  const $ = (id) => document.getElementById(id);
  const element = (tag, text, more) => Object.assign(document.createElement(tag), { textContent: text }, more);
  function shown(hit, marks) {
    const item = document.createElement("li");
    const head = element("a", "", { href: `${hit.page}#m${hit.number}` });
    const when = new Date(hit.second * 1000).toISOString();
    head.append(element("b", hit.name), " ", element("bdi", hit.room), " ",
      element("time", `${when.slice(0, 10)} ${when.slice(11, 16)}`, { dateTime: when }));
    const text = element("p", "", { dir: "auto" });
    text.append(...snippet(hit.text, marks));
    item.append(head, text);
    return item;
  }
  function snippet(text, marks) {
    const places = [];
    for (const found of text.matchAll(SHOWN)) {
      const folded = fold(found[0]);
      if (marks.some((mark) => SINGLE.test(mark) ? folded.includes(mark) : folded.startsWith(mark))) places.push([found.index, found.index + found[0].length]);
    }
    let start = Math.max(0, (places[0]?.[0] ?? 0) - 80);
    if (start) start = text.lastIndexOf(" ", start) + 1;
    const end = Math.min(text.length, start + SNIPPET), parts = [];
    if (start) parts.push("… ");
    let at = start;
    for (const [from, to] of places) {
      if (to > end) break;
      parts.push(text.slice(at, from), element("mark", text.slice(from, to)));
      at = to;
    }
    parts.push(text.slice(at, end));
    if (end < text.length) parts.push(" …");
    return parts;
  }

  let run = 0;
  let next = null;
  async function search() {
    const mine = ++run, text = $("q").value.trim();
    next = null;
    $("found").replaceChildren();
    $("more").hidden = true;
    $("state").textContent = "";
    document.body.classList.remove("busy");
    if (!text) return;
    const asked = ask(text), stream = results(asked);
    let total = 0, rest = [];
    next = async () => {
      $("more").hidden = true;
      document.body.classList.add("busy");
      let room = PAGE, ended = false;
      try {
        while (room > 0) {
          if (!rest.length) {
            const step = await stream.next();
            if (mine !== run) return;
            if (step.done) { ended = true; break; }
            rest = step.value;
          }
          const part = rest.splice(0, room);
          room -= part.length;
          total += part.length;
          $("found").append(...part.map((hit) => shown(hit, asked.marks)));
          if (part.length) $("state").textContent = `${total} found so far …`;
        }
      } catch (error) {
        if (mine === run) $("state").textContent = `The search is incomplete: ${error.message}. Unpack every part of the archive into one folder.`;
        return;
      } finally {
        if (mine === run) document.body.classList.remove("busy");
      }
      $("state").textContent = ended ? (total ? `${total} found.` : "Nothing was found.") : `The first ${total}.`;
      $("more").hidden = ended;
    };
    await next();
  }

  document.addEventListener("DOMContentLoaded", () => {
    let timer = 0;
    const go = () => {
      clearTimeout(timer);
      try { history.replaceState(null, "", $("q").value ? `?q=${encodeURIComponent($("q").value)}` : "?"); } catch { /* some browsers keep a folder's addresses as they are */ }
      search();
    };
    $("ask").addEventListener("submit", (event) => { event.preventDefault(); go(); });
    $("q").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(go, 250); });
    $("more").addEventListener("click", () => next?.());
    $("q").value = new URLSearchParams(location.search).get("q") ?? "";
    if ($("q").value) search();
  });
})();
