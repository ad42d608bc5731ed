import { within } from '../shared/within.js';
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

  /** The oldest claim comes first. */
  get summary(): { readonly running: number; readonly oldestMs: number } {
    const working = [...this.claims].filter(({ isWork }) => isWork);
    const [oldest] = working;
    return { running: working.length, oldestMs: oldest ? performance.now() - oldest.since : 0 };
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
    if (this.claims.size > 0) {
      const empty = new Promise<void>((resolve) => {
        this.onEmpty = resolve;
      });
      await within(timeoutMs, empty, () => undefined);
    }
    clearInterval(this.timer);
    await Promise.allSettled(
      Array.from(this.claims, (claim) => {
        claim.abort(new DeliveryAbortedError('shutting_down'));
        return claim.giveUp();
      }),
    );
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
