import { SingleBar } from 'cli-progress';

/**
 * Starts a progress bar. It shows nothing if standard error is not a terminal. The command stops it on Ctrl-C: the cursor
 * is hidden until then.
 *
 * @param describe what stands behind the bar, after so many seconds
 */
export function progressBar(total: number, describe: (value: number, seconds: number) => string): SingleBar {
  const bar = new SingleBar({
    stream: process.stderr,
    format: ({ barsize = 40 }, { value, progress, startTime }) => {
      const done = Math.round(progress * barsize);
      const seconds = Math.max((Date.now() - startTime) / 1000, 0.001);
      return `  ${'█'.repeat(done)}${'░'.repeat(barsize - done)} ${describe(value, seconds)}`;
    },
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0);
  return bar;
}
