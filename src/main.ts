#!/usr/bin/env node
import process from 'node:process';

const LEAST_NODE = 24;

// Before anything is imported: an older Node.js would fail on syntax somewhere below, with no hint at the reason.
if (Number.parseInt(process.versions.node, 10) < LEAST_NODE) {
  const how = `install Node.js ${LEAST_NODE} or later, or run it through npm in a clone of the repository`;
  process.stderr.write(`sluice: SLUICE_NODE_TOO_OLD: this is Node.js ${process.versions.node}; ${how}\n`);
  process.exitCode = 78;
} else {
  const { run } = await import('./cli/run.ts');
  process.exitCode = await run(process.argv.slice(2), process.env);
}
