/** Who is signed in. It is kept for as long as the browser tab lives, and no longer. */

import { run } from './graphql';

export interface Session {
  token: string;
  member: { name: string };
  tenant: { slug: string; name: string };
}

interface Credentials {
  email: string;
  password: string;
  tenant?: string;
}

const KEY = 'orderloom.session';

const SIGN_IN = `mutation($input: SignInInput!) {
  signIn(input: $input) {
    __typename
    ... on SignInPayload { token member { name } tenant { slug name } }
    ... on Problem { message }
  }
}`;

const SIGN_OUT = 'mutation { signOut { __typename } }';

export function keptSession(): Session | undefined {
  const kept = sessionStorage.getItem(KEY);
  return kept ? (JSON.parse(kept) as Session) : undefined;
}

export function keepSession(session: Session | undefined): void {
  if (session) sessionStorage.setItem(KEY, JSON.stringify(session));
  else sessionStorage.removeItem(KEY);
}

/** Throws an `Error` that says in the server's words why it refused. */
export async function signIn(input: Credentials): Promise<Session> {
  const data = await run<{ signIn: Session | { message: string } }>({ query: SIGN_IN, variables: { input } });
  if ('message' in data.signIn) throw new Error(data.signIn.message);
  const { token, member, tenant } = data.signIn;
  return { token, member, tenant };
}

/** Ends the session on the server as well. Throws an `Error` when the server could not be told. */
export async function signOut(session: Session): Promise<void> {
  await run({ query: SIGN_OUT }, session.token);
}
