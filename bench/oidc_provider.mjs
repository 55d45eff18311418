// npm's oidc-provider with its in-memory adapter, as its documentation begins: one
// confidential client that may ask for a token by itself and introspect it.
// Usage: node oidc_provider.mjs PORT CLIENT_SECRET
import { Provider } from 'oidc-provider';

const [port, secret] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: 'bench',
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
  ],
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    devInteractions: { enabled: false },
  },
  scopes: ['api'],
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
