// SPDX-License-Identifier: EUPL-1.2
// Makes the served files from look/src and node_modules: node build.mjs OUTPUT_FOLDER
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const rtlcss = createRequire(import.meta.url)("rtlcss");
const output = process.argv[2];
const manifest = {};
const notice = "/*! Contains parts of govuk-frontend 6.3.0, Copyright (c) 2017 Crown Copyright, MIT licence. */\n";

function keep(name, text) {
  const [stem, ending] = [name.slice(0, name.lastIndexOf(".")), name.slice(name.lastIndexOf("."))];
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 12);
  manifest[name] = `${stem}.${digest}${ending}`;
  writeFileSync(join(output, manifest[name]), text);
}

mkdirSync(output, { recursive: true });
const { css } = sass.compile(join(here, "src", "pages.scss"), {
  style: "compressed",
  loadPaths: [join(here, "node_modules")],
  quietDeps: true,
  charset: false,
});
keep("pages.ltr.css", notice + css);
keep("pages.rtl.css", notice + rtlcss.process(css));

const script = readFileSync(join(here, "node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js"), "utf8");
keep("govuk-frontend.js", notice + script.replace(/\/\/# sourceMappingURL=.*$/s, ""));
const start = readFileSync(join(here, "src", "start.mjs"), "utf8");
keep("start.js", start.replace("govuk-frontend.js", manifest["govuk-frontend.js"]));
writeFileSync(join(output, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
