// One stylesheet of the site's own: JSON {css, pages, scripts} comes in, {css, plain} goes out. Argument: the folder of node_modules.
// css: only the rules that a page or a script can use. plain: the rules of both colour themes, by the reader's preference,
// for pages whose theme no script has chosen (data-theme="auto").
"use strict";
const { createRequire } = require("node:module");
const { resolve, join } = require("node:path");
const load = createRequire(join(resolve(process.argv[2]), "here.js"));
const { PurgeCSS } = load("purgecss");
const postcss = load("postcss");

async function main({ css, pages, scripts }) {
  const content = [...pages.map((raw) => ({ raw, extension: "html" })), ...scripts.map((raw) => ({ raw, extension: "js" }))];
  const [kept] = await new PurgeCSS().purge({
    content,
    css: [{ raw: css }],
    dynamicAttributes: ["data-theme", "data-mode", "open", "hidden", "data-right"],
    safelist: { standard: [/^pl-/, /^dropdown-menu/], greedy: [/show$/] },
    fontFace: true,
    keyframes: true,
  });
  const root = postcss.parse(kept.css);
  root.walkComments((comment) => comment.remove());
  // The icons are drawn by paperlens.css; their letters are not on the site.
  root.walkAtRules("font-face", (face) => { if (/Font ?Awesome/.test(face.toString())) face.remove(); });
  const themes = { light: [], dark: [] };
  root.walkRules((rule) => {
    for (const theme of Object.keys(themes)) {
      const asked = new RegExp(`\\[data-theme="?${theme}"?\\]`, "g");
      if (!rule.selector.match(asked)) continue;
      const copy = rule.clone({ selector: rule.selector.replace(asked, "[data-theme=auto]") });
      const around = rule.parent.type === "atrule" ? rule.parent.clone({ nodes: [] }) : null;
      themes[theme].push(around ? around.append(copy).parent ?? around : copy);
    }
  });
  const plain = postcss.root();
  for (const [theme, rules] of Object.entries(themes)) {
    const media = postcss.atRule({ name: "media", params: `(prefers-color-scheme: ${theme})` });
    rules.forEach((rule) => media.append(rule));
    plain.append(media);
  }
  return { css: root.toString(), plain: plain.toString() };
}

let text = "";
process.stdin.setEncoding("utf8").on("data", (part) => (text += part)).on("end", async () => {
  process.stdout.write(JSON.stringify(await main(JSON.parse(text))));
});
