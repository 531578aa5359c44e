// A certified OpenID Connect provider with its own pages for signing in, on loopback: node server.mjs PORT REDIRECT_URI ACCOUNTS
import Provider from 'oidc-provider';

const [port, redirectUri, accounts] = process.argv.slice(2);
const people = JSON.parse(accounts);
const client = { redirect_uris: [redirectUri], grant_types: ['authorization_code'], response_types: ['code'] };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    { ...client, client_id: 'orderloom', client_secret: 'a secret: of the client/+%' },
    { ...client, client_id: 'without-secret', token_endpoint_auth_method: 'none' },
    { ...client, client_id: 'by-post', client_secret: 'posted', token_endpoint_auth_method: 'client_secret_post' },
  ],
  cookies: { keys: ['only for tests'] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
  scopes: ['openid', 'email', 'profile', 'groups'],
  pkce: { required: () => true },
  findAccount: (_context, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
});
provider.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
