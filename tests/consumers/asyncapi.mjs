// Reads an AsyncAPI document with the specification's own parser, @asyncapi/parser.
//
//   BOOKLY_TEST_NODE_MODULES=.../node_modules node asyncapi.mjs DOCUMENT
//
// Prints what the parser finds, worst first, and how much is in the document. Exits with 0 when there is no error, and
// with 3 when there is one; Node itself exits with 1 when this program fails.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const SEVERITIES = ['error', 'warning', 'info', 'hint'];
const REFUSED = 3;

const [file] = process.argv.slice(2);
const modules = process.env.BOOKLY_TEST_NODE_MODULES;
if (!file || !modules) {
  throw new Error('name a document, and in BOOKLY_TEST_NODE_MODULES the directory that holds @asyncapi/parser');
}
const { Parser } = createRequire(join(dirname(modules), 'package.json'))('@asyncapi/parser');

const { document, diagnostics } = await new Parser().parse(await readFile(file, 'utf8'), { source: file });
for (const found of [...diagnostics].sort((one, other) => one.severity - other.severity)) {
  const { line, character } = found.range.start;
  console.log(`${SEVERITIES[found.severity]} at ${line + 1}:${character + 1} (${found.path.join('.')}): ${found.message}`);
}
const errors = diagnostics.filter((found) => SEVERITIES[found.severity] === 'error').length;
if (errors > 0 || !document) {
  console.log(`refused: ${errors} errors`);
  process.exitCode = REFUSED;
} else {
  const [channels, messages] = [document.channels().all(), document.components().messages().all()];
  console.log(`accepted: AsyncAPI ${document.version()}, ${channels.length} channels, ${messages.length} messages`);
}
