import { useEffect, useRef } from 'preact/hooks';
import type { CallEntry, DeliveryAnswer, DeliveryEntry, InspectorState } from '../../inspector.api.js';
import { ApiError } from '../data/api.js';
import { store } from '../data/live.js';
import { useFetched } from '../data/use-fetched.js';
import { listMemory } from '../deliveries/list-memory.js';
import { go, linkTo } from '../route.js';
import { duration } from '../ui/format.js';
import { OutcomeChip } from '../ui/outcome.js';
import { useShortcuts } from '../ui/shortcuts.js';
import { Empty, Loading, Trouble } from '../ui/states.js';
import { Text } from '../ui/text.js';
import { CallError } from './call-error.js';
import { Facts } from './facts.js';
import { LongText } from './long-text.js';
import { reasonOf } from './reasons.js';
import { Timeline } from './timeline.js';

export function DeliveryView({ query: { key = '' } }: { query: { key?: string } }) {
  const { data, error, reload } = useFetched<DeliveryAnswer>('deliveries', { key });
  const { data: state } = useFetched<InspectorState>('state', {});
  useReloadOnChange(key, data?.delivery, reload);
  const neighbour = (step: number) => {
    const index = listMemory.rows.findIndex(({ entry }) => entry.key === key);
    const row = index === -1 ? undefined : listMemory.rows[index + step];
    if (row) {
      listMemory.activeKey = row.entry.key;
      go(linkTo('delivery', { key: row.entry.key }));
    }
  };
  useShortcuts({ Escape: () => go(listMemory.link), j: () => neighbour(-1), k: () => neighbour(1) });

  return (
    <article class="delivery">
      <p class="back">
        <a href={listMemory.link}>← Deliveries</a>
      </p>
      {error !== undefined ? (
        <Gone error={error} retry={reload} />
      ) : data ? (
        <Delivery {...data} state={state} />
      ) : (
        <Loading />
      )}
    </article>
  );
}

function Delivery({
  delivery,
  detail,
  calls,
  state,
}: DeliveryAnswer & { state: InspectorState | undefined }) {
  const reason = reasonOf(delivery, calls);
  const failed = calls.filter(({ call, detail }) => call.error ?? detail.error).reverse();
  const heading = useRef<HTMLHeadingElement>(null);
  // The row that had the focus is gone.
  useEffect(() => heading.current?.focus(), [delivery.key]);
  const isLast = (call: CallEntry) =>
    !calls.some(({ call: other }) => other.handler === call.handler && other.attempt > call.attempt);
  return (
    <>
      <header class="delivery-head">
        <h2 tabIndex={-1} ref={heading}>
          <Text of={delivery.type ?? 'Not verified'} />
        </h2>
        <p class="verdict">
          <OutcomeChip of={delivery.outcome} />
          {delivery.status !== undefined && <span class="status">{delivery.status}</span>}
          {delivery.durationMs !== undefined && <span>in {duration(delivery.durationMs)}</span>}
          {delivery.reason !== delivery.outcome && <Text of={delivery.reason} class="mono muted" />}
        </p>
        {reason && <p class="muted">{reason}</p>}
      </header>
      <Facts delivery={delivery} detail={detail} />
      <h2>Timeline</h2>
      <Timeline delivery={delivery} calls={calls.map(({ call }) => call)} />
      {failed.length > 0 && <h2>Errors</h2>}
      {failed.map((each) => (
        <CallError key={each.call.key} {...each} isLast={isLast(each.call)} />
      ))}
      {detail.headers && <h2>Headers</h2>}
      {detail.headers && <Headers of={detail.headers} />}
      <h2>Payload</h2>
      {detail.payload === undefined ? (
        <p class="muted">
          {state?.showPayloads
            ? 'Nothing is kept of it.'
            : 'Not shown. The module option showPayloads shows it, without secrets.'}
        </p>
      ) : (
        <LongText of={detail.payload} label="Payload" />
      )}
    </>
  );
}

function Headers({ of }: { of: Readonly<Record<string, string>> }) {
  return (
    <dl class="headers">
      {Object.entries(of).map(([name, value]) => (
        <div key={name}>
          <dt>
            <Text of={name} class="mono" />
          </dt>
          <dd>
            <Text of={value} class="mono" />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Gone({ error, retry }: { error: unknown; retry: () => void }) {
  return error instanceof ApiError && error.status === 404 ? (
    <Empty title="This delivery is no longer kept">
      <p>The newest ones are.</p>
    </Empty>
  ) : (
    <Trouble error={error} retry={retry} />
  );
}

/** The stream tells that something came, not the details. */
function useReloadOnChange(key: string, delivery: DeliveryEntry | undefined, reload: () => void): void {
  useEffect(() => {
    let seen = fingerprint(key);
    return store.subscribe(() => {
      const now = fingerprint(key);
      if (now !== seen) {
        seen = now;
        reload();
      }
    });
  }, [key, delivery !== undefined]);
}

function fingerprint(key: string): string {
  const row = store.find(key);
  const calls = [...(row?.calls?.values() ?? [])].map((call) => [call.key, call.stage]);
  return JSON.stringify([row?.entry, calls]);
}
