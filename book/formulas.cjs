// Formulas as MathML: a JSON list of {tex, display} comes in, a list of {mathml} or {error} goes out. Argument: the path of Temml.
"use strict";
const temml = require(require("node:path").resolve(process.argv[2]));
const macros = { "\\bm": "\\boldsymbol{#1}", "\\R": "\\mathbb{R}" };
const set = ({ tex, display }) => {
  try {
    return { mathml: temml.renderToString(tex, { displayMode: display, throwOnError: true, macros: { ...macros } }) };
  } catch (error) {
    return { error: error.message };
  }
};
let text = "";
process.stdin.setEncoding("utf8").on("data", (part) => (text += part)).on("end", () => {
  process.stdout.write(JSON.stringify(JSON.parse(text).map(set)));
});
