import type { Claim } from './claim.js';
import { DeliveryAbortedError } from './idempotency.errors.js';

/** The claims this process holds: it renews their leases, and a shutdown waits for them. */
export class RunningClaims {
  private readonly claims = new Set<Claim>();
  private timer: NodeJS.Timeout | undefined;
  private onEmpty: (() => void) | undefined;

  constructor(private readonly renewEveryMs: number) {}

  add(claim: Claim): void {
    this.claims.add(claim);
    this.timer ??= setInterval(() => {
      this.renewAll();
    }, this.renewEveryMs).unref();
  }

  remove(claim: Claim): void {
    this.claims.delete(claim);
    if (this.claims.size === 0) {
      this.onEmpty?.();
    }
  }

  /**
   * Waits until nothing runs, at most `timeoutMs`; then aborts and releases what still does. Leases are no longer
   * renewed.
   */
  async drain(timeoutMs: number): Promise<void> {
    await this.waitUntilEmpty(timeoutMs);
    clearInterval(this.timer);
    await Promise.allSettled(
      Array.from(this.claims, (claim) => {
        claim.abort(new DeliveryAbortedError('shutting_down'));
        return claim.giveUp();
      }),
    );
  }

  private async waitUntilEmpty(timeoutMs: number): Promise<void> {
    if (this.claims.size === 0) {
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.onEmpty = resolve;
      timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
  }

  private renewAll(): void {
    for (const claim of [...this.claims]) {
      void this.renew(claim);
    }
  }

  private async renew(claim: Claim): Promise<void> {
    let held: boolean;
    try {
      held = await claim.renew();
    } catch {
      return; // The store is away: the next round tries again, and the token decides at the end.
    }
    if (!held && this.claims.has(claim) && !claim.isEnding) {
      claim.abort(new DeliveryAbortedError('lease_lost'));
    }
  }
}
