import type { EndpointView, InspectorState } from '../../inspector.api.js';
import { useFetched } from '../data/use-fetched.js';
import { refine } from '../route.js';
import { Empty, Loading, SendHint, Trouble } from '../ui/states.js';
import { Text } from '../ui/text.js';
import { handlerMapOf, type MappedType } from './handler-map.js';

const SHOWN = { all: 'All', unheard: 'Nobody listens', unseen: 'Never came' } as const;

const STATES: Readonly<Record<MappedType['state'], string>> = {
  heard: '',
  unheard: 'nobody listens',
  unseen: 'never came',
};

export function HandlersView({ query }: { query: { show?: string } }) {
  const { data, error, reload } = useFetched<InspectorState>('state', {}, 5000);
  if (!data) {
    return error === undefined ? <Loading /> : <Trouble error={error} retry={reload} />;
  }
  return (
    <section class="handlers" aria-label="Handlers">
      <div class="groups" role="group" aria-label="Types">
        {(Object.keys(SHOWN) as (keyof typeof SHOWN)[]).map((each) => (
          <button
            key={each}
            type="button"
            class="group"
            aria-pressed={(query.show ?? 'all') === each}
            onClick={() => refine({ show: each === 'all' ? undefined : each })}
          >
            {SHOWN[each]}
          </button>
        ))}
      </div>
      {data.endpoints.map((endpoint) => (
        <EndpointMap
          key={endpoint.name}
          endpoint={endpoint}
          show={query.show}
          isOnly={data.endpoints.length === 1}
        />
      ))}
    </section>
  );
}

interface EndpointMapProps {
  readonly endpoint: EndpointView;
  readonly show: string | undefined;
  readonly isOnly: boolean;
}

function EndpointMap({ endpoint, show, isOnly }: EndpointMapProps) {
  const { handlers, types } = handlerMapOf(endpoint);
  const shown = types.filter(({ state }) => !show || show === state);
  return (
    <section class="map" aria-label={`Endpoint ${endpoint.name}`}>
      {!isOnly && (
        <h2>
          <Text of={endpoint.name} />
        </h2>
      )}
      {shown.length === 0 ? (
        <Empty title={types.length === 0 ? 'Nobody listens, and nothing came' : 'No type is like this'}>
          {types.length === 0 && <SendHint />}
        </Empty>
      ) : (
        <div
          class="map-scroller"
          tabIndex={0}
          role="region"
          aria-label={`Types and handlers of ${endpoint.name}`}
        >
          <table>
            <thead>
              <tr>
                <th scope="col">Type</th>
                <th scope="col" class="number">
                  24 h
                </th>
                {handlers.map((handler) => (
                  <th scope="col" key={handler} class="handler">
                    <Text of={handler} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((each) => (
                <TypeRow key={each.type} of={each} handlers={handlers} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function TypeRow({ of, handlers }: { of: MappedType; handlers: readonly string[] }) {
  return (
    <tr>
      <th scope="row">
        <Text of={of.type} />
        {of.state !== 'heard' && <span class={`tag is-${of.state}`}>{STATES[of.state]}</span>}
      </th>
      <td class="number">{of.received.toLocaleString('en')}</td>
      {handlers.map((handler, index) => (
        <td key={handler} class="listens">
          {of.listens[index] ? (
            <>
              <span class="dot" aria-hidden="true" />
              <span class="visually-hidden">listens</span>
            </>
          ) : null}
        </td>
      ))}
    </tr>
  );
}
