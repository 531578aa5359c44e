/** The way to the server's one GraphQL address. */

import { words } from './words';

export const ENDPOINT = '/graphql';

export function bearer(token: string | undefined): Record<string, string> {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** Fetches like `fetch`, but an answer that is not GraphQL (a proxy's page, say) throws, in plain words. */
export async function reach(address: RequestInfo | URL, request?: RequestInit): Promise<Response> {
  const response = await fetch(address, request).catch(() => {
    throw new Error(words.unreachable);
  });
  if (response.ok || response.headers.get('Content-Type')?.includes('json')) return response;
  const text = (await response.text()).trim();
  throw new Error(`${response.status} ${text.startsWith('<') ? response.statusText : text}`);
}

/** Runs one operation and returns its data. Throws an `Error` with the server's own sentence when it refuses. */
export async function run<Data>(
  operation: { query: string; variables?: Record<string, unknown> },
  token?: string,
  send: typeof fetch = reach,
): Promise<Data> {
  const response = await send(ENDPOINT, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...bearer(token) },
    body: JSON.stringify(operation),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: { message: string }[] };
  if (errors?.[0]) throw new Error(errors[0].message);
  return data;
}
