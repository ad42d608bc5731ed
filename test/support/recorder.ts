import { Injectable } from '@nestjs/common';
import { OnScalekitEvent, type ScalekitEnvelope, type ScalekitEventContext } from '../../lib/index.js';

/** A handler of every event. */
@Injectable()
export class Recorder {
  readonly events: ScalekitEnvelope[] = [];
  readonly contexts: ScalekitEventContext[] = [];

  @OnScalekitEvent('*')
  record(event: ScalekitEnvelope, context: ScalekitEventContext): void {
    this.events.push(event);
    this.contexts.push(context);
  }

  get ids(): string[] {
    return this.events.map(({ id }) => id);
  }
}
