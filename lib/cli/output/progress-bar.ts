import { SingleBar } from 'cli-progress';

/**
 * Starts a progress bar. It shows nothing if standard error is not a terminal.
 *
 * @param describe what stands behind the bar, after so many seconds
 * @param gracefulExit whether the bar gives the cursor back on Ctrl-C; without it the command ends by itself
 */
export function progressBar(
  total: number,
  describe: (value: number, seconds: number) => string,
  gracefulExit = true,
): SingleBar {
  const bar = new SingleBar({
    stream: process.stderr,
    format: ({ barsize = 40 }, { value, progress, startTime }) => {
      const done = Math.round(progress * barsize);
      const seconds = Math.max((Date.now() - startTime) / 1000, 0.001);
      return `  ${'█'.repeat(done)}${'░'.repeat(barsize - done)} ${describe(value, seconds)}`;
    },
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit,
  });
  bar.start(total, 0);
  return bar;
}
