import { type SubmitEvent, useTransition } from 'react';
import { type Session, signIn, signOut } from '../session';
import { words } from '../words';

interface Props {
  session: Session | undefined;
  notice: string;
  /** Called with the new session, or with none; `notice` is what to tell the person. */
  onChange(session: Session | undefined, notice?: string): void;
}

export function SignInBar({ session, notice, onChange }: Props) {
  return (
    <header className="bar">
      <strong>Orderloom</strong>
      {session ? <SignedIn session={session} onChange={onChange} /> : <SignInForm onChange={onChange} />}
      <span role="alert">{notice}</span>
      {!session && !notice && <span className="hint">{words.hint}</span>}
    </header>
  );
}

function SignInForm({ onChange }: Pick<Props, 'onChange'>) {
  const [busy, start] = useTransition();

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [email = '', password = '', tenant = ''] = ['email', 'password', 'tenant'].map((name) => String(form.get(name)));
    start(() =>
      signIn({ email: email.trim(), password, ...(tenant.trim() && { tenant: tenant.trim() }) }).then(
        (session) => onChange(session),
        (refusal: Error) => onChange(undefined, refusal.message),
      ),
    );
  }

  return (
    <form onSubmit={submit}>
      <Field name="email" type="email" label={words.email} autoComplete="username" required />
      <Field name="password" type="password" label={words.password} autoComplete="current-password" required />
      <Field name="tenant" label={words.company} autoComplete="organization" />
      <button disabled={busy}>{words.signIn}</button>
    </form>
  );
}

function Field({ label, ...input }: { label: string } & React.ComponentProps<'input'>) {
  return <input aria-label={label} placeholder={label} {...input} />;
}

function SignedIn({ session, onChange }: { session: Session } & Pick<Props, 'onChange'>) {
  const [busy, start] = useTransition();

  // Whatever the server answers, this browser forgets the token.
  function leave() {
    start(() =>
      signOut(session).then(
        () => onChange(undefined),
        (refusal: Error) => onChange(undefined, refusal.message),
      ),
    );
  }

  return (
    <>
      <span>
        {session.member.name} · <span title={session.tenant.slug}>{session.tenant.name}</span>
      </span>
      <button onClick={leave} disabled={busy}>
        {words.signOut}
      </button>
    </>
  );
}
