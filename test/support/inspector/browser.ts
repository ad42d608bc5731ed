import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export function launchBrowser(): Promise<Browser> {
  // Chromium refuses to run as root in its sandbox, and a container has small shared memory.
  const args = [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage'];
  return chromium.launch({ executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium', args });
}

export interface Screen {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** The inspector in a window of its own, as a user sees it. */
export class InspectorWindow {
  /** What the browser complained of: errors, and what its policy blocked. */
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    readonly url: string,
  ) {}

  static async open(
    browser: Browser,
    url: string,
    screen: Screen = {},
    prepare: (page: Page) => Promise<void> = () => Promise.resolve(),
  ): Promise<InspectorWindow> {
    const { width = 1280, height = 800, colorScheme = 'light' } = screen;
    const page = await browser.newPage({ viewport: { width, height }, colorScheme });
    page.setDefaultTimeout(20_000);
    const window = new InspectorWindow(page, url);
    page.on('pageerror', (error) => window.complaints.push(String(error.stack)));
    page.on('console', (message) => {
      if (message.type() === 'error') {
        window.complaints.push(message.text());
      }
    });
    await page.exposeFunction('complain', (what: string) => window.complaints.push(what));
    await page.addInitScript(
      `addEventListener('securitypolicyviolation', (event) =>
         complain('blocked ' + event.blockedURI + ' by ' + event.effectiveDirective));`,
    );
    await prepare(page);
    await page.goto(url);
    return window;
  }

  /** Rows of the list, the newest first: the text of each without its time. */
  async rows(): Promise<string[]> {
    const rows = await this.page.locator('.rows > [role=row]').all();
    const texts = await Promise.all(
      rows.map(async (row) => [await place(row), await row.innerText()] as const),
    );
    return texts
      .sort(([a], [b]) => a - b)
      .map(([, text]) => text.split('\n').slice(1).join(' ').replace(/\s+/g, ' ').trim());
  }

  /** By a click, as a user goes there. */
  async view(name: string): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name }).click();
  }

  async openRow(text: string): Promise<void> {
    await this.page.locator('.rows > [role=row]', { hasText: text }).first().click();
  }

  text(selector = 'main'): Promise<string> {
    return this.page.locator(selector).innerText();
  }

  /** What axe finds wrong. The policy of the page allows no script, but what the browser itself runs. */
  async accessibilityFaults(): Promise<string[]> {
    await this.page.evaluate(AXE);
    return this.page.evaluate<string[]>(
      `axe.run().then(({ violations }) =>
         violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 200)).join(' | ')))`,
    );
  }

  /** Whether something is wider than the window. */
  isOverflowing(): Promise<boolean> {
    return this.page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
  }

  async close(): Promise<void> {
    const { complaints } = this;
    await this.page.context().close();
    expect(complaints).toEqual([]);
  }
}

async function place(row: { getAttribute(name: string): Promise<string | null> }): Promise<number> {
  return Number(await row.getAttribute('aria-rowindex'));
}
