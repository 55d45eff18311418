// Pushed requests, a key instead of a secret, and tokens that are bound to a key.

import assert from "node:assert/strict";
import { exportJWK, generateKeyPair } from "jose";
import * as client from "openid-client";
import * as talk from "./talk.mjs";

const own = await generateKeyPair("ES256", { extractable: true });
const published = { ...(await exportJWK(own.publicKey)), kid: "first", use: "sig" };

async function bound(config, handle) {
  const { checks, parameters } = await talk.request();
  const DPoP = handle;
  const start = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
  assert.deepEqual([...start.searchParams.keys()].sort(), ["client_id", "request_uri"]);
  const back = await talk.browse(start);
  const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, {
    DPoP,
  });
  assert.equal(tokens.token_type, "dpop");
  assert.equal((await talk.scans(config, tokens.access_token, { DPoP })).status, 200);
  const { sub } = tokens.claims();
  await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP });
  talk.seen("a pushed request and a bound token");
  return [start, tokens];
}

async function onlyPushed(config) {
  const { checks, parameters } = await talk.request();
  const back = await talk.browse(client.buildAuthorizationUrl(config, parameters));
  const grant = client.authorizationCodeGrant(config, back, checks);
  await talk.refused(grant, "invalid_request");
  talk.seen("a request that is not pushed is refused");
}

async function onlyOnce(start) {
  const end = await talk.browse(start);
  assert.equal(end.origin, talk.issuer.origin);
  talk.seen("a request_uri works once");
}

async function onlyWithTheKey(config, tokens) {
  const plain = await talk.refusal(config, tokens.access_token);
  assert.equal(plain.status, 401);
  assert.ok(plain.challenges.some((one) => one.scheme === "dpop"));
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
  const other = await talk.refusal(config, tokens.access_token, { DPoP });
  assert.equal(other.status, 401);
  talk.seen("a bound token without its key is refused");
}

async function introspect(config, tokens, handle) {
  const told = await client.tokenIntrospection(config, tokens.access_token);
  assert.equal(told.token_type, "DPoP");
  assert.equal(told.cnf.jkt, await handle.calculateThumbprint());
  talk.seen("introspection names the key");
}

async function refresh(config, tokens, DPoP) {
  const next = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, {
    DPoP,
  });
  assert.equal(next.token_type, "dpop");
  assert.equal((await talk.scans(config, next.access_token, { DPoP })).status, 200);
  await talk.refused(
    client.refreshTokenGrant(config, next.refresh_token),
    "invalid_dpop_proof",
  );
  talk.seen("refresh");
  return next;
}

async function revoke(config, tokens, DPoP) {
  await client.tokenRevocation(config, tokens.refresh_token);
  const gone = await talk.refusal(config, tokens.access_token, { DPoP });
  assert.equal(gone.status, 401);
  talk.seen("revocation");
}

/** RFC 9449 5: the refresh token of a public client is bound, too. */
async function publicClient() {
  const application = await talk.register({ type: "native" });
  const config = await talk.discover(application, client.None());
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
  const [, tokens] = await bound(config, DPoP);
  const other = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
  const options = { DPoP: other };
  await talk.refused(
    client.refreshTokenGrant(config, tokens.refresh_token, undefined, options),
    "invalid_dpop_proof",
  );
  await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  talk.seen("a public client refreshes with its key only");
}

const application = await talk.register({
  type: "web",
  token_endpoint_auth_method: "private_key_jwt",
  jwks: { keys: [published] },
  require_pushed_authorization_requests: true,
  dpop_bound_access_tokens: true,
  id_token_signed_response_alg: "ES256",
});
const config = await talk.discover(
  application,
  client.PrivateKeyJwt({ key: own.privateKey, kid: "first" }),
  { id_token_signed_response_alg: "ES256" },
);
const handle = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
await onlyPushed(config);
const [start, tokens] = await bound(config, handle);
await onlyOnce(start);
await onlyWithTheKey(config, tokens);
await introspect(config, tokens, handle);
await revoke(config, await refresh(config, tokens, handle), handle);
await publicClient();
talk.finish();
