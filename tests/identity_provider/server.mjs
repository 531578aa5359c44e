// Two providers with their own pages for signing in, on loopback: a certified one of OpenID Connect, and one of SAML. node server.mjs SETTINGS
import http from 'node:http';
import Provider from 'oidc-provider';
import samlp from 'samlp';

const settings = JSON.parse(process.argv[2]);
const people = settings.accounts;

function openIdConnect({ port, redirectUri, logoutUri }) {
  const client = { redirect_uris: [redirectUri], grant_types: ['authorization_code'], response_types: ['code'] };
  const told = { backchannel_logout_uri: logoutUri, backchannel_logout_session_required: true };
  return new Provider(`http://127.0.0.1:${port}`, {
    clients: [
      { ...client, ...told, client_id: 'orderloom', client_secret: 'a secret: of the client/+%' },
      { ...client, client_id: 'without-secret', token_endpoint_auth_method: 'none' },
      { ...client, client_id: 'by-post', client_secret: 'posted', token_endpoint_auth_method: 'client_secret_post' },
    ],
    cookies: { keys: ['only for tests'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    features: { backchannelLogout: { enabled: true } },
    // It calls no address of loopback unless this is left out, and that is where tests listen.
    fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
    scopes: ['openid', 'email', 'profile', 'groups'],
    pkce: { required: () => true },
    findAccount: (_context, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  });
}

// What samlp wants of Express.
function dressed(request, response) {
  const url = new URL(request.url, `http://${request.headers.host}`);
  Object.assign(request, { query: Object.fromEntries(url.searchParams), originalUrl: request.url, protocol: 'http' });
  response.set = (name, value) => response.setHeader(name, value);
  response.send = (body) => response.end(typeof body === 'number' ? String(body) : body);
  return url;
}

function saml({ port, key, certificate }) {
  const issuer = `http://127.0.0.1:${port}/metadata`;
  const signing = { issuer, key, cert: certificate };
  const describe = samlp.metadata({ ...signing, redirectEndpointPath: '/sign-in', postEndpointPath: '/sign-in' });
  const failed = (response, error) => { response.statusCode = 500; response.end(String(error)); };
  const confirmed = (request, response, url) => samlp.parseRequest(request, {}, (error, asked) => {
    if (error || !asked) { failed(response, error ?? 'no request'); return; }
    const place = asked.assertionConsumerServiceURL;
    const account = people[url.searchParams.get('account')];
    const answer = { ...signing, inResponseTo: asked.id, destination: place, RelayState: url.searchParams.get('RelayState') };
    if (!account) {
      const denied = { code: 'urn:oasis:names:tc:SAML:2.0:status:AuthnFailed', description: 'cancelled' };
      samlp.sendError({ ...answer, error: denied, getPostURL: (_request, done) => done(null, place) })(request, response, (e) => failed(response, e));
      return;
    }
    samlp.auth({
      ...answer,
      recipient: place,
      lifetimeInSeconds: 300,
      signAssertion: url.searchParams.get('signed') !== 'response',
      signResponse: url.searchParams.get('signed') === 'response',
      nameIdentifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      getUserFromRequest: () => ({ id: url.searchParams.get('account'), ...account }),
      profileMapper: (user) => ({
        getClaims: () => ({ mail: user.email, displayName: user.name, groups: user.groups }),
        getNameIdentifier: () => ({ nameIdentifier: user.id }),
      }),
      getPostURL: (_audience, _document, _request, done) => done(null, place),
    })(request, response, (e) => failed(response, e));
  });
  return http.createServer((request, response) => {
    const url = dressed(request, response);
    if (url.pathname === '/metadata') { describe(request, response); return; }
    if (url.searchParams.has('account')) { confirmed(request, response, url); return; }
    const kept = [...url.searchParams].map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`);
    response.setHeader('Content-Type', 'text/html');
    response.end(`<form method="get" action="/sign-in">${kept.join('')}<input name="account"><button>Sign in</button></form>`);
  });
}

const listening = [[openIdConnect(settings.openIdConnect), settings.openIdConnect.port], [saml(settings.saml), settings.saml.port]];
await Promise.all(listening.map(([server, port]) => new Promise((done) => { server.listen(port, '127.0.0.1', done); })));
process.stdout.write('ready\n');
