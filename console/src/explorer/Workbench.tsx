import { useGraphiQLActions } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { useEffect, useState } from 'react';
import { Link } from './link';

const FIRST_QUERY = `{
  viewer {
    member { name }
    tenant { name }
  }
  orders(first: 5) {
    nodes {
      number
      status { label }
      customer { name }
      total { amount currency }
    }
  }
}
`;

/** GraphiQL in one person's name. Give it the token as `key` as well: then nothing of one person's stays on another's screen. */
export function Workbench({ token, onRefused }: { token: string | undefined; onRefused(): void }) {
  const [link] = useState(() => new Link(token));

  useEffect(() => {
    link.addEventListener('refused', onRefused);
    return () => link.removeEventListener('refused', onRefused);
  }, [link, onRefused]);
  useEffect(() => () => link.close(), [link]);

  return (
    <GraphiQL fetcher={link.fetcher} defaultQuery={FIRST_QUERY} shouldPersistHeaders={false}>
      <GraphiQL.Logo>GraphiQL</GraphiQL.Logo>
      <FreshSchema link={link} />
    </GraphiQL>
  );
}

/** Reads the schema again when the company's configuration has changed; looks whether it has when the person comes back. */
function FreshSchema({ link }: { link: Link }) {
  const { introspect } = useGraphiQLActions();

  useEffect(() => {
    const check = () => void link.check();
    link.addEventListener('stale', introspect);
    window.addEventListener('focus', check);
    return () => {
      link.removeEventListener('stale', introspect);
      window.removeEventListener('focus', check);
    };
  }, [link, introspect]);

  return null;
}
