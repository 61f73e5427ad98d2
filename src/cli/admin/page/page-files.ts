import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import type { AdminPage, AdminPages } from '../admin-server.ts';
import { pageDocument } from './document.ts';
import { PAGE_PATH } from './page-path.ts';
import { PAGE_STYLE } from './style.ts';

const BROWSER = path.join(import.meta.dirname, 'browser');
/** `.ts` where Sluice runs from its sources, `.js` where it was built. */
const EXTENSION = path.extname(import.meta.filename);

/** Nothing but the page's own files and the admin API; no frame, no form that leaves, no other base. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

/**
 * The page and its files, read when they are first asked for. They say nothing of what Sluice serves, so whoever reaches the address
 * may have them; what they show is asked for under `/api/v1`.
 */
export function pageFiles(): AdminPages {
  const modules = readdirSync(BROWSER).filter((name) => name.endsWith(EXTENSION));
  return {
    [PAGE_PATH.slice(0, -1)]: () => ({
      ...text('text/plain', ''),
      status: 308,
      headers: { location: 'ui/' },
    }),
    [PAGE_PATH]: () => text('text/html', pageDocument(`main${EXTENSION}`)),
    [`${PAGE_PATH}style.css`]: () => text('text/css', PAGE_STYLE),
    ...Object.fromEntries(
      modules.map((name) => [`${PAGE_PATH}${name}`, () => text('text/javascript', moduleText(name))]),
    ),
  };
}

const read = new Map<string, string>();

function moduleText(name: string): string {
  let text = read.get(name);
  if (text === undefined) {
    const source = readFileSync(path.join(BROWSER, name), 'utf8');
    text = EXTENSION === '.ts' ? stripTypeScriptTypes(source) : source;
    read.set(name, text);
  }
  return text;
}

function text(type: string, body: string): AdminPage {
  return { contentType: `${type}; charset=utf-8`, body, headers: HEADERS };
}
