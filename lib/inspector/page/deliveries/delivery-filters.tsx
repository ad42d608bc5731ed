import type { RefObject } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Row } from '../data/entries.store.js';
import { refine } from '../route.js';
import { shown } from '../ui/text.js';
import { type DeliveryFilter, type Filtered, type Group, GROUPS } from './filter.js';

interface DeliveryFiltersProps {
  readonly filter: DeliveryFilter;
  readonly counts: Filtered['counts'];
  readonly rows: readonly Row[];
  readonly search: RefObject<HTMLInputElement | null>;
}

/** A choice takes no more room than this in the page. */
const CHOICES = 200;

export function DeliveryFilters({ filter, counts, rows, search }: DeliveryFiltersProps) {
  const all = Object.values(counts).reduce((sum, many) => sum + many, 0);
  const twoSeconds = Math.floor(Date.now() / 2000);
  const endpoints = useMemo(() => choices(rows, 'endpoint'), [twoSeconds]);
  const types = useMemo(() => choices(rows, 'type'), [twoSeconds]);
  const organizations = useMemo(() => choices(rows, 'organizationId'), [twoSeconds]);
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <div class="groups" role="group" aria-label="Outcome">
        <GroupButton group={undefined} label="All" many={all} current={filter.outcome} />
        {(Object.keys(GROUPS) as Group[]).map((group) => (
          <GroupButton
            key={group}
            group={group}
            label={GROUPS[group]}
            many={counts[group]}
            current={filter.outcome}
          />
        ))}
      </div>
      <div class="fields">
        <input
          ref={search}
          type="search"
          placeholder="Search ids"
          aria-label="Text in ids"
          value={filter.text ?? ''}
          onInput={({ currentTarget }) => refine({ text: currentTarget.value })}
          onKeyDown={({ key, currentTarget }) => key === 'Escape' && currentTarget.blur()}
        />
        <Field name="type" label="Type" value={filter.type} choices={types} />
        <Field name="organization" label="Organization" value={filter.organization} choices={organizations} />
        {(endpoints.length > 1 || filter.endpoint) && (
          <select
            aria-label="Endpoint"
            value={filter.endpoint ?? ''}
            onChange={({ currentTarget }) => refine({ endpoint: currentTarget.value })}
          >
            <option value="">All endpoints</option>
            {endpoints.map((each) => (
              <option key={each} value={each}>
                {shown(each, 60)}
              </option>
            ))}
          </select>
        )}
      </div>
    </form>
  );
}

interface GroupButtonProps {
  readonly group: Group | undefined;
  readonly label: string;
  readonly many: number;
  readonly current: string | undefined;
}

function GroupButton({ group, label, many, current }: GroupButtonProps) {
  return (
    <button
      type="button"
      class="group"
      aria-pressed={(current ?? '') === (group ?? '')}
      onClick={() => refine({ outcome: group })}
    >
      {label} <span class="many">{many.toLocaleString('en')}</span>
    </button>
  );
}

interface FieldProps {
  readonly name: 'type' | 'organization';
  readonly label: string;
  readonly value: string | undefined;
  readonly choices: readonly string[];
}

function Field({ name, label, value, choices: offered }: FieldProps) {
  // The same element is not looked at again: the list renders up to sixty times a second.
  const list = useMemo(
    () => (
      <datalist id={`${name}-choices`}>
        {offered.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    ),
    [offered],
  );
  return (
    <>
      <input
        type="search"
        placeholder={label}
        aria-label={label}
        list={`${name}-choices`}
        value={value ?? ''}
        onInput={({ currentTarget }) => refine({ [name]: currentTarget.value })}
        onKeyDown={({ key, currentTarget }) => key === 'Escape' && currentTarget.blur()}
      />
      {list}
    </>
  );
}

function choices(rows: readonly Row[], field: 'endpoint' | 'type' | 'organizationId'): string[] {
  const found = new Set<string>();
  for (const { entry } of rows) {
    const value = entry[field];
    if (value && value.length < CHOICES && found.size < CHOICES) {
      found.add(value);
    }
  }
  return [...found].sort();
}
