import { Logger } from '@nestjs/common';
import type { EventHandler } from '../handlers/event-handler.js';
import type { Claim } from '../idempotency/claim.js';
import type { FailureLedger, Reopened } from '../idempotency/failure.ledger.js';
import type { KeptFailure } from '../idempotency/idempotency-store.extras.js';
import { hasErrorCode } from '../scalekit-webhook.errors.js';
import { createEventJob, deliveryOfJob, type EventJob } from './event-job.js';
import type {
  FailedEventPage,
  FailedEventPosition,
  FailedEvents,
  ReplayOptions,
} from './event-dispatcher.js';
import type { HandlerRunner, ClaimedDelivery } from './handler-runner.js';
import { describeEvent, logFailure } from './log-failure.js';

const ABORTED = ['shutting_down', 'lease_lost', 'handler_timeout'] as const;

/** The result of keeping a failure in the store. */
export interface Keeping {
  /** For the log line of the failure. */
  readonly note: string;
  /** Set if the store did not answer: the errors that make the sender retry. */
  readonly retryFor?: readonly unknown[];
}

const KEPT = ' (kept as failed: replay() or discard() it)';
const NOT_KEPT = ' (not kept: a resend of the event is answered "Already processed")';
const UNAVAILABLE = " (the store can't keep it as failed now: the sender has to retry)";

/** Keeps a failure in the store, before the delivery is answered. */
export async function keepFailure(
  failures: FailureLedger | undefined,
  handler: string,
  { delivery, claim }: Pick<ClaimedDelivery, 'delivery' | 'claim'>,
  error: unknown,
): Promise<Keeping> {
  const hasPayload = failures?.keepsPayloads && delivery.rawBody.length > 0;
  const job = hasPayload ? JSON.stringify(createEventJob(delivery, { handler })) : undefined;
  try {
    const isKept = await failures?.keep(delivery, handler, { error, attempts: claim.attempt, delivery: job });
    return { note: isKept ? KEPT : NOT_KEPT };
  } catch (unavailable) {
    return { note: UNAVAILABLE, retryFor: [unavailable] };
  }
}

/** The events that inline handlers gave up on, as the store keeps them. */
export class KeptEvents implements FailedEvents {
  private readonly logger = new Logger('ScalekitWebhook');

  constructor(
    private readonly kept: FailureLedger,
    private readonly runner: HandlerRunner,
  ) {}

  async failed(query: FailedEventPosition): Promise<FailedEventPage> {
    const { failures, cursor } = await this.kept.list(query);
    const events = failures.map(({ eventId, type, handler, organizationId, reason, attempts, failedAt }) => {
      return { eventId, type, handler, organizationId, reason, attempts, failedAt: new Date(failedAt) };
    });
    return { events, cursor };
  }

  async discard(eventId: string): Promise<number> {
    return this.kept.forget(eventId, namesOf(await this.kept.of(eventId)));
  }

  /**
   * Runs the handlers again, under a claim of the event. Without its payload, the ledger forgets that they are done, so
   * that a resend runs them.
   */
  async replay(eventId: string, { all }: Required<ReplayOptions>): Promise<number> {
    const failures = await this.kept.of(eventId);
    const [first] = failures;
    if (!first) {
      return 0;
    }
    const { type, fingerprint } = first;
    const failed = namesOf(failures);
    const handlers = this.runner.handlersFor(type);
    const again = all ? [...new Set([...failed, ...namesOfHandlers(handlers)])] : failed;
    const finished = namesOfHandlers(handlers).filter((name) => !again.includes(name));
    const opened = await this.kept.reopen(eventId, { again, finished, fingerprint });
    if (!opened || !(await this.isUnchanged(failures, opened))) {
      return 0; // The event is being worked on, or another replay came first.
    }
    const job = failures.find(({ delivery }) => delivery !== undefined)?.delivery;
    if (job === undefined) {
      return this.waitForResend(eventId, failed, opened, again.length);
    }
    const targets = handlers.filter(({ name }) => again.includes(name));
    return this.run(targets, JSON.parse(job) as EventJob, opened.claim);
  }

  /** False if another replay came first. Then the claim is closed, with what that replay left. */
  private async isUnchanged(
    failures: readonly KeptFailure[],
    { claim, reopened }: Reopened,
  ): Promise<boolean> {
    const [{ eventId } = { eventId: '' }] = failures;
    let isUnchanged = false;
    try {
      const now = await this.kept.of(eventId);
      isUnchanged = JSON.stringify(now.map(identityOf)) === JSON.stringify(failures.map(identityOf));
      return isUnchanged;
    } finally {
      if (!isUnchanged) {
        await this.close(claim, reopened);
      }
    }
  }

  private async waitForResend(
    eventId: string,
    failed: readonly string[],
    { claim, reopened }: Reopened,
    count: number,
  ): Promise<number> {
    try {
      await this.kept.forget(eventId, failed);
    } catch (error) {
      await this.close(claim, reopened);
      throw error;
    }
    await claim.settled(() => claim.release());
    return count;
  }

  private async run(targets: readonly EventHandler[], job: EventJob, claim: Claim): Promise<number> {
    const claimed = this.runner.begin(deliveryOfJob(job), claim);
    await Promise.all(targets.map((handler) => this.runOne(handler, claimed)));
    await this.close(claim, namesOfHandlers(targets));
    return targets.length;
  }

  private async runOne(handler: EventHandler, claimed: ClaimedDelivery): Promise<void> {
    const { delivery, claim } = claimed;
    const { name } = handler;
    try {
      await this.runner.run(handler, claimed, (records) => claim.handlerDoneWithin(records, name));
    } catch (error) {
      const isAborted = ABORTED.some((code) => hasErrorCode(error, code));
      // The failure of an aborted handler is still kept from before.
      const { note } = isAborted ? { note: KEPT } : await keepFailure(this.kept, name, claimed, error);
      logFailure(this.logger, { handler: name, error, delivery, attempt: `${claim.attempt}${note}` });
      return;
    }
    await this.kept.forget(delivery.event.id, [name]).catch(() => {
      this.logger.warn(
        `${name} finished ${describeEvent(delivery.event)}, but the store can't forget now that it had failed: discard() it.`,
      );
    });
  }

  /**
   * Ends a claim that a replay made. An event that was done, which the first attempt tells, is done again. Of any other,
   * handlers of the sender's delivery are still to run.
   */
  private async close(claim: Claim, handlers: readonly string[]): Promise<void> {
    if (claim.attempt === 1) {
      await claim.settled(() => claim.complete());
      return;
    }
    for (const handler of handlers) {
      await claim.handlerDone(handler).catch(() => undefined); // The claim tells the store when it ends.
    }
    await claim.settled(() => claim.release());
  }
}

const namesOf = (failures: readonly KeptFailure[]) => failures.map(({ handler }) => handler);
const namesOfHandlers = (handlers: readonly EventHandler[]) => handlers.map(({ name }) => name);
const identityOf = ({ handler, failedAt, reason, attempts }: KeptFailure) => [
  handler,
  failedAt,
  reason,
  attempts,
];
