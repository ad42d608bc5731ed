import { Injectable, Logger } from '@nestjs/common';
import {
  EventContext,
  EventData,
  EventTransaction,
  type DirectoryUser,
  OnScalekitEvent,
  type ScalekitEventContext,
} from 'nestjs-scalekit-webhooks';
import type { Transaction } from './database.js';

@Injectable()
export class SeatSync {
  private readonly logger = new Logger(SeatSync.name);

  /** What it writes and that it is done are committed together: exactly once, whatever fails when. */
  @OnScalekitEvent('organization.directory.user_created', {
    transactional: true,
    attempts: 5,
    backoff: { type: 'exponential', delayMs: 500 },
  })
  async take(
    @EventData() user: DirectoryUser,
    @EventTransaction() transaction: Transaction,
    @EventContext() { attempt }: ScalekitEventContext,
  ): Promise<void> {
    await transaction.query('INSERT INTO seats VALUES ($1, true)', [user.id]);
    if (attempt === 1) {
      throw new Error('something fails when the seat is written already');
    }
    this.logger.log(`${user.id} has taken a seat, at attempt ${attempt}`);
  }

  /** May come before the other one has succeeded. */
  @OnScalekitEvent('organization.directory.user_updated', {
    transactional: true,
    backoff: { type: 'fixed', delayMs: 500 },
  })
  async update(
    @EventData() user: DirectoryUser,
    @EventTransaction() transaction: Transaction,
  ): Promise<void> {
    const { rows } = await transaction.query('UPDATE seats SET active = $2 WHERE user_id = $1 RETURNING 1', [
      user.id,
      user.active,
    ]);
    if (rows.length === 0) {
      throw new Error(`${user.id} has no seat yet`);
    }
    this.logger.log(`${user.id} is ${user.active === false ? 'inactive' : 'active'}`);
  }
}
