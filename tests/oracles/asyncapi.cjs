// Every shipped workflow, exported, is a document that the official AsyncAPI parser takes without an
// error or a warning; and a document with a mistake is not, so that the check is known to look.
//   node asyncapi.cjs ORACLES LIANDONG FOLDER
'use strict';
const { execFileSync } = require('node:child_process');
const { createRequire } = require('node:module');
const fs = require('node:fs');
const path = require('node:path');

const [oracles, liandong, folder] = process.argv.slice(2);
const { Parser } = createRequire(path.resolve(oracles, 'package.json'))('@asyncapi/parser');
const WARNING = 1;

function workflows(at) {
  return fs.readdirSync(at, { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(at, entry.name);
    if (entry.isDirectory()) return workflows(name);
    return /\.yaml$/.test(name) && /^workflow:/m.test(fs.readFileSync(name, 'utf8')) &&
      !/\.story\.yaml$/.test(name) ? [name] : [];
  });
}

async function faults(text) {
  const { document, diagnostics } = await new Parser().parse(text);
  const found = diagnostics.filter((row) => row.severity <= WARNING)
    .map((row) => `${row.code} ${row.path.join('.')}: ${row.message}`);
  return document || found.length ? found : ['no document'];
}

async function check(file) {
  const text = execFileSync(liandong, ['workflow', 'export', file, '--asyncapi'],
    { encoding: 'utf8', maxBuffer: 1 << 26 });
  const found = await faults(text);
  for (const fault of found) console.error(`${file}: ${fault}`);
  const broken = JSON.parse(text);
  delete broken.channels.fates;
  const isSeen = (await faults(JSON.stringify(broken))).length > 0;
  if (!isSeen) console.error(`${file}: a reply to a channel that is not there was not seen`);
  return found.length === 0 && isSeen;
}

(async () => {
  const files = workflows(folder);
  let good = 0;
  for (const file of files) good += await check(file);
  console.log(`${good} of ${files.length} documents are valid AsyncAPI`);
  process.exit(files.length > 0 && good === files.length ? 0 : 1);
})();
