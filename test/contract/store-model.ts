import { expect } from 'vitest';
import type { StoreUnderTest } from './idempotency-store.contract.js';

const OPTIONS = { leaseMs: 60_000, ttlMs: 600_000, fingerprint: 7 };

export type Step =
  | { call: 'begin' | 'renew' | 'complete' | 'release'; client: number; key: string }
  | { call: 'handlerDone'; client: number; key: string; handler: string }
  | { call: 'advance'; ms: number };

interface Row {
  state: 'running' | 'released' | 'done';
  holder: string;
  attempt: number;
  leaseEndsAt: number;
  expiresAt: number;
  handlersDone: Set<string>;
}

/** The contract in its simplest form: one clock, one table, no bounds. A claim is known by who made it and when. */
export class StoreModel {
  private now = 0;
  private claims = 0;
  private readonly rows = new Map<string, Row>();
  /** The last claim of each client on each key, as the model and as the store name it. */
  private readonly held = new Map<string, { holder: string; token: number }>();

  async compare(step: Step, { store, advance }: StoreUnderTest): Promise<void> {
    if (step.call === 'advance') {
      this.now += step.ms;
      await advance(step.ms);
      return;
    }
    const claim = this.held.get(`${step.client}:${step.key}`) ?? { holder: 'nobody', token: 0 };
    switch (step.call) {
      case 'begin': {
        const expected = this.begin(step.key);
        const answer = await store.begin(step.key, OPTIONS);
        expect(answer).toMatchObject(expected);
        if (answer.status === 'acquired') {
          expect(new Set(answer.handlersDone)).toEqual(this.rows.get(step.key)?.handlersDone);
          this.held.set(`${step.client}:${step.key}`, {
            holder: `claim ${this.claims}`,
            token: answer.token,
          });
        }
        return;
      }
      case 'renew':
        expect(await store.renew(step.key, claim.token, OPTIONS.leaseMs)).toBe(
          this.change(step.key, claim.holder, (row) => {
            row.leaseEndsAt = this.now + OPTIONS.leaseMs;
          }),
        );
        return;
      case 'handlerDone':
        expect(await store.handlerDone(step.key, claim.token, step.handler)).toBe(
          this.change(step.key, claim.holder, (row) => {
            row.handlersDone.add(step.handler);
          }),
        );
        return;
      case 'complete':
      case 'release': {
        const state = step.call === 'complete' ? 'done' : 'released';
        const result =
          step.call === 'complete'
            ? await store.complete(step.key, claim.token, OPTIONS.ttlMs)
            : await store.release(step.key, claim.token);
        expect(result).toBe(
          this.change(step.key, claim.holder, (row) => {
            row.state = state;
            row.expiresAt = this.now + OPTIONS.ttlMs;
          }),
        );
      }
    }
  }

  private begin(key: string): object {
    let row = this.rows.get(key);
    if (row && row.state !== 'running' && row.expiresAt <= this.now) {
      row = undefined;
    }
    if (row?.state === 'done') {
      return { status: 'done', fingerprint: OPTIONS.fingerprint };
    }
    if (row?.state === 'running' && row.leaseEndsAt > this.now) {
      return { status: 'in_progress' };
    }
    const attempt = (row?.attempt ?? 0) + 1;
    this.claims++;
    this.rows.set(key, {
      state: 'running',
      holder: `claim ${this.claims}`,
      attempt,
      leaseEndsAt: this.now + OPTIONS.leaseMs,
      expiresAt: Infinity,
      handlersDone: row?.handlersDone ?? new Set(),
    });
    return { status: 'acquired', attempt };
  }

  private change(key: string, holder: string, change: (row: Row) => void): boolean {
    const row = this.rows.get(key);
    if (row?.state !== 'running' || row.holder !== holder) {
      return false;
    }
    change(row);
    return true;
  }
}
