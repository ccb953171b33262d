// What the pages do beyond HTML: quizzes as forms, guesses kept on this machine, the divider of the landing page.
"use strict";

const make = (tag, classes, text) => {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  if (text) element.textContent = text;
  return element;
};

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
}

// A guess is kept in this browser, and the outcome asks for one first.
function guess(box) {
  const area = make("textarea", "pl-guess");
  const key = `paperlens ${box.dataset.predict}`;
  area.setAttribute("aria-label", "Your guess, kept in this browser alone");
  area.placeholder = "Write your guess, then run the cells and open what happens.";
  try { area.value = localStorage.getItem(key) || ""; } catch { /* private windows keep nothing */ }
  area.addEventListener("input", () => { try { localStorage.setItem(key, area.value); } catch { /* as above */ } });
  box.querySelector(".pl-outcome").before(area);
}

// Names for what the theme and the notebook renderer leave without one (axe-core: summary-name, aria-deprecated-role, scrollable-region-focusable).
function names() {
  for (const summary of document.querySelectorAll("details.hide > summary")) summary.removeAttribute("aria-label");
  for (const entry of document.querySelectorAll(".citation-list, [role=doc-biblioentry]")) entry.removeAttribute("role");
  for (const summary of document.querySelectorAll("nav details > summary")) summary.setAttribute("aria-label", "Pages below");
  for (const area of document.querySelectorAll(".cell_output .output pre, .highlight pre, div.output_area")) if (area.scrollWidth > area.clientWidth) area.tabIndex = 0;
}

document.querySelectorAll(".pl-quiz").forEach(form);
document.querySelectorAll(".pl-predict").forEach(guess);
document.querySelectorAll(".pl-compare").forEach((figure) => {
  figure.querySelector("input").addEventListener("input", (event) => figure.style.setProperty("--at", `${event.target.value}%`));
});
names();
