import 'reflect-metadata';
import {
  Body,
  ConflictException,
  Controller,
  HttpCode,
  Module,
  Post,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { catchError, from, mergeMap, of } from 'rxjs';
import { decorate } from '../../../harness/decorate.mjs';
import { startNest } from '../../../harness/nest-app.mjs';
import { SignatureGuard } from '../../../http/servers/by-hand/signature.guard.mjs';

/** Lets an event pass once, as far as `claims` know. */
class IdempotencyInterceptor {
  constructor(claims) {
    this.claims = claims;
  }

  async intercept(context, next) {
    const { id } = context.switchToHttp().getRequest().body;
    switch (await this.claims.begin(id)) {
      case 'done':
        return of('Already processed');
      case 'in progress':
        throw new ConflictException('The event is in progress');
    }
    return next.handle().pipe(
      mergeMap((answer) => from(this.claims.complete(id).then(() => answer))),
      catchError((error) =>
        from(
          this.claims.release(id).then(() => {
            throw error;
          }),
        ),
      ),
    );
  }
}

/**
 * A route that queues one job a request.
 *
 * @param claims where events are remembered; without it, the queue alone tells duplicates by the id of the job
 */
export function startByHand(enqueue, claims) {
  class WebhookController {
    async receive(event) {
      await enqueue(event);
      return 'OK';
    }
  }
  Body()(WebhookController.prototype, 'receive', 0);
  decorate([Post(), HttpCode(200)], WebhookController, 'receive');
  decorate(
    [
      Controller('webhooks/scalekit'),
      UseGuards(SignatureGuard),
      ...(claims ? [UseInterceptors(new IdempotencyInterceptor(claims))] : []),
    ],
    WebhookController,
  );

  class AppModule {}
  decorate([Module({ controllers: [WebhookController] })], AppModule);
  return startNest(AppModule, 'express', { rawBody: true });
}
