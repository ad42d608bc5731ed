import type { LoggerService } from '@nestjs/common';
import { escapeControlCharacters } from './escape-control-characters.js';

const WINDOW_MS = 1_000;

interface Window {
  readonly message: string;
  readonly timer: NodeJS.Timeout;
  /** How many warnings came since the line that opened the window. */
  suppressed: number;
}

/**
 * Warnings that a sender can cause at will: the first of each reason is logged at once, then at most one line a
 * second for that reason, with the count of those in between. A flood of forgeries can't flood the log.
 */
export class RateLimitedLog {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly logger: LoggerService,
    private readonly endpoint: string,
  ) {}

  /** @param reason one of a fixed set of codes: never text that the sender chose. */
  warn(reason: string, message: string): void {
    const open = this.windows.get(reason);
    if (open) {
      open.suppressed++;
      return;
    }
    this.write(reason, message, 0);
    this.openWindow(reason, message);
  }

  /** Writes the pending counts, before the application closes. */
  close(): void {
    for (const reason of this.windows.keys()) {
      this.closeWindow(reason);
    }
  }

  private openWindow(reason: string, message: string): void {
    const timer = setTimeout(() => {
      if (this.closeWindow(reason)) {
        this.openWindow(reason, message);
      }
    }, WINDOW_MS).unref();
    this.windows.set(reason, { timer, message, suppressed: 0 });
  }

  /** True if there was something to write. */
  private closeWindow(reason: string): boolean {
    const window = this.windows.get(reason);
    this.windows.delete(reason);
    clearTimeout(window?.timer);
    if (!window || window.suppressed === 0) {
      return false;
    }
    this.write(reason, window.message, window.suppressed);
    return true;
  }

  private write(reason: string, message: string, more: number): void {
    const count = more > 0 ? ` (${more} more of these in the last second)` : '';
    this.logger.warn(`[${this.endpoint}] ${reason}: ${escapeControlCharacters(message)}${count}`);
  }
}
