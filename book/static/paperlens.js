// What the pages do beyond HTML: quizzes as forms, guesses kept on this machine, dividers, search, formulas copied as LaTeX.
(() => {
"use strict";

const make = (tag, classes, text) => {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  if (text) element.textContent = text;
  return element;
};

// What the reader did is kept in this browser alone: chapter -> {done: [ids], of: count, at: time}.
const kept = (name, value) => {
  try {
    if (value !== undefined) localStorage.setItem(`paperlens ${name}`, JSON.stringify(value));
    return JSON.parse(localStorage.getItem(`paperlens ${name}`));
  } catch { return null; /* private windows keep nothing */ }
};
const CHAPTER = document.querySelector("p.pl-progress")?.dataset.chapter;
const tell = (line, { done, of }) => { line.textContent = done.length ? `${done.length} of ${of} questions answered` : ""; };
function answered(id) {
  if (!CHAPTER) return;
  const state = kept(`chapter ${CHAPTER}`) ?? { done: [] };
  state.of = document.querySelectorAll(".pl-quiz, .pl-predict").length;
  state.at = Date.now();
  if (id && !state.done.includes(id)) state.done.push(id);
  if (state.done.length) kept(`chapter ${CHAPTER}`, state);
  tell(document.querySelector("p.pl-progress"), state);
}
function overview() {
  const cards = [...document.querySelectorAll("a.pl-card[data-chapter]")].map((card) => [card, kept(`chapter ${card.dataset.chapter}`)]);
  const begun = cards.filter(([, state]) => state?.done.length);
  for (const [card, state] of begun) tell(card.querySelector(".pl-progress"), state);
  const last = begun.sort(([, a], [, b]) => b.at - a.at)[0];
  if (last && last[1].done.length < last[1].of) last[0].querySelector(".pl-progress").textContent += ": go on here";
}

// Folds become a form: choose, then check. Without JavaScript the folds stay and work.
function form(quiz) {
  const folds = [...quiz.querySelectorAll(":scope > details.pl-option")];
  const many = folds.filter((fold) => fold.dataset.right === "true").length > 1;
  const name = quiz.id;
  const field = make("fieldset");
  const legend = make("legend");
  const say = make("p", "pl-say");
  say.setAttribute("role", "status");
  say.setAttribute("aria-live", "polite");
  const question = quiz.querySelector(":scope > .pl-question");
  legend.append(...question.childNodes);
  if (many) legend.append(make("p", "pl-facts", "More than one is right."));
  question.remove();
  field.append(legend);
  const options = folds.map((fold, number) => {
    const option = make("div", "pl-option");
    option.dataset.right = fold.dataset.right;
    const label = make("label", "pl-choice");
    const input = make("input");
    input.type = many ? "checkbox" : "radio";
    input.name = name;
    const text = make("span");
    text.append(...fold.querySelector("summary").childNodes);
    label.append(input, text);
    const why = fold.querySelector(".pl-why");
    why.id = `${name}-why-${number}`;
    why.hidden = true;
    option.append(label, why);
    fold.remove();
    field.append(option);
    return { option, input, why, right: fold.dataset.right === "true" };
  });
  const reveal = (shown) => {
    for (const one of options) {
      one.why.hidden = !shown(one);
      if (shown(one)) one.input.setAttribute("aria-describedby", one.why.id);
      else one.input.removeAttribute("aria-describedby");
    }
  };
  const check = make("button", "pl-button", "Check");
  check.type = "button";
  check.addEventListener("click", () => {
    const chosen = options.filter((one) => one.input.checked);
    if (!chosen.length) {
      say.textContent = "Choose an answer first.";
      return;
    }
    reveal((one) => one.input.checked);
    const right = options.every((one) => one.input.checked === one.right);
    kept(`quiz ${quiz.dataset.quiz}`, options.map((one) => one.input.checked));
    if (right) answered(quiz.dataset.quiz);
    say.textContent = right ? "Right." : chosen.every((one) => one.right) ? "Right so far; one is missing." : "Not yet. Read why, and choose again.";
    say.style.color = right ? "var(--pl-good)" : "var(--pl-bad)";
  });
  const all = make("button", "pl-button pl-quiet", "Explain every option");
  all.type = "button";
  all.addEventListener("click", () => {
    reveal(() => true);
    say.textContent = "All explanations are open.";
    say.style.color = "inherit";
  });
  const bar = make("div", "pl-bar");
  bar.append(check, all, say);
  quiz.append(field, bar);
  kept(`quiz ${quiz.dataset.quiz}`)?.forEach((was, number) => { if (options[number]) options[number].input.checked = was; });
}

// A guess is kept in this browser, and the outcome asks for one first.
function guess(box) {
  const area = make("textarea", "pl-guess");
  const key = `paperlens ${box.dataset.predict}`;
  area.setAttribute("aria-label", "Your guess, kept in this browser alone");
  area.placeholder = "Write your guess, then run the cells and open what happens.";
  try { area.value = localStorage.getItem(key) || ""; } catch { /* private windows keep nothing */ }
  area.addEventListener("input", () => { try { localStorage.setItem(key, area.value); } catch { /* as above */ } if (area.value.trim()) answered(box.dataset.predict); });
  box.querySelector(".pl-outcome").before(area);
}

// Names for what the theme and the notebook renderer leave without one (axe-core: summary-name, aria-deprecated-role, scrollable-region-focusable).
function names() {
  for (const summary of document.querySelectorAll("details.hide > summary")) summary.removeAttribute("aria-label");
  for (const entry of document.querySelectorAll(".citation-list, [role=doc-biblioentry]")) entry.removeAttribute("role");
  for (const summary of document.querySelectorAll("nav details > summary")) summary.setAttribute("aria-label", "Pages below");
  for (const area of document.querySelectorAll(".cell_output .output pre, .highlight pre, div.output_area")) if (area.scrollWidth > area.clientWidth) area.tabIndex = 0;
}

// Search: Pagefind and its index are loaded when someone puts the cursor into a field. Chapters first, then the book, then the code.
const KINDS = [["chapter", "Chapters"], ["book", "The book"], ["code", "Code"]];
let pagefind = null;
function engine() {
  pagefind ??= import(new URL(`${document.documentElement.dataset.content_root}pagefind/pagefind.js`, location.href));
  return pagefind;
}

function search(field) {
  const input = field.querySelector("input[type=search]");
  let shown = document.getElementById("search-results");
  if (!shown || field.closest("dialog")) {
    shown = make("div", "pl-found");
    shown.setAttribute("role", "status");
    shown.setAttribute("aria-live", "polite");
    field.after(shown);
  }
  const most = field.closest("dialog") ? 4 : 20;
  let asked = "";
  const ask = async () => {
    const query = input.value.trim();
    if (query === asked) return;
    asked = query;
    if (query.length < 2) return shown.replaceChildren();
    let parts;
    try {
      const found = await engine();
      parts = await Promise.all(KINDS.map(async ([kind, title]) => {
        const { results } = await found.search(query, { filters: { kind } });
        return [title, results.length, await Promise.all(results.slice(0, most).map((one) => one.data()))];
      }));
    } catch {
      return shown.replaceChildren(make("p", "", "The search index could not be loaded; a page opened as a file has none. Use `make serve`."));
    }
    if (query !== asked) return;
    const lists = parts.filter(([, count]) => count).flatMap(([title, count, results]) => {
      const list = make("ul");
      for (const one of results) {
        const item = make("li");
        const best = one.sub_results?.find((part) => part.anchor) ?? one;
        const link = make("a", "", one.meta.title);
        link.href = best.url;
        if (best !== one && best.title !== one.meta.title) link.append(make("span", "pl-facts", ` ${best.title.replace(/#$/, "")}`));
        const excerpt = make("p");
        excerpt.innerHTML = best.excerpt; // Pagefind escapes the text and marks the words
        item.append(link, excerpt);
        list.append(item);
      }
      return [make("h2", "", `${title}: ${count}`), list];
    });
    shown.replaceChildren(...(lists.length ? lists : [make("p", "", `Nothing holds "${query}".`)]));
  };
  let waiting = 0;
  input.addEventListener("focus", () => void engine().catch(() => {}), { once: true });
  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, 120); });
  const given = new URLSearchParams(location.search).get("q");
  if (given && document.getElementById("search-results") === shown) { input.value = given; ask(); }
}

// What is copied holds the formulas as LaTeX.
document.addEventListener("copy", (event) => {
  const chosen = getSelection();
  if (!chosen.rangeCount || chosen.isCollapsed) return;
  const inside = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest("[data-tex]");
  const range = chosen.getRangeAt(0).cloneRange();
  const [from, to] = [inside(range.startContainer), inside(range.endContainer)];
  if (from) range.setStartBefore(from);
  if (to) range.setEndAfter(to);
  const piece = range.cloneContents();
  const formulas = piece.querySelectorAll("[data-tex]");
  if (!formulas.length) return;
  for (const one of formulas) one.replaceWith(one.tagName === "DIV" ? `\n$$${one.dataset.tex}$$\n` : `$${one.dataset.tex}$`);
  event.clipboardData.setData("text/plain", piece.textContent);
  event.preventDefault();
});

// A lever: the range steps through pictures drawn beforehand; a hidden one is loaded when it is shown.
function lever(figure) {
  const range = figure.querySelector("input[type=range]");
  const states = [...figure.querySelectorAll(".pl-state")];
  const output = figure.querySelector("output");
  range.addEventListener("input", () => {
    const at = Number(range.value);
    states.forEach((state, number) => { state.hidden = number !== at; });
    output.textContent = states[at].dataset.value;
    range.setAttribute("aria-valuetext", states[at].dataset.value);
    states[at + 1]?.querySelector("img").setAttribute("loading", "eager");
  });
}

// A click on a figure shows its pixels as they are.
const frame = make("dialog", "pl-large");
frame.addEventListener("click", () => frame.close());
function enlarge(image) {
  image.tabIndex = 0;
  image.setAttribute("role", "button");
  image.setAttribute("aria-label", `Enlarge: ${image.alt}`);
  const open = () => {
    const large = image.cloneNode();
    for (const name of ["width", "height", "tabindex", "role", "loading"]) large.removeAttribute(name);
    const close = make("button", "pl-button", "Close");
    close.type = "button";
    frame.replaceChildren(large, close);
    if (!frame.isConnected) document.body.append(frame);
    frame.showModal();
  };
  image.addEventListener("click", open);
  image.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); } });
}

answered(null);
overview();
document.querySelectorAll(".pl-lever").forEach(lever);
document.querySelectorAll(".bd-article .cell_output img:not(.pl-compare img)").forEach(enlarge);
document.querySelectorAll("form.bd-search").forEach(search);
document.querySelectorAll(".pl-quiz").forEach(form);
document.querySelectorAll(".pl-predict").forEach(guess);
document.querySelectorAll(".pl-compare").forEach((figure) => {
  figure.querySelector("input").addEventListener("input", (event) => figure.style.setProperty("--at", `${event.target.value}%`));
});
(window.requestIdleCallback ?? setTimeout)(names);
})();
