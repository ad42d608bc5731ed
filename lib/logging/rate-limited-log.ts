import type { LoggerService } from '@nestjs/common';
import { escapeControlCharacters } from './escape-control-characters.js';

const WINDOW_MS = 1_000;

/**
 * Warnings that a sender can cause at will: the first of each reason is logged at once, then at most one line a
 * second for that reason, with the count of those in between. A flood of forgeries can't flood the log.
 */
export class RateLimitedLog {
  /** How many came since the last line, by reason; a reason is absent while its next one may be logged at once. */
  private readonly suppressed = new Map<string, number>();

  constructor(
    private readonly logger: LoggerService,
    private readonly endpoint: string,
  ) {}

  /** @param reason one of a fixed set of codes: never text that the sender chose. */
  warn(reason: string, message: string): void {
    const suppressed = this.suppressed.get(reason);
    if (suppressed !== undefined) {
      this.suppressed.set(reason, suppressed + 1);
      return;
    }
    this.write(reason, message, 0);
  }

  private write(reason: string, message: string, more: number): void {
    const count = more > 0 ? ` (${more} more of these in the last second)` : '';
    this.logger.warn(`[${this.endpoint}] ${reason}: ${escapeControlCharacters(message)}${count}`);
    this.suppressed.set(reason, 0);
    setTimeout(() => {
      const more = this.suppressed.get(reason) ?? 0;
      this.suppressed.delete(reason);
      if (more > 0) {
        this.write(reason, message, more);
      }
    }, WINDOW_MS).unref();
  }
}
