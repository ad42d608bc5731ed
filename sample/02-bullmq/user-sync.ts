import { Injectable, Logger } from '@nestjs/common';
import {
  type DirectoryUser,
  EventData,
  OnScalekitEvent,
  type ScalekitEvent,
  type ScalekitEventContext,
} from 'nestjs-scalekit-webhooks';

@Injectable()
export class UserSync {
  private readonly logger = new Logger(UserSync.name);

  /** Of a user's updates that overtake each other, only the latest counts. */
  @OnScalekitEvent(['organization.directory.user_created', 'organization.directory.user_updated'], {
    latestOnly: ({ data }) => data.id,
  })
  upsert(@EventData() user: DirectoryUser): void {
    this.logger.log(`${user.id} is ${user.active === false ? 'inactive' : 'active'}`);
  }

  /** Is retried alone: what `upsert` has done is not done again. */
  @OnScalekitEvent('organization.directory.user_created', {
    attempts: 5,
    backoff: { type: 'exponential', delayMs: 500 },
  })
  welcome({ data }: ScalekitEvent<'organization.directory.user_created'>, { attempt }: ScalekitEventContext) {
    if (attempt === 1) {
      throw new Error('the mail server is away');
    }
    this.logger.log(`${data.id} is welcome, at attempt ${attempt}`);
  }
}
