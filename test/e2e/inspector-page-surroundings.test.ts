import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InspectorWindow, launchBrowser } from '../support/inspector/browser.js';
import { startInspected } from '../support/inspector/inspected-app.js';
import { RewritingProxy } from '../support/inspector/rewriting-proxy.js';
import { anEvent, PLATFORMS } from '../support/webhook-app.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

describe.each(PLATFORMS)('the inspector’s page on $platform', ({ adapter }) => {
  it.each(['/api/inspector', '/api/inspector/'])('works below a global prefix, at %s', async (path) => {
    const app = await startInspected({
      adapter: adapter(),
      configure: (nest) => nest.setGlobalPrefix('api'),
    });
    await app.deliver(anEvent('user.created'), { path: '/api/webhooks/scalekit' });
    const window = await InspectorWindow.open(browser, app.url + path);
    await expect.poll(() => window.rows()).toHaveLength(1);
    await window.openRow('user.created');
    await window.page.getByText('The module option showPayloads shows it').waitFor();
    await window.view('Failed');
    await window.page.getByText('Nothing has failed for good').waitFor();
    await window.close();
    await app.close();
  });

  it('works behind a proxy that rewrites paths, and goes on where it was when connections break', async () => {
    const app = await startInspected({ adapter: adapter() });
    const proxy = await RewritingProxy.start(() => app.url);
    await app.deliver(anEvent('user.created'));
    const window = await InspectorWindow.open(browser, `${proxy.url}/inspector`);
    await expect.poll(() => window.rows()).toHaveLength(1);
    const asked: string[] = [];
    window.page.on('request', (request) => asked.push(request.url()));

    proxy.cut();
    await expect.poll(() => window.text('.connection')).toBe('Reconnecting');
    await app.deliver(anEvent('user.updated'));
    await expect.poll(() => window.rows()).toHaveLength(2);
    expect(await window.text('.connection')).toBe('Live');

    // An answer that is none of ours: the browser would not try again by itself.
    proxy.isDown = true;
    proxy.cut();
    await expect.poll(() => window.text('.connection')).toBe('No connection');
    await app.deliver(anEvent('user.deleted'));
    proxy.isDown = false;
    await expect.poll(() => window.rows()).toHaveLength(3);
    expect(asked.every((url) => url.startsWith(`${proxy.url}/inspector/api/`))).toBe(true);
    // The browser itself tells of each connection that broke.
    window.complaints.splice(
      0,
      Infinity,
      ...window.complaints.filter((what) => !/Failed to load|net::/.test(what)),
    );
    await window.close();
    proxy.close();
    await app.close();
  });
});

it('follows in two windows, and a hidden one gives its connection back and resumes', async () => {
  const app = await startInspected({ adapter: new FastifyAdapter() });
  const url = `${app.url}/inspector`;
  const [one, two] = [await InspectorWindow.open(browser, url), await InspectorWindow.open(browser, url)];
  await app.deliver(anEvent('user.created'));
  await expect.poll(() => one.rows()).toHaveLength(1);
  await expect.poll(() => two.rows()).toHaveLength(1);

  const closed = two.page.waitForEvent('requestfailed', { timeout: 20_000 });
  await hide(two, true);
  expect((await closed).url()).toContain('/inspector/api/entries');
  await app.deliver(anEvent('user.updated'));
  await expect.poll(() => one.rows()).toHaveLength(2);
  expect(await two.rows()).toHaveLength(1);
  await hide(two, false);
  await expect.poll(() => two.rows()).toHaveLength(2);
  await one.close();
  await two.close();
  await app.close();
});

it('follows an application that was started anew', async () => {
  let app = await startInspected({ adapter: new FastifyAdapter() });
  const proxy = await RewritingProxy.start(() => app.url);
  await app.deliver(anEvent('user.created'));
  const window = await InspectorWindow.open(browser, `${proxy.url}/inspector`);
  await expect.poll(() => window.rows()).toHaveLength(1);
  await app.close();
  app = await startInspected({ adapter: new FastifyAdapter() });
  await app.deliver(anEvent('user.updated'));
  await expect
    .poll(() => window.rows())
    .toEqual([expect.stringContaining('user.updated'), expect.stringContaining('user.created')]);
  await window.openRow('user.created');
  await window.page.getByText('This delivery is no longer kept').waitFor();
  window.complaints.length = 0;
  await window.close();
  proxy.close();
  await app.close();
});

/** Headless pages are never hidden. */
async function hide({ page }: InspectorWindow, isHidden: boolean): Promise<void> {
  await page.evaluate(
    `Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
     document.dispatchEvent(new Event('visibilitychange'));`,
  );
}
