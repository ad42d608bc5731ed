import { useEffect, useState } from 'preact/hooks';
import type { InspectorState } from '../inspector.api.js';
import { ChartsView } from './charts/charts.view.js';
import { useStreamState } from './data/live.js';
import type { StreamState } from './data/stream.js';
import { useFetched } from './data/use-fetched.js';
import { DeliveriesView } from './deliveries/deliveries.view.js';
import { DeliveryView } from './delivery/delivery.view.js';
import { EndpointsView } from './endpoints/endpoints.view.js';
import { FailedView } from './failed/failed.view.js';
import { HandlersView } from './handlers/handlers.view.js';
import { HelpDialog } from './help.dialog.js';
import { go, linkTo, useRoute, VIEWS } from './route.js';
import { Announcements } from './ui/announce.js';
import { useShortcuts } from './ui/shortcuts.js';
import { Text } from './ui/text.js';

const TITLES = {
  deliveries: 'Deliveries',
  delivery: 'Delivery',
  charts: 'Charts',
  failed: 'Failed',
  handlers: 'Handlers',
  endpoints: 'Endpoints',
} as const;

const COMPONENTS = {
  deliveries: DeliveriesView,
  delivery: DeliveryView,
  charts: ChartsView,
  failed: FailedView,
  handlers: HandlersView,
  endpoints: EndpointsView,
} as const;

const STATES: Readonly<Record<StreamState, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Reconnecting',
  refused: 'No connection',
};

export function App() {
  const { view, query } = useRoute();
  const [isHelpOpen, setHelpOpen] = useState(false);
  const View = COMPONENTS[view];
  useShortcuts({
    '?': () => setHelpOpen(true),
    ...Object.fromEntries(VIEWS.map((each, index) => [String(index + 1), () => go(linkTo(each))])),
  });
  useEffect(() => {
    document.title = `${TITLES[view]} · Scalekit webhooks`;
  }, [view]);

  return (
    <>
      <header class="top">
        <p class="brand">
          <span aria-hidden="true" class="brand-mark" />
          <span class="brand-name">Scalekit webhooks</span>
        </p>
        <nav aria-label="Views">
          {VIEWS.map((each) => (
            <a
              key={each}
              href={linkTo(each)}
              aria-current={each === (view === 'delivery' ? 'deliveries' : view) ? 'page' : undefined}
            >
              {TITLES[each]}
            </a>
          ))}
        </nav>
        <Connection />
        <button
          type="button"
          class="quiet"
          aria-label="Keys"
          title="Keys (?)"
          onClick={() => setHelpOpen(true)}
        >
          ?
        </button>
      </header>
      <LogTrouble />
      <main>
        <h1 class="visually-hidden">{TITLES[view]}</h1>
        <View query={query} />
      </main>
      {isHelpOpen && <HelpDialog close={() => setHelpOpen(false)} />}
      <Announcements />
    </>
  );
}

function Connection() {
  const state = useStreamState();
  return (
    <p class={`connection is-${state}`} role="status">
      {STATES[state]}
    </p>
  );
}

/** Why the page may show less than there is. */
function LogTrouble() {
  const { data } = useFetched<InspectorState>('state', {}, 15_000);
  return data?.trouble === undefined ? null : (
    <p class="log-trouble" role="status">
      Deliveries of other processes may be missing: <Text of={data.trouble} />
    </p>
  );
}
