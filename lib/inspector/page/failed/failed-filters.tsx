import { useRef } from 'preact/hooks';
import { refine } from '../route.js';
import { useShortcuts } from '../ui/shortcuts.js';
import { shown } from '../ui/text.js';

export interface FailedQuery {
  readonly endpoint?: string;
  readonly type?: string;
  readonly handler?: string;
  readonly organization?: string;
  readonly since?: string;
  readonly until?: string;
}

interface FailedFiltersProps {
  readonly query: FailedQuery;
  readonly endpoint: string;
  readonly endpoints: readonly string[];
}

const FIELDS = [
  ['type', 'Type', 'Type, or user.*'],
  ['handler', 'Handler', 'Handler'],
  ['organization', 'Organization', 'Organization'],
] as const;

/** Each change asks the server, so it is told when the field is left or Enter pressed. */
export function FailedFilters({ query, endpoint, endpoints }: FailedFiltersProps) {
  const first = useRef<HTMLInputElement>(null);
  useShortcuts({ '/': () => first.current?.focus() });
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <div class="fields">
        {(endpoints.length > 1 || query.endpoint) && (
          <select
            aria-label="Endpoint"
            value={endpoint}
            onChange={({ currentTarget }) => refine({ endpoint: currentTarget.value })}
          >
            {endpoints.map((each) => (
              <option key={each} value={each}>
                {shown(each, 60)}
              </option>
            ))}
          </select>
        )}
        {FIELDS.map(([name, label, hint], index) => (
          <input
            key={name}
            ref={index === 0 ? first : null}
            type="search"
            aria-label={label}
            placeholder={hint}
            value={query[name] ?? ''}
            onChange={({ currentTarget }) => refine({ [name]: currentTarget.value.trim() })}
            onKeyDown={({ key, currentTarget }) => key === 'Escape' && currentTarget.blur()}
          />
        ))}
        {(['since', 'until'] as const).map((name) => (
          <label key={name} class="date-field">
            <span>{name === 'since' ? 'Since' : 'Until'}</span>
            <input
              type="datetime-local"
              value={query[name] ?? ''}
              onChange={({ currentTarget }) => refine({ [name]: currentTarget.value })}
            />
          </label>
        ))}
      </div>
    </form>
  );
}
