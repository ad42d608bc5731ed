import type { ComponentChildren } from 'preact';
import type { CatchUpView, EndpointView, InspectorState } from '../../inspector.api.js';
import { useFetched } from '../data/use-fetched.js';
import { signed } from '../delivery/facts.js';
import { ago, count, duration } from '../ui/format.js';
import { Loading, Trouble } from '../ui/states.js';
import { Text } from '../ui/text.js';

export function EndpointsView() {
  const { data, error, reload } = useFetched<InspectorState>('state', {}, 5000);
  if (!data) {
    return error === undefined ? <Loading /> : <Trouble error={error} retry={reload} />;
  }
  return (
    <section class="endpoints" aria-label="Endpoints">
      {data.endpoints.map((endpoint) => (
        <EndpointCard key={endpoint.name} of={endpoint} />
      ))}
      <section class="card" aria-label="Processes">
        <h2>Processes</h2>
        <p class="muted">
          {data.isShared
            ? 'Those that have written within the last minute. This page shows the deliveries of all of them.'
            : 'This page shows the deliveries of this process only.'}{' '}
          The newest {data.capacity.toLocaleString('en')} entries are kept.
        </p>
        <ul class="plain">
          {data.processes.map((each) => (
            <li key={each}>
              <Text of={each} class="mono" />
            </li>
          ))}
        </ul>
      </section>
    </section>
  );
}

function EndpointCard({ of }: { of: EndpointView }) {
  const seen = Object.entries(of.seenSchemes);
  return (
    <section class="card" aria-label={`Endpoint ${of.name}`}>
      <h2>
        <Text of={of.name} />
      </h2>
      <p class="mono muted">
        POST <Text of={of.path} />
      </p>
      <dl class="facts">
        <Fact name="Role">
          <Text of={of.role} />
        </Fact>
        <Fact name="Dispatcher">
          <Text of={of.dispatcher} />
        </Fact>
        <Fact name="Store">
          <Text of={of.store} />
        </Fact>
        <Fact name="Schemes accepted">
          <Text of={of.schemes.join(', ')} />
        </Fact>
        <Fact name="Schemes seen">
          <Text
            of={
              seen.map(([scheme, many]) => `${scheme} (${many.toLocaleString('en')})`).join(', ') ||
              'none yet'
            }
          />
        </Fact>
        <Fact name="Secret that verified last">
          {of.lastSecret
            ? `number ${of.lastSecret.position + 1} of ${of.lastSecret.of}, ${ago(of.lastSecret.at)}`
            : 'none yet'}
        </Fact>
        <Fact name="Sender’s clock">{of.clockMs ? clock(of.clockMs) : 'not seen yet'}</Fact>
        {of.catchUp && <Fact name="Catching up">{catchUp(of.catchUp)}</Fact>}
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function clock({ min, max }: { min: number; max: number }): string {
  return min === max ? signed(min) : `${signed(min)}, to ${signed(max)}`;
}

function catchUp({ status, handled, lastRunAt, lagMs }: CatchUpView): string {
  return [
    status,
    count(handled, 'event').concat(' handled'),
    ...(lastRunAt === undefined ? [] : [`last run ${ago(lastRunAt)}`]),
    ...(lagMs === undefined ? [] : [`${duration(lagMs)} behind`]),
  ].join(', ');
}
