import type { Type } from '@nestjs/common';
import type { EndpointRole } from '../dispatch/endpoint-role.js';
import { ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import { createWebhookController, type ScalekitWebhookController } from './scalekit-webhook.controller.js';

const ROLES: readonly EndpointRole[] = ['receive', 'work', 'both'];
export const DEFAULT_PATH = 'webhooks/scalekit';
const ENDPOINT_NAME = /^[\w.-]{1,64}$/;

/** What is fixed when the module is imported, before any factory has run. */
export interface Registration {
  readonly name: string;
  readonly path: string | undefined;
  readonly role: EndpointRole;
  readonly controller: Type<ScalekitWebhookController>;
}

export function register(
  name: string,
  path: string | undefined,
  role: EndpointRole,
  controllerDecorators: readonly ClassDecorator[],
): Registration {
  if (!ENDPOINT_NAME.test(name)) {
    throw new ScalekitWebhookError(
      'invalid_options',
      "ScalekitWebhookModule can't start: name must be 1 to 64 letters, digits, '.', '_' or '-'.",
    );
  }
  if (!ROLES.includes(role)) {
    throw new ScalekitWebhookError(
      'invalid_options',
      `ScalekitWebhookModule "${name}" can't start: role must be one of '${ROLES.join("', '")}'.`,
    );
  }
  return {
    name,
    path,
    role,
    controller: createWebhookController(name, path ?? DEFAULT_PATH, controllerDecorators),
  };
}
