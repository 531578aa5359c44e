import { useCallback, useState } from 'react';
import { keepSession, keptSession, type Session } from '../session';
import { words } from '../words';
import { SignInBar } from './SignInBar';
import { Workbench } from './Workbench';

export function Explorer() {
  const [session, setSession] = useState(keptSession);
  const [notice, setNotice] = useState('');

  const change = useCallback((next: Session | undefined, why = '') => {
    keepSession(next);
    setSession(next);
    setNotice(why);
  }, []);
  const refused = useCallback(() => change(undefined, words.sessionEnded), [change]);

  return (
    <>
      <SignInBar session={session} notice={notice} onChange={change} />
      <Workbench key={session?.token} token={session?.token} onRefused={refused} />
    </>
  );
}
