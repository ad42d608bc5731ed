import { useEffect, useState } from 'preact/hooks';

export const VIEWS = ['deliveries', 'charts', 'failed', 'handlers', 'endpoints'] as const;

export interface Route {
  readonly view: (typeof VIEWS)[number] | 'delivery';
  readonly query: Readonly<Record<string, string>>;
}

/** The view is in the fragment: a reload and a shared link keep it, and no proxy rewrites it. */
function currentRoute(): Route {
  const [name = '', search = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  const view = [...VIEWS, 'delivery' as const].find((each) => each === name) ?? 'deliveries';
  return { view, query: Object.fromEntries(new URLSearchParams(search)) };
}

export function linkTo(
  view: Route['view'],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => !!pair[1]);
  const search = new URLSearchParams(given).toString();
  return `#/${view}${search && `?${search}`}`;
}

export function go(link: string): void {
  location.hash = link;
}

/** Changes the query of this view, without a step in the history: each letter of a search would be one. */
export function refine(query: Readonly<Record<string, string | undefined>>): void {
  const { view, query: current } = currentRoute();
  history.replaceState(null, '', linkTo(view, { ...current, ...query }));
  dispatchEvent(new HashChangeEvent('hashchange'));
}

export function useRoute(): Route {
  const [route, setRoute] = useState(currentRoute);
  useEffect(() => {
    const listener = () => setRoute(currentRoute());
    addEventListener('hashchange', listener);
    return () => removeEventListener('hashchange', listener);
  }, []);
  return route;
}
