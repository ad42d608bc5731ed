import { SingleBar } from 'cli-progress';
import { formatCount } from './output.js';

/** Shows progress on a terminal, and nothing elsewhere. */
export class ProgressBar {
  private readonly bar: SingleBar | undefined;

  constructor(total: number, isWanted: boolean) {
    if (!isWanted || !process.stderr.isTTY) {
      return;
    }
    this.bar = new SingleBar({
      stream: process.stderr,
      format: ({ barsize = 40 }, { value, progress, startTime }) => {
        const done = Math.round(progress * barsize);
        const seconds = Math.max((Date.now() - startTime) / 1000, 0.001);
        const rate = formatCount(Math.round(value / seconds));
        const bar = '█'.repeat(done) + '░'.repeat(barsize - done);
        return `  ${bar} ${formatCount(value)} / ${formatCount(total)}  ${rate}/s`;
      },
      hideCursor: true,
      clearOnComplete: true,
      // `send` handles Ctrl-C itself, and prints the results so far.
      gracefulExit: false,
    });
    this.bar.start(total, 0);
  }

  advance(): void {
    this.bar?.increment();
  }

  stop(): void {
    this.bar?.stop();
  }
}
