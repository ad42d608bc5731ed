import { Injectable, Logger } from '@nestjs/common';
import {
  type DirectoryUser,
  EventData,
  OnScalekitEvent,
  type ScalekitEvent,
  type ScalekitEventContext,
} from 'nestjs-scalekit-webhooks';
import { Directory } from './directory.js';

/** Keeps the directory as the customers' identity providers want it (SCIM). */
@Injectable()
export class UserSync {
  private readonly logger = new Logger(UserSync.name);

  constructor(private readonly directory: Directory) {}

  @OnScalekitEvent(['organization.directory.user_created', 'organization.directory.user_updated'])
  upsert(@EventData() user: DirectoryUser): void {
    this.directory.save({
      id: user.id,
      organization: user.organization_id,
      name: user.name ?? user.preferred_username ?? user.id,
      active: user.active ?? true,
    });
  }

  @OnScalekitEvent('organization.directory.user_deleted')
  remove(@EventData() user: DirectoryUser): void {
    this.directory.remove(user.id);
  }

  @OnScalekitEvent('organization.*')
  audit(event: ScalekitEvent<'organization.*'>, context: ScalekitEventContext): void {
    this.logger.log(`${event.type} ${event.id}, attempt ${context.attempt}, proved by ${context.scheme}`);
  }
}
