import { Module } from '@nestjs/common';
import { type EndpointRole, ScalekitWebhookModule } from 'nestjs-scalekit-webhooks';
import { Database } from './database.js';
import { DatabaseModule } from './database.module.js';
import { SeatSync } from './seat-sync.js';
import { SECRET } from './secret.js';

/** What this process does: `receive`, `work`, or both. */
export const ROLE = (process.env.ROLE ?? 'both') as EndpointRole;

@Module({
  imports: [
    ScalekitWebhookModule.forRootAsync({
      role: ROLE,
      imports: [DatabaseModule],
      inject: [Database],
      useFactory: ({ store, dispatcher }: Database) => ({
        secret: SECRET,
        idempotency: { store },
        dispatcher,
      }),
    }),
  ],
  providers: ROLE === 'receive' ? [] : [SeatSync],
})
export class AppModule {}
