import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit';
import { createClient } from 'graphql-ws';
import { bearer, ENDPOINT, reach, run } from '../graphql';

/**
 * GraphiQL's connection to the server in one person's name (nobody's, without a token).
 *
 * It fires `stale` when the company's configuration has changed since the schema was read, and `refused` when
 * the token no longer counts.
 */
export class Link extends EventTarget {
  readonly fetcher: Fetcher;
  readonly #token: string | undefined;
  readonly #socket;
  #configVersion: string | null = null;

  constructor(token: string | undefined) {
    super();
    this.#token = token;
    this.#socket = createClient({
      url: location.origin.replace(/^http/, 'ws') + ENDPOINT,
      connectionParams: token ? { authorization: `Bearer ${token}` } : {},
    });
    this.fetcher = createGraphiQLFetcher({
      url: ENDPOINT,
      headers: bearer(token),
      fetch: this.#send,
      wsClient: this.#socket,
    });
  }

  /** Asks for next to nothing: the answer's headers tell whether the schema is stale. */
  async check(): Promise<void> {
    await run({ query: '{ __typename }' }, this.#token, this.#send).catch(() => undefined);
  }

  close(): void {
    void this.#socket.dispose();
  }

  #send: typeof fetch = async (address, request) => {
    const response = await reach(address, request);
    if (response.status === 401 && this.#token) this.dispatchEvent(new Event('refused'));
    this.#noteVersion(response.headers.get('X-Config-Version'), String(request?.body).includes('IntrospectionQuery'));
    return response;
  };

  #noteVersion(version: string | null, readsSchema: boolean): void {
    const changed = this.#configVersion !== null && version !== null && version !== this.#configVersion;
    this.#configVersion = version ?? this.#configVersion;
    if (changed && !readsSchema) this.dispatchEvent(new Event('stale'));
  }
}
