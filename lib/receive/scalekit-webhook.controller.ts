import {
  applyDecorators,
  Controller,
  HttpCode,
  HttpStatus,
  Post,
  Req,
  Res,
  type Type,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import type { AnswerableResponse } from '../answers/answers.js';
import type { EndpointRole } from '../dispatch/endpoint-role.js';
import { BelongsToEndpoint } from '../raw-body/raw-body-route.js';
import type { RequestWithBody } from '../raw-body/request-raw-body.js';
import { cantStart, ScalekitWebhookError } from '../scalekit-webhook.errors.js';
import type { Awaitable } from '../shared/awaitable.js';
import { ScalekitSignatureGuard } from '../signature/scalekit-signature.guard.js';
import { DeliveryReceiver } from './delivery.receiver.js';

const ROLES: readonly EndpointRole[] = ['receive', 'work', 'both'];
export const DEFAULT_PATH = 'webhooks/scalekit';
const ENDPOINT_NAME = /^[\w.-]{1,64}$/;

/** What is fixed when the module is imported, before any factory runs. */
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
    throw cantStart(name, `role must be one of '${ROLES.join("', '")}'.`);
  }
  return {
    name,
    path,
    role,
    controller: createWebhookController(name, path ?? DEFAULT_PATH, controllerDecorators),
  };
}

/** The module's own route. */
export abstract class ScalekitWebhookController {
  abstract receive(request: RequestWithBody, response: AnswerableResponse): Awaitable<string>;
}

/** A controller class for one registration, so that two of them never share a route. */
export function createWebhookController(
  endpoint: string,
  path: string,
  decorators: readonly ClassDecorator[],
): Type<ScalekitWebhookController> {
  @applyDecorators(...decorators)
  @BelongsToEndpoint(endpoint)
  @UseGuards(ScalekitSignatureGuard)
  class EndpointController extends ScalekitWebhookController {
    constructor(private readonly receiver: DeliveryReceiver) {
      super();
    }

    @Post()
    @HttpCode(HttpStatus.OK)
    receive(
      @Req() request: RequestWithBody,
      @Res({ passthrough: true }) response: AnswerableResponse,
    ): Awaitable<string> {
      return this.receiver.receive(request, response);
    }
  }
  Object.defineProperty(EndpointController, 'name', { value: ScalekitWebhookController.name });
  mountController(EndpointController, path);
  return EndpointController;
}

/**
 * Sets the path again when the factory of `forRootAsync` returns another one: Nest reads it when it registers the
 * routes, after all providers are built.
 */
export function mountController(controller: Type<ScalekitWebhookController>, path: string): void {
  Controller({ path, version: VERSION_NEUTRAL })(controller);
}
