import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import type { CallEntry, DeliveryAnswer, DeliveryEntry } from '../../lib/inspector/inspector.api.js';
import { InspectorWindow, launchBrowser } from '../support/inspector/browser.js';
import { startInspected } from '../support/inspector/inspected-app.js';
import type { WebhookApp } from '../support/webhook-app.js';

let browser: Browser;
let app: WebhookApp;
beforeAll(async () => {
  [browser, app] = await Promise.all([launchBrowser(), startInspected({ adapter: new FastifyAdapter() })]);
});
afterAll(async () => {
  await browser.close();
  await app.close();
});

it('keeps the newest 10,000 deliveries, renders those that are seen, and skips what it does not know', async () => {
  const unknown = [{ kind: 'later' }, { kind: 'delivery' }, { kind: 'call' }] as unknown as DeliveryEntry[];
  const known = Array.from({ length: 12_000 }, (_, index) => aDelivery(index));
  const window = await openWith([...unknown, ...known, ...unknown]);
  const { page } = window;
  await expect.poll(() => window.text('.list-state')).toContain('10,000 deliveries');
  expect(await page.locator('.rows > [role=row]').count()).toBeLessThan(60);
  expect((await window.rows())[0]).toContain('evt_11999');
  await page.keyboard.press('j');
  await page.keyboard.press('End');
  await expect.poll(async () => (await window.rows()).at(-1)).toContain('evt_2000');
  await expect.poll(() => page.locator('[role=row]:focus').innerText()).toContain('evt_2000');
  await page.keyboard.press('Home');
  await expect.poll(async () => (await window.rows())[0]).toContain('evt_11999');
  await page.getByLabel('Text in ids').fill('evt_1042');
  await expect.poll(() => window.rows()).toHaveLength(10);
  await window.close();
});

it('shows the handlers of a queue, which ran in another process, on a scale of their own', async () => {
  const delivery = {
    ...aDelivery(1),
    outcome: 'queued',
    reason: 'queued',
    claimedMs: 1.5,
    attempt: 1,
  } as const;
  const calls = [1, 2].map((attempt) => aCall(delivery, attempt));
  const answer: DeliveryAnswer = { delivery, detail: {}, calls: calls.map((call) => ({ call, detail: {} })) };
  const window = await openWith([delivery], answer);
  const { page } = window;
  await window.openRow('evt_1');
  await page.getByRole('region', { name: 'After the answer' }).waitFor();
  const after = await page.getByRole('region', { name: 'After the answer' }).innerText();
  expect(after.replace(/\s+/g, ' ')).toBe(
    'After the answer from 1.0 min to 2.0 min ' +
      'Sync.save · attempt 1 failed in worker:2 500 ms Sync.save · attempt 2 done in worker:2 500 ms',
  );
  const [first, second] = await page.locator('.track').last().locator('.bar').all();
  const [from, to] = [await first?.boundingBox(), await second?.boundingBox()];
  expect(to?.x).toBeGreaterThan((from?.x ?? 0) + 300);
  await window.close();
});

it('says why it may show less than there is', async () => {
  const trouble = 'relation "scalekit_inspector_entries" does not exist: run migrate()';
  const window = await InspectorWindow.open(browser, `${app.url}/inspector`, {}, async (page: Page) => {
    await page.route('**/api/state', async (route) => {
      const state = (await (await route.fetch()).json()) as object;
      await route.fulfill({ json: { ...state, trouble } });
    });
  });
  await window.page.getByText(`Deliveries of other processes may be missing: ${trouble}`).waitFor();
  await window.close();
});

/** Some pages of entries come at once, and then nothing. */
async function openWith(
  entries: readonly DeliveryEntry[],
  answer?: DeliveryAnswer,
): Promise<InspectorWindow> {
  return InspectorWindow.open(browser, `${app.url}/inspector`, {}, async (page: Page) => {
    let hasAnswered = false;
    await page.route('**/api/entries*', async (route) => {
      if (!hasAnswered) {
        hasAnswered = true;
        const body = `id: 1\nevent: entries\ndata: ${JSON.stringify(entries)}\n\n`;
        await route.fulfill({ contentType: 'text/event-stream', body });
      }
    });
    if (answer) {
      await page.route('**/api/deliveries*', (route) => route.fulfill({ json: answer }));
    }
  });
}

function aDelivery(index: number): DeliveryEntry {
  return {
    kind: 'delivery',
    key: `key-${index}`,
    process: 'web:1',
    endpoint: 'default',
    source: 'webhook',
    receivedAt: 1_700_000_000_000 + index,
    eventId: `evt_${index}`,
    type: 'user.created',
    outcome: 'handled',
    reason: 'handled',
    status: 200,
    durationMs: 2,
    readMs: 0.5,
    verifiedMs: 1,
  };
}

function aCall({ endpoint, receivedAt }: DeliveryEntry, attempt: number): CallEntry {
  return {
    kind: 'call',
    key: `call-${attempt}`,
    process: 'worker:2',
    endpoint,
    eventId: 'evt_1',
    type: 'user.created',
    handler: 'Sync.save',
    attempt,
    startedAt: receivedAt + attempt * 60_000,
    queuedMs: 60_000,
    stage: attempt === 1 ? 'failed' : 'completed',
    durationMs: 500,
  };
}
