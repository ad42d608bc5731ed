import type { StatementSender } from './send-statement.js';

/** Locks and WAL of one statement stay small, and so does the time for which it delays others. */
export const BATCH_ROWS = 1_000;
/** Fewer than a batch, so that removing keeps up with what is claimed. */
const CLAIMS_PER_BATCH = 500;

/** Removes rows whose time to live is over. Nobody needs it to be prompt: `begin` ignores them. */
export class ExpiredRows {
  /** Processes that were started together don't remove together. */
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

  /** Removes a batch now and then, on occasion of the claims that fill the table. */
  onClaims(count: number): void {
    this.claimsLeft -= count;
    if (this.claimsLeft > 0 || this.isRemoving) {
      return;
    }
    this.claimsLeft = CLAIMS_PER_BATCH;
    this.isRemoving = true;
    this.removeBatch()
      .catch(() => undefined) // Whatever is wrong, the next claim meets it, too.
      .finally(() => {
        this.isRemoving = false;
      });
  }

  private async removeBatch(): Promise<number> {
    const [removed] = await this.sender.send<[number]>(this.statement, BATCH_ROWS);
    return removed;
  }
}
