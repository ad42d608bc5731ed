import { Injectable } from '@nestjs/common';
import type { EndpointRole } from '../dispatch/endpoint-role.js';
import type { EventDispatcher } from '../dispatch/event-dispatcher.js';
import type { ScalekitWebhookOptions } from '../scalekit-webhook.options.js';
import type { Lifecycle } from '../telemetry/lifecycle.js';

export interface OpenEndpoint {
  readonly name: string;
  readonly role: EndpointRole;
  readonly options: Omit<ScalekitWebhookOptions, 'secret'>;
  readonly dispatcher: EventDispatcher;
  readonly lifecycle: Lifecycle;
}

/** The endpoints that run in this application, with all their parts: for what looks at them from outside. */
@Injectable()
export class OpenEndpoints {
  readonly all: OpenEndpoint[] = [];
}
