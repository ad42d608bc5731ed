import { BadRequestException, ConflictException, Inject, Injectable } from '@nestjs/common';
import { of, tap } from 'rxjs';
import { decorate } from '../../../harness/decorate.mjs';
import { Ledger } from './ledger.mjs';

export class IdempotencyInterceptor {
  constructor(ledger) {
    this.ledger = ledger;
  }

  intercept(context, next) {
    const id = context.switchToHttp().getRequest().body?.id;
    if (typeof id !== 'string' || id === '') {
      throw new BadRequestException('The event has no id');
    }
    switch (this.ledger.begin(id)) {
      case 'done':
        return of('Already processed');
      case 'in progress':
        throw new ConflictException('The event is in progress');
    }
    return next.handle().pipe(
      tap({
        complete: () => this.ledger.complete(id),
        error: () => this.ledger.release(id),
      }),
    );
  }
}
Inject(Ledger)(IdempotencyInterceptor, undefined, 0);
decorate([Injectable()], IdempotencyInterceptor);
