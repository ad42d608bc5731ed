import type { StatementSender } from './send-statement.js';

/** The most rows of one statement: its locks and WAL stay small, and it delays others only briefly. */
export const BATCH_ROWS = 1_000;
/** Removes a batch after this many claims: fewer than a batch, so that removing keeps up. */
const CLAIMS_PER_BATCH = 500;

/** Removes expired rows, sooner or later: `begin` ignores them. */
export class ExpiredRows {
  /** Random, so that processes that were started together don't remove together. */
  private claimsLeft = Math.random() * CLAIMS_PER_BATCH;
  private isRemoving = false;

  constructor(
    private readonly sender: StatementSender,
    private readonly statement: string,
  ) {}

  /** Until none is left. */
  async removeAll(): Promise<number> {
    let total = 0;
    for (let removed = BATCH_ROWS; removed === BATCH_ROWS; total += removed) {
      removed = await this.removeBatch();
    }
    return total;
  }

  /** Counts claims, and removes a batch of expired rows now and then. */
  onClaims(count: number): void {
    this.claimsLeft -= count;
    if (this.claimsLeft > 0 || this.isRemoving) {
      return;
    }
    this.claimsLeft = CLAIMS_PER_BATCH;
    this.isRemoving = true;
    this.removeBatch()
      .catch(() => undefined) // The next claim reports the same error.
      .finally(() => {
        this.isRemoving = false;
      });
  }

  private async removeBatch(): Promise<number> {
    const [removed] = await this.sender.send<[number]>(this.statement, BATCH_ROWS);
    return removed;
  }
}
