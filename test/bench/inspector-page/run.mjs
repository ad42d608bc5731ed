// Usage, after a build: NODE_ENV=test node test/bench/inspector-page/run.mjs [seconds] [deliveries a second]
// How responsive the inspector's page stays under load: long tasks and heap of the page, heap of the application.
import { chromium } from 'playwright-core';
import { Child } from '../harness/child.mjs';

const seconds = Number(process.argv[2] ?? 60);
const rate = Number(process.argv[3] ?? 500);
const SLICES = 6;

const worker = await Child.start(new URL('worker.mjs', import.meta.url).pathname, {
  nodeOptions: ['--expose-gc'],
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--enable-precise-memory-info'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`http://127.0.0.1:${worker.hello}/inspector`);
  await page.evaluate(() => {
    globalThis.seen = { longTasks: [], frames: 0, heap: Infinity };
    // The smallest, after a collection of garbage by the browser: to force one would be a long task.
    setInterval(() => (seen.heap = Math.min(seen.heap, performance.memory.usedJSHeapSize)), 100);
    new PerformanceObserver((list) =>
      seen.longTasks.push(...list.getEntries().map(({ duration }) => duration)),
    ).observe({ type: 'longtask' });
    const frame = () => {
      seen.frames += 1;
      requestAnimationFrame(frame);
    };
    frame();
  });
  for (let slice = 1; slice <= SLICES; slice++) {
    const { sent, heapBytes } = await worker.ask({ port: worker.hello, rate, seconds: seconds / SLICES });
    const { rows, heap, longTasks, frames } = await page.evaluate(() => {
      const { longTasks, frames, heap } = seen;
      Object.assign(seen, { longTasks: [], frames: 0, heap: Infinity });
      const rows = document.querySelector('.list-state')?.textContent;
      return { rows, heap, longTasks, frames };
    });
    console.log(
      [
        `${((slice * seconds) / SLICES).toFixed(0)} s: ${sent} sent`,
        `the list: ${rows?.replace('Pause', '')}`,
        `${(frames / (seconds / SLICES)).toFixed(0)} frames a second`,
        `${longTasks.length} long tasks, ${longTasks.filter((ms) => ms >= 100).length} of 100 ms and more, the longest ${Math.max(0, ...longTasks).toFixed(0)} ms`,
        `heap of the page ${(heap / 1e6).toFixed(1)} MB, of the application ${(heapBytes / 1e6).toFixed(1)} MB`,
      ].join('; '),
    );
  }
} finally {
  await browser.close();
  await worker.stop();
}
