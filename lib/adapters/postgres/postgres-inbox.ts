import type {
  AcceptResult,
  FinishedJob,
  InboxEvent,
  QueueChange,
  TransactionalInbox,
} from '../../idempotency/transactional-inbox.js';
import { type BeginAnswers, leadersOf, STATE, toParameter, toResults } from './begin-batch.js';
import { DONE } from './functions.sql.js';
import { toStoredKey } from './names.js';

interface AcceptAnswers {
  /** The new keys, as properties. */
  readonly queued: Readonly<Record<string, unknown>>;
  /** Null if all keys were new. */
  readonly begun: BeginAnswers | null;
}

/** Sends a statement, of which the parameter is JSON already. */
export type SendText = <Answer>(statement: string, parameter: string) => Promise<Answer>;

/** A queue's changes and the ledger's in one transaction, where pg-boss is in the store's database. */
export class PostgresInbox implements TransactionalInbox {
  constructor(
    private readonly send: SendText,
    private readonly statements: { readonly accept: string; readonly finish: string },
    private readonly onClaims: (count: number) => void = () => undefined,
  ) {}

  ask(statement: string): Promise<unknown> {
    return this.send(statement, '');
  }

  async accept(
    events: readonly InboxEvent[],
    { insert, revive, jobs, keys }: QueueChange,
  ): Promise<readonly AcceptResult[]> {
    const calls = events.map((event) => ({ ...event, key: toStoredKey(event.key) }));
    const leaders = leadersOf(calls);
    const wanted = [...leaders.values()].map((call) => ({ ...toParameter(call), state: STATE[call.as] }));
    const request = JSON.stringify({ insert, revive, events: wanted, keys: keys.map(toStoredKey) });
    const { queued, begun } = await this.send<AcceptAnswers>(this.statements.accept, `${request}\n${jobs}`);
    this.onClaims(leaders.size);
    const isNew = new Set(Object.keys(queued));
    const others = calls.filter(({ key }) => !isNew.has(key));
    const results = begun ? toResults(others, leaders, begun) : [];
    const begunAs = new Map(others.map((call, index) => [call, results[index]]));
    return calls.map((call): AcceptResult => {
      const leader = leaders.get(call.key) ?? call;
      const { as, fingerprint } = leader;
      return begunAs.get(call) ?? (call === leader ? { status: 'queued', as } : { status: as, fingerprint });
    });
  }

  async finish(jobs: readonly FinishedJob[], remove: string): Promise<readonly boolean[]> {
    const calls = jobs.map((job) => ({ ...job, key: toStoredKey(job.key), state: DONE }));
    const held = new Set(
      await this.send<string[]>(this.statements.finish, JSON.stringify({ remove, calls })),
    );
    return calls.map(({ key }) => held.has(key));
  }
}
