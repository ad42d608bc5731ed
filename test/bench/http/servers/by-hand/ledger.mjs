import { Injectable } from '@nestjs/common';
import { decorate } from '../../../harness/decorate.mjs';

const MOST = 100_000;

/** Which events are in progress, and which are done. */
export class Ledger {
  states = new Map();

  /** @returns the state before; undefined where the event is now the caller's */
  begin(id) {
    const state = this.states.get(id);
    if (state === undefined) {
      this.states.set(id, 'in progress');
      if (this.states.size > MOST) {
        const [oldest] = this.states.keys();
        this.states.delete(oldest);
      }
    }
    return state;
  }

  complete(id) {
    this.states.set(id, 'done');
  }

  release(id) {
    this.states.delete(id);
  }
}
decorate([Injectable()], Ledger);
