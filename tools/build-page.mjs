// Bundles the inspector's page into one HTML text, and writes that as a module: a bundler takes it along, and serving it
// reads no file. Without arguments it only builds the page.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { licensesOf } from './licenses.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE = join(ROOT, 'lib', 'inspector', 'page');
const TARGET = join(ROOT, 'lib', 'inspector', 'page.html.ts');
const STYLES = [
  join(ROOT, 'node_modules', 'uplot', 'dist', 'uPlot.min.css'),
  join(SOURCE, 'page.css'),
  join(SOURCE, 'views.css'),
];

export async function buildPage() {
  const build = await rolldown({
    input: join(SOURCE, 'main.tsx'),
    platform: 'browser',
    tsconfig: join(SOURCE, 'tsconfig.json'),
    resolve: { extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } },
  });
  const { output } = await build.generate({ format: 'esm', minify: true, codeSplitting: false });
  await build.close();
  const [{ code, moduleIds }] = output;
  const module = `export const PAGE: string = ${JSON.stringify(html(code, licensesOf(moduleIds)))};\n`;
  if (read(TARGET) !== module) {
    // Whoever reads it meanwhile finds the old one or the new one.
    const scratch = `${TARGET}.${process.pid}`;
    writeFileSync(scratch, module);
    renameSync(scratch, TARGET);
  }
}

/** The licences are within the page, because a bundler hands out nothing but the page. */
function html(script, licenses) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Scalekit webhooks</title>
<link rel="icon" href="data:,">
<style>${STYLES.map((file) => minifiedCss(readFileSync(file, 'utf8'))).join('')}</style>
</head>
<body>
<div id="app"></div>
<noscript>This page needs JavaScript.</noscript>
<script type="module">${inlineScript(script)}</script>
</body>
</html>
<!--
${licenses.replaceAll('--', '- -')}-->
`;
}

/** A script ends at the first closing tag, even within a string. */
function inlineScript(code) {
  return code
    .trim()
    .replaceAll('/* @__PURE__ */', '')
    .replace(/<(\/script|!--)/gi, '\\x3c$1');
}

function minifiedCss(css) {
  return css
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/\s*([{};,])\s*/g, '$1')
    .replace(/;}/g, '}')
    .trim();
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPage();
}
