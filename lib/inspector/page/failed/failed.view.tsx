import { useState } from 'preact/hooks';
import type { FailedAnswer, InspectorState } from '../../inspector.api.js';
import { useFetched } from '../data/use-fetched.js';
import { count } from '../ui/format.js';
import { Empty, Loading, Trouble } from '../ui/states.js';
import { FailedActionDialog, type FailedAction } from './failed-action.dialog.js';
import { FailedFilters, type FailedQuery } from './failed-filters.js';
import { FailedList } from './failed-list.js';

const PAGE = '25';

export function FailedView({ query }: { query: FailedQuery }) {
  const state = useFetched<InspectorState>('state', {});
  const endpoints = state.data?.endpoints.filter(({ hasFailed }) => hasFailed).map(({ name }) => name) ?? [];
  const endpoint = query.endpoint ?? endpoints[0];
  if (state.error !== undefined) {
    return <Trouble error={state.error} retry={state.reload} />;
  }
  if (!state.data) {
    return <Loading />;
  }
  if (endpoint === undefined) {
    return (
      <Empty title="No endpoint keeps failed events">
        <p>A store or a queue keeps them: see “Given up” in the documentation.</p>
      </Empty>
    );
  }
  return (
    <section class="failed" aria-label="Failed events">
      <FailedFilters query={query} endpoint={endpoint} endpoints={endpoints} />
      {/* Another query begins on its first page. */}
      <FailedPages key={JSON.stringify([endpoint, query])} query={{ ...query, endpoint }} />
    </section>
  );
}

function FailedPages({ query }: { query: FailedQuery & { endpoint: string } }) {
  /** The cursors of the pages up to this one. */
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const [action, setAction] = useState<FailedAction>();
  const asked = { ...query, since: iso(query.since), until: iso(query.until), limit: PAGE };
  const { data, error, reload } = useFetched<FailedAnswer>('failed', { ...asked, cursor: cursors.at(-1) });
  const { cursor } = data ?? {};

  if (error !== undefined) {
    return <Trouble error={error} retry={reload} />;
  }
  if (!data) {
    return <Loading />;
  }
  return (
    <>
      {data.events.length > 0 ? (
        <FailedList
          events={data.events}
          act={(kind, event) => setAction({ kind, event, endpoint: query.endpoint })}
        />
      ) : (
        <NothingFailed isPart={cursor !== undefined || cursors.length > 0 || Object.keys(query).length > 1} />
      )}
      <nav class="pages" aria-label="Pages">
        <button
          type="button"
          disabled={cursors.length === 0}
          onClick={() => setCursors(cursors.slice(0, -1))}
        >
          Previous
        </button>
        <span class="muted">
          Page {cursors.length + 1}, {count(data.events.length, 'failure')}
        </span>
        <button
          type="button"
          disabled={cursor === undefined}
          onClick={() => cursor !== undefined && setCursors([...cursors, cursor])}
        >
          Next
        </button>
      </nav>
      {action && <FailedActionDialog action={action} close={() => setAction(undefined)} done={reload} />}
    </>
  );
}

function NothingFailed({ isPart }: { isPart: boolean }) {
  return isPart ? (
    <Empty title="No failed event on this page passes the filters" />
  ) : (
    <Empty title="Nothing has failed for good">
      <p>What no retry can finish is kept here, to be run again or discarded.</p>
    </Empty>
  );
}

/** What a date field gives is local time. */
function iso(local: string | undefined): string | undefined {
  const at = local ? new Date(local) : undefined;
  return at && !Number.isNaN(at.getTime()) ? at.toISOString() : undefined;
}
