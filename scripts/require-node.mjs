/**
 * Ends a run with a Node.js that is too old in one line. The first import of every program beside `src/main.ts`, and of the
 * tests (`--import`); in plain JavaScript, since an older Node.js reads no TypeScript.
 */
import process from 'node:process';

const OLDEST = 24;
const [major = '0'] = process.versions.node.split('.');
if (Number(major) < OLDEST) {
  process.stderr.write(
    `Node.js ${process.versions.node} is too old: ${OLDEST} or later is needed. "npm ci" brings it; npm's scripts use that one.\n`,
  );
  process.exit(78);
}
