// node --expose-internals same_programs.cjs WRITTEN SENT: prints the scripts of SENT whose syntax trees are not those of WRITTEN.
const { parse } = require('internal/deps/acorn/acorn/dist/acorn');
const { readFileSync, readdirSync } = require('fs');

const [written, sent] = process.argv.slice(2);

function kept(key, value) {
  if (key === 'start' || key === 'end') return undefined;
  return typeof value === 'bigint' ? String(value) : value;
}

function tree(path) {
  return JSON.stringify(parse(readFileSync(path, 'utf8'), { ecmaVersion: 'latest', sourceType: 'module' }), kept);
}

for (const name of readdirSync(sent)) if (tree(`${written}/${name}`) !== tree(`${sent}/${name}`)) console.log(name);
