/** Where the inspector is, whatever prefix or proxy stands before it: with and without a slash at the end. */
const BASE = location.pathname.replace(/\/*$/, '/');

export type Query = Readonly<Record<string, string | undefined>>;

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export function address(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => !!pair[1]);
  const search = new URLSearchParams(given).toString();
  return `${BASE}api/${path}${search && `?${search}`}`;
}

export async function getJson<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return answerOf(await fetch(address(path, query), { ...(signal && { signal }) }));
}

/** The header tells the server that no form of another site has sent this. */
export async function postJson<T>(path: string, query: Query): Promise<T> {
  const headers = { 'x-scalekit-inspector': '1' };
  return answerOf(await fetch(address(path, query), { method: 'POST', headers }));
}

async function answerOf<T>(response: Response): Promise<T> {
  if (!response.ok) {
    const { message } = (await response.json().catch(() => ({}))) as { message?: unknown };
    throw new ApiError(response.status, typeof message === 'string' ? message : `HTTP ${response.status}`);
  }
  return (await response.json()) as T;
}

export function describe(error: unknown): string {
  if (!(error instanceof ApiError)) {
    return 'The application does not answer.';
  }
  if (error.status === 401 || error.status === 403) {
    return `The application does not allow this (${error.status}: ${error.message}).`;
  }
  return `The application answered ${error.status}: ${error.message}`;
}
