/** The page of the admin address in a real browser, beside a real Envoy. With `SLUICE_SCREENSHOTS=FOLDER` it leaves pictures there. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Browser, type Page, chromium as playwright } from 'playwright-core';
import { chromium } from '../../scripts/chromium-asset.ts';
import { freePorts, GatewayNode, serviceOf } from '../e2e/gateway-node.ts';
import { gateway, gatewayClass, type Manifest, tlsRoute } from '../harness/manifests.ts';
import { until } from '../harness/until.ts';

const DOMAIN = 'stage.example.com';
const MARKUP = '<img src=x onerror="document.title=\'broken\'">';

let node: GatewayNode;
let browser: Browser;
let page: Page;
let port: number;

function route(name: string, backend = 'api'): Manifest {
  return tlsRoute({ name, hosts: [`${name}.${DOMAIN}`], backends: [{ name: backend }] });
}

async function picture(name: string): Promise<void> {
  const folder = process.env['SLUICE_SCREENSHOTS'];
  if (folder !== undefined) await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}

before(async () => {
  [port = 0] = await freePorts(1);
  node = await GatewayNode.start({
    'gateway.yaml': [gatewayClass(), gateway('gw', [{ name: 'tls', port, hostname: `*.${DOMAIN}` }])],
  });
  await node.write('routes.yaml', [...serviceOf('api', await node.backend('api')), route('demo')]);
  await node.untilServedBy('api', `demo.${DOMAIN}`, port);
  const { executable, args, env } = await chromium();
  browser = await playwright.launch({
    executablePath: executable,
    args: [...args],
    env: { ...process.env, ...env } as Record<string, string>,
  });
  page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  page.setDefaultTimeout(10_000);
});

after(async () => {
  await browser?.close();
  await node?.[Symbol.asyncDispose]();
});

const failures: string[] = [];

describe('the page', () => {
  it('opens without an error, and asks nobody but this address', async () => {
    page.on('pageerror', (error) => failures.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') failures.push(message.text());
    });
    const others: string[] = [];
    const own = `http://127.0.0.1:${node.plane.adminPort}/`;
    page.on('request', (request) => {
      if (!request.url().startsWith(own) && !request.url().startsWith('data:')) others.push(request.url());
    });
    const response = await page.goto(`${own}ui`);
    assert.equal(page.url(), `${own}ui/`);
    const policy = response?.headers()['content-security-policy'] ?? '';
    assert.match(policy, /default-src 'none'.*script-src 'self'/);
    assert.ok(!policy.includes('unsafe'));
    await page.getByRole('row', { name: /current/ }).waitFor();
    assert.deepEqual(others, []);
    assert.deepEqual(failures, []);
  });

  it('is a few tens of kilobytes', async () => {
    const sizes = await page.evaluate(() =>
      performance.getEntriesByType('resource').map((entry) => ({
        name: new URL(entry.name).pathname,
        size: (entry as unknown as { decodedBodySize: number }).decodedBodySize,
      })),
    );
    const files = sizes.filter(({ name }) => name.startsWith('/ui/'));
    assert.ok(files.length >= 5, JSON.stringify(files));
    const sum = files.reduce((total, { size }) => total + size, 0);
    assert.ok(sum < 60_000, `${sum} bytes`);
  });

  it('shows the Envoys, and a change with the time until they acknowledged it', async () => {
    await until(async () => /^live$/.test((await page.locator('#feed-state').textContent()) ?? ''), {
      what: 'the list is live',
    });
    await node.write('more.yaml', [route('more')]);
    const change = page
      .getByRole('log')
      .getByRole('listitem')
      .filter({ hasText: `more.${DOMAIN}` });
    await change.filter({ hasText: /computed in .*after \d/ }).waitFor();
    await page.getByText(/\d+ acknowledgements? in the last ten minutes: median/).waitFor();
    const plot = await page.getByRole('img', { name: /median/ }).boundingBox();
    const bar = await page.locator('#propagation rect').first().boundingBox();
    assert.ok(plot !== null && bar !== null && bar.height > 0 && bar.width > 0);
    assert.ok(bar.x >= plot.x && bar.x + bar.width <= plot.x + plot.width + 1, 'the bar is within the plot');
    await picture('page-light');
  });

  it('explains a host, and probes it with a real handshake', async () => {
    await page.getByRole('searchbox', { name: 'Host name' }).fill(`DEMO.${DOMAIN}.`);
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('heading', { name: `demo.${DOMAIN}: live on 1 of 1 node` }).waitFor();
    await page.getByText(/served by TLSRoute .*demo/).waitFor();
    await page.getByRole('button', { name: /Probe/ }).click();
    await page.getByRole('row', { name: /endpoint .*answered/ }).waitFor();
    assert.match(page.url(), /#host=/);
    await picture('page-explained');
  });

  it('says why a host is not served, and which names are near', async () => {
    await page.getByRole('searchbox', { name: 'Host name' }).fill(`dem0.${DOMAIN}`);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: `dem0.${DOMAIN}: not served: no route has this name` }).waitFor();
    await page.getByText(`demo.${DOMAIN}`, { exact: false }).first().waitFor();
    await page.getByRole('searchbox', { name: 'Host name' }).fill('not a host');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'SLUICE_HOST_INVALID' }).waitFor();
    failures.splice(0);
  });

  it('shows what tenants wrote as text', async () => {
    await page.goto(`http://127.0.0.1:${node.plane.adminPort}/ui/#host=${encodeURIComponent(MARKUP)}`);
    await page.getByRole('alert').filter({ hasText: 'SLUICE_HOST_INVALID' }).waitFor();
    assert.equal(await page.title(), 'Sluice');
    assert.equal(await page.locator('img').count(), 0);
  });

  it('is used by keyboard: search, probe and lists are reached in their order', async () => {
    await page.goto(`http://127.0.0.1:${node.plane.adminPort}/ui/`);
    await page.getByRole('row', { name: /current/ }).waitFor();
    const reached: string[] = [];
    for (let step = 0; step < 9; step += 1) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate<string>(FOCUSED));
    }
    assert.deepEqual(reached.slice(0, 4), ['A Skip to the', 'host', 'BUTTON Explain', 'SUMMARY As a table']);
    assert.ok(reached.includes('pause') && reached.includes('changes'), reached.join(', '));
  });

  it('says what the colours say, and has names for all that can be used', async () => {
    assert.deepEqual(await page.evaluate(UNNAMED), []);
    assert.equal(await page.getByRole('main').count(), 1);
    assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
  });

  it('has enough contrast in either scheme', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const ratios = await page.evaluate(contrasts);
      for (const [name, ratio] of Object.entries(ratios))
        assert.ok(ratio >= 4.5, `${colorScheme} ${name}: ${ratio.toFixed(1)}`);
      await picture(`page-${colorScheme}`);
    }
  });

  it('ends its stream while it is hidden or gone', async () => {
    const watchers = () => node.plane.watchers;
    await until(() => watchers() === 1, { what: 'one stream' });
    await page.goto('about:blank');
    await until(() => watchers() === 0, { what: 'no stream' });
    assert.deepEqual(
      failures.filter((text) => !text.includes('400')),
      [],
    );
  });

  it('says when it is one page too many, and that it tries again', async () => {
    const end = new AbortController();
    const { adminPort } = node.plane;
    const others = Array.from({ length: 64 }, () =>
      fetch(`http://127.0.0.1:${adminPort}/api/v1/changes`, { signal: end.signal }),
    );
    await Promise.all(others);
    await page.goto(`http://127.0.0.1:${adminPort}/ui/`);
    await page.getByText(/^not live: 64 others are watching .* It is tried again every 30 s$/).waitFor();
    await page.getByRole('row', { name: /current/ }).waitFor();
    end.abort();
  });
});

/** In the browser: what has the focus. */
const FOCUSED = `(({ activeElement: { id, tagName, textContent } }) => id || tagName + ' ' + textContent.trim().slice(0, 11))(document)`;

/** In the browser: what can be used, or is a section, and has no name. */
const UNNAMED = `[...document.querySelectorAll('input, button, [tabindex="0"], section')]
  .filter((element) => !(element.labels?.length > 0) && element.textContent.trim() === ''
    && !element.hasAttribute('aria-label') && !element.hasAttribute('aria-labelledby'))
  .map((element) => element.outerHTML)`;

/** In the browser: of each colour of the page's own, against its background and its panels. */
function contrasts(): Record<string, number> {
  type Style = { getPropertyValue(name: string): string; color: string };
  const page = globalThis as unknown as {
    document: {
      body: { append(element: unknown): void };
      createElement(tag: string): { style: Style; remove(): void };
    };
    getComputedStyle(element: unknown): Style;
  };
  const colour = (name: string): number[] => {
    const probe = page.document.createElement('span');
    probe.style.color = `var(--${name})`;
    page.document.body.append(probe);
    const channels = page.getComputedStyle(probe).color.match(/[\d.]+/g) ?? [];
    probe.remove();
    return channels.slice(0, 3).map(Number);
  };
  const luminance = (channels: readonly number[]): number => {
    const [r = 0, g = 0, b = 0] = channels.map((channel) => {
      const share = channel / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found: Record<string, number> = {};
  for (const back of ['back', 'panel'])
    for (const name of ['text', 'quiet', 'good', 'odd', 'bad', 'accent']) {
      const [light = 0, dark = 0] = [luminance(colour(name)), luminance(colour(back))].sort((a, b) => b - a);
      found[`${name} on ${back}`] = (light + 0.05) / (dark + 0.05);
    }
  return found;
}
