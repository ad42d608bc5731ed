import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InspectorStats } from '../../lib/inspector/inspector.api.js';
import { InspectorWindow, launchBrowser } from '../support/inspector/browser.js';
import { startLively } from '../support/inspector/lively-app.js';
import type { WebhookApp } from '../support/webhook-app.js';

/** Where the pictures of the documents go: `npm run screenshots`. */
const FOLDER = process.env.SCREENSHOTS;
const PICTURES: Readonly<Record<string, string>> = {
  'Deliveries 1280 light': 'inspector.png',
  'Deliveries 1280 dark': 'inspector-dark.png',
  'Delivery 1280 light': 'inspector-delivery.png',
  'Charts 1280 dark': 'inspector-charts.png',
  'Failed 1280 light': 'inspector-failed.png',
  'Deliveries 360 light': 'inspector-360.png',
  'Delivery 360 dark': 'inspector-360-dark.png',
};

const SCREENS = [1280, 360].flatMap((width) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ width, colorScheme })),
);

let browser: Browser;
let app: WebhookApp;
beforeAll(async () => {
  [browser, app] = await Promise.all([launchBrowser(), startLively()]);
});
afterAll(async () => {
  await browser.close();
  await app.close();
});

describe.each(SCREENS)('the inspector’s page, $width pixels wide and $colorScheme', (screen) => {
  it('is accessible in every view, fits, and has no error', async () => {
    const window = await InspectorWindow.open(browser, `${app.url}/inspector`, {
      ...screen,
      height: screen.width === 360 ? 720 : 640,
    });
    const { page } = window;
    if (FOLDER) {
      await page.route('**/api/stats*', (route) => route.fulfill({ json: aBusyQuarterHour() }));
    }
    const faults: string[] = [];
    const look = async (name: string): Promise<void> => {
      const seen = `${name} ${screen.width} ${screen.colorScheme}`;
      await takePicture(window, PICTURES[seen]);
      faults.push(...(await window.accessibilityFaults()).map((fault) => `${seen}: ${fault}`));
      if (await window.isOverflowing()) {
        faults.push(`${seen}: wider than the window`);
      }
    };

    await expect.poll(() => window.rows().then(({ length }) => length)).toBeGreaterThan(8);
    await look('Deliveries');
    await page.getByRole('button', { name: 'Keys' }).click();
    await look('Keys');
    await page.getByRole('button', { name: 'Close' }).click();
    await window.openRow('group_created');
    await page.getByRole('heading', { name: 'Headers' }).waitFor();
    await look('Delivery');
    await window.view('Charts');
    await page.locator('canvas').first().waitFor();
    await look('Charts');
    await window.view('Failed');
    await page.getByRole('button', { name: 'Replay…' }).first().click();
    await page.getByRole('dialog').waitFor();
    await look('Replay');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await look('Failed');
    await window.view('Handlers');
    await page.getByRole('table').waitFor();
    await look('Handlers');
    await window.view('Endpoints');
    await page.getByRole('heading', { name: 'Processes' }).waitFor();
    await look('Endpoints');

    expect(faults).toEqual([]);
    await window.close();
  });
});

/** What no test can wait for. */
function aBusyQuarterHour(): InspectorStats {
  const bucketMs = 10_000;
  const at = Array.from({ length: 90 }, (_, index) => Date.now() - (90 - index) * bucketMs);
  const wave = (size: number, floor: number) =>
    at.map((_, index) => Math.round(floor + size * (1 + Math.sin(index / 11) + Math.sin(index * index) / 4)));
  const outcomes = {
    handled: wave(60, 90),
    queued: wave(0, 0),
    duplicate: wave(4, 3),
    in_progress: wave(1, 0),
    late: wave(0.4, 0),
    refused: wave(2, 2),
    failed: wave(2.4, 0),
  };
  return { window: '15m', bucketMs, at, outcomes, p50: wave(1, 3), p95: wave(4, 9), p99: wave(14, 18) };
}

async function takePicture({ page }: InspectorWindow, name: string | undefined): Promise<void> {
  if (FOLDER && name) {
    mkdirSync(FOLDER, { recursive: true });
    const fullPage = name.includes('charts');
    await page.screenshot({ path: join(FOLDER, name), animations: 'disabled', fullPage });
  }
}
