import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ScalekitIdempotencyInterceptor } from '../idempotency/scalekit-idempotency.interceptor.js';
import { INTERCEPTORS } from '../shared/nest-internals.js';
import { REGISTRATION } from '../scalekit-webhook.tokens.js';
import type { Registration } from './registration.js';
import type { ScalekitWebhookController } from './scalekit-webhook.controller.js';

/**
 * Nest 12 calls a route's interceptors through observables and async resources that cost as much as the rest of the
 * route. Ours is the last of them: global ones come before it, and after it only the controller's method (which has
 * no parameter that a pipe could see). So the method may as well call it, and nothing that anybody can see changes.
 * That is arranged between the last `useGlobal…()` and the registration of the routes, and left as it is wherever
 * another interceptor would stand after ours, or somebody has replaced, extended or instrumented it.
 */
@Injectable()
export class InnermostInterceptor {
  constructor(
    @Inject(REGISTRATION) private readonly registration: Registration,
    private readonly modules: ModulesContainer,
  ) {}

  /** Called before Nest reads what to register for the route. */
  moveIntoController(): void {
    const { controller } = this.registration;
    if (!isTheOnlyOneOf(controller)) {
      return;
    }
    for (const { controllers, injectables } of this.modules.values()) {
      const route = controllers.get(controller);
      const interceptor: unknown = injectables.get(ScalekitIdempotencyInterceptor)?.instance;
      if (route?.isDependencyTreeStatic() && ScalekitIdempotencyInterceptor.isPlain(interceptor)) {
        const instance = route.instance as ScalekitWebhookController;
        instance.claimWith(interceptor);
        hideInterceptors(instance, controller);
      }
    }
  }
}

/**
 * Nest reads the interceptors of a route from the class of the controller's instance, so that becomes a subclass which
 * has none. The class itself stays as it is: another application in this process may use the registration, too.
 */
function hideInterceptors(instance: ScalekitWebhookController, controller: Registration['controller']): void {
  const Mounted = class extends controller {};
  Object.defineProperty(Mounted, 'name', { value: controller.name });
  Reflect.defineMetadata(INTERCEPTORS, [], Mounted);
  Object.setPrototypeOf(instance, Mounted.prototype);
}

function isTheOnlyOneOf(controller: Registration['controller']): boolean {
  const prototype = controller.prototype as { readonly receive: object };
  const interceptors = [controller, prototype.receive].flatMap(
    (target) => (Reflect.getMetadata(INTERCEPTORS, target) ?? []) as unknown[],
  );
  return interceptors.length === 1 && interceptors[0] === ScalekitIdempotencyInterceptor;
}
