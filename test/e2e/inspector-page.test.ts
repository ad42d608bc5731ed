import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InspectorWindow, launchBrowser } from '../support/inspector/browser.js';
import { forge, startInspected, Sync } from '../support/inspector/inspected-app.js';
import { anEvent, PLATFORMS, type WebhookApp } from '../support/webhook-app.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

describe.each(PLATFORMS)('the inspector’s page on $platform', ({ adapter }) => {
  let app: WebhookApp;
  let window: InspectorWindow;
  beforeEach(async () => {
    const webhook = { answerWithinMs: 1500 };
    app = await startInspected({ adapter: adapter(), showPayloads: true, webhook });
    window = await InspectorWindow.open(browser, `${app.url}/inspector`);
  });
  afterEach(async () => {
    Sync.gate.release();
    await window.close();
    await app.close();
  });

  it('tells a new user what to do, and lists what became of each delivery, newest first', async () => {
    await expect.poll(() => window.text()).toContain('npx scalekit-webhooks send user.created');
    const [event, slow] = [anEvent('user.created'), anEvent('organization.created')];
    await app.deliver(event);
    await app.deliver(event);
    await forge(app);
    await app.deliver(anEvent('user.login'));
    await app.deliver(anEvent('user.updated'));
    await app.deliver(slow);
    await app.deliver(slow);
    await expect
      .poll(() => window.rows())
      .toEqual([
        expect.stringMatching(/^In progress organization\.created .* 409 /),
        expect.stringMatching(/^Late organization\.created .* 1 running 503 /),
        expect.stringMatching(/^Handled user\.updated .* 1 gave up 1 done 200 /),
        expect.stringMatching(/^Failed user\.login .* 1 failed 1 done 500 /),
        expect.stringMatching(/^Refused signature_mismatch .* 401 /),
        expect.stringMatching(/^Duplicate done user\.created .* 1 done 200 /),
        expect.stringMatching(/^Handled user\.created .* 1 done 200 /),
      ]);
    Sync.gate.release();
    await expect.poll(async () => (await window.rows())[1]).toContain('1 done');
  });

  it('filters by outcome, type, organization and text in ids, and keeps that over a reload', async () => {
    const ours = anEvent('user.created', { organization_id: 'org_ours' });
    await app.deliver(ours);
    await app.deliver(anEvent('user.updated', { organization_id: 'org_ours' }));
    await app.deliver(anEvent('user.created', { organization_id: 'org_theirs' }));
    await forge(app);
    await expect.poll(() => window.rows()).toHaveLength(4);
    const { page } = window;

    await page.getByRole('button', { name: 'Refused 1' }).click();
    await expect.poll(() => window.rows()).toEqual([expect.stringContaining('signature_mismatch')]);
    // What a handler gave up on has failed, though its delivery was accepted.
    await page.getByRole('button', { name: 'Failed 1' }).click();
    await expect.poll(() => window.rows()).toEqual([expect.stringContaining('user.updated')]);
    await page.getByRole('button', { name: 'All 4' }).click();
    await page.getByLabel('Organization', { exact: true }).fill('org_ours');
    await page.getByLabel('Type', { exact: true }).fill('user.c');
    await expect.poll(() => window.rows()).toEqual([expect.stringContaining(`user.created ${ours.id} `)]);
    await page.reload();
    await expect.poll(() => window.rows()).toHaveLength(1);
    await page.keyboard.press('/');
    await page.keyboard.type('nothing has this id');
    await expect.poll(() => window.text()).toContain('No delivery passes these filters');
    await page.getByLabel('Text in ids').fill(ours.id.toUpperCase());
    await expect.poll(() => window.rows()).toHaveLength(1);
  });

  it('stands still while it is paused or read, and counts what waits', async () => {
    await app.deliver(anEvent('user.created'));
    await expect.poll(() => window.rows()).toHaveLength(1);
    const { page } = window;
    await page.keyboard.press('p');
    await expect.poll(() => window.text('[role=status].toast')).toBe('The list is paused');
    await app.deliver(anEvent('user.updated'));
    await page.getByRole('button', { name: 'Show 1 newer' }).waitFor();
    expect(await window.rows()).toHaveLength(1);
    await page.keyboard.press('p');
    await expect.poll(() => window.rows()).toHaveLength(2);

    await page.keyboard.press('j');
    await app.deliver(anEvent('user.deleted'));
    await page.getByRole('button', { name: 'Show 1 newer' }).click();
    await expect.poll(async () => (await window.rows())[0]).toContain('user.deleted');
  });

  it('shows the steps of a delivery and the calls of its handlers as bars, the error with its causes, the headers', async () => {
    const event = anEvent('user.login', { organization_id: 'org_1', data: { name: 'Ada' } });
    await app.deliver(event);
    await app.deliver(event);
    const { page } = window;
    await expect.poll(() => window.rows()).toHaveLength(2);
    // By keys alone, and back to the same row.
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Timeline' }).waitFor();
    const bars = await page.locator('.track').first().locator('.bar-label').allInnerTexts();
    // The first delivery's calls have a track of their own.
    expect(bars.map((bar) => bar.replace(/\s+/g, ' '))).toEqual([
      'Read',
      'Verify',
      'Claim',
      'Sync.fail · attempt 2 failed',
      'Answer 500',
    ]);
    const text = await window.text();
    expect(text).toMatch(/TypeError/);
    expect(text).toMatch(/ECONNREFUSED/);
    expect(text).toContain('webhook-signature');
    expect(text).toContain('"name": "Ada"');
    expect(text).toContain('A handler threw');
    await page.getByRole('button', { name: 'Copy event id' }).click();
    await expect.poll(() => window.text('[role=status].toast')).toBe('Copied event id');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('[role=row][aria-selected=true]:focus').count()).toBe(1);
  });

  it('asks before a failed event runs again or is discarded, and tells the result', async () => {
    await app.deliver(anEvent('user.updated'));
    await app.deliver(anEvent('user.updated'));
    const { page } = window;
    const posts: string[] = [];
    page.on(
      'request',
      (request) => request.method() === 'POST' && posts.push(new URL(request.url()).pathname),
    );
    await window.view('Failed');
    await page.getByText('the directory has no seat left').first().waitFor();
    expect(await page.locator('.failure').count()).toBe(2);

    await page.getByRole('button', { name: 'Replay…' }).first().click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.innerText()).toMatch(/These handlers run again:\s+Sync\.giveUp/);
    await page.keyboard.press('Escape');
    expect(posts).toEqual([]);
    Sync.isBroken = false;
    await page.getByRole('button', { name: 'Replay…' }).first().click();
    await dialog.getByRole('button', { name: 'Replay', exact: true }).click();
    await dialog.getByText('1 handler of the event was started again.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await expect.poll(() => page.locator('.failure').count()).toBe(1);

    await page.getByRole('button', { name: 'Discard…' }).click();
    await dialog.getByRole('button', { name: 'Discard', exact: true }).click();
    await dialog.getByText('1 failure was discarded.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await page.getByText('Nothing has failed for good').waitFor();
    expect(posts).toEqual(['/inspector/api/failed/replay', '/inspector/api/failed/discard']);
  });

  it('pages through failed events, and filters them', async () => {
    for (let many = 0; many < 27; many++) {
      await app.deliver(anEvent('user.updated', { organization_id: many === 26 ? 'org_last' : 'org_other' }));
    }
    const { page } = window;
    await window.view('Failed');
    await expect.poll(() => page.locator('.failure').count()).toBe(25);
    await page.getByRole('button', { name: 'Next' }).click();
    await expect.poll(() => page.locator('.failure').count()).toBe(2);
    await page.getByRole('button', { name: 'Previous' }).click();
    await expect.poll(() => page.locator('.failure').count()).toBe(25);
    await page.getByLabel('Organization', { exact: true }).fill('org_last');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('.failure').count()).toBe(1);
  });

  it('maps types to handlers, shows what nobody listens to and what never came, and the endpoint’s facts', async () => {
    await app.deliver(anEvent('user.created'));
    await app.deliver(anEvent('domain.verified'), { scheme: 'timestamped' });
    const { page } = window;
    await window.view('Handlers');
    const row = (type: string) => page.getByRole('row', { name: new RegExp(`^${type}`) });
    await expect.poll(() => row('user.created').innerText()).toMatch(/1\s+listens/);
    expect(await row('domain.verified').innerText()).toContain('nobody listens');
    expect(await row('organization.deleted').innerText()).toContain('never came');
    await page.getByRole('button', { name: 'Nobody listens' }).click();
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1);

    await window.view('Endpoints');
    await page.getByText('number 1 of 1').waitFor();
    const text = await window.text();
    expect(text).toContain('standard (1), timestamped (1)');
    expect(text).toContain('/webhooks/scalekit');
    expect(text).toContain(String(process.pid));
  });

  it('plots rate, answer times and the share of outcomes', async () => {
    await app.deliver(anEvent('user.created'));
    await forge(app);
    const { page } = window;
    await window.view('Charts');
    await page.getByRole('img', { name: /Share of outcomes: 50.0 % answered 2xx/ }).waitFor();
    expect(await page.locator('canvas').count()).toBe(3);
    await page.getByRole('button', { name: 'Last 24 hours' }).click();
    await expect.poll(() => page.url()).toContain('window=24h');
    await page.getByRole('img', { name: /Deliveries a second: 2 deliveries/ }).waitFor();
  });

  it('shows hostile values as text', async () => {
    const markup = `<img src=x onerror="complain('markup')"><script>complain('script')</script>`;
    const event = anEvent(markup, {
      id: 'https://evil.example/?<b>',
      organization_id: 'org_\u202egro.elpmaxe\u3164\u{e0041}',
      data: { text: markup, long: 'x'.repeat(500_000), ...Object.fromEntries(manyKeys()) },
    });
    await app.deliver(event);
    await expect.poll(() => window.rows()).toEqual([expect.stringContaining('<img src=x')]);
    expect((await window.rows())[0]).toContain('org_⟨U+202E⟩gro.elpmaxe⟨U+3164⟩⟨U+E0041⟩');
    await window.openRow('<img src=x');
    await window.page.getByRole('heading', { name: 'Payload' }).waitFor();
    await window.page.getByLabel('Payload', { exact: true }).waitFor();
    const { page } = window;
    expect(await window.text()).toContain('https://evil.example/?<b>');
    expect(await page.locator('main img, main script, main b, main a[href^="http"]').count()).toBe(0);
    expect(await window.isOverflowing()).toBe(false);
  });
});

function manyKeys(): [string, number][] {
  return Array.from({ length: 10_000 }, (_, index) => [`key${index}`, index]);
}
