// Authorization code with PKCE, nonce and iss; refresh, introspection, revocation.

import assert from "node:assert/strict";
import * as client from "openid-client";
import * as talk from "./talk.mjs";

const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
const METHODS = {
  client_secret_basic: [client.ClientSecretBasic, "RS256"],
  client_secret_post: [client.ClientSecretPost, "ES256"],
};

async function discovery(application) {
  const config = await talk.discover(application);
  const server = config.serverMetadata();
  assert.ok(server.supportsPKCE());
  assert.equal(server.issuer, talk.issuer.origin);
  assert.equal(server.authorization_response_iss_parameter_supported, true);
  assert.ok(server.grant_types_supported.includes(DEVICE));
  const other = await talk.discover(application, undefined, { algorithm: "oauth2" });
  assert.deepEqual(other.serverMetadata(), server);
  talk.seen("discovery");
}

async function code(method, application) {
  const [authentication, algorithm] = METHODS[method];
  const config = await talk.discover(application, authentication(), {
    id_token_signed_response_alg: algorithm,
  });
  const { checks, parameters } = await talk.request();
  const back = await talk.browse(client.buildAuthorizationUrl(config, parameters));
  assert.equal(back.searchParams.get("iss"), talk.issuer.origin);
  await otherIssuer(config, back, checks);
  const tokens = await client.authorizationCodeGrant(config, back, checks);
  const { sub, email, amr, acr } = tokens.claims();
  assert.deepEqual([amr, acr], [["pwd"], "aal1"]);
  const told = await client.fetchUserInfo(config, tokens.access_token, sub);
  assert.equal(told.email, email);
  assert.equal((await talk.scans(config, tokens.access_token)).status, 200);
  await talk.refused(
    client.authorizationCodeGrant(config, back, checks),
    "invalid_grant",
  );
  talk.seen(`code by ${method}`);
  return [config, tokens];
}

/** The client itself refuses an answer of another server, or of nobody. */
async function otherIssuer(config, back, checks) {
  const other = new URL(back);
  other.searchParams.set("iss", "https://attacker.example");
  await assert.rejects(client.authorizationCodeGrant(config, other, checks));
  other.searchParams.delete("iss");
  await assert.rejects(client.authorizationCodeGrant(config, other, checks));
}

async function refresh(config, tokens) {
  const next = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(next.refresh_token, tokens.refresh_token);
  assert.equal(next.claims().sid, tokens.claims().sid);
  const narrow = await client.refreshTokenGrant(config, next.refresh_token, {
    scope: "scans_read",
  });
  assert.equal(narrow.scope, "scans_read");
  const wide = await client.refreshTokenGrant(config, narrow.refresh_token);
  assert.equal(wide.scope, talk.SCOPE);
  talk.seen("refresh");
  return wide;
}

async function introspectAndRevoke(config, tokens) {
  const access = await client.tokenIntrospection(config, tokens.access_token);
  assert.equal(access.active, true);
  assert.equal(access.sub, tokens.claims().sub);
  assert.equal(access.iss, talk.issuer.origin);
  const hint = { token_type_hint: "refresh_token" };
  const kept = await client.tokenIntrospection(config, tokens.refresh_token, hint);
  assert.equal(kept.active, true);
  await client.tokenRevocation(config, tokens.access_token);
  assert.equal((await talk.refusal(config, tokens.access_token)).status, 401);
  const next = await client.refreshTokenGrant(config, tokens.refresh_token);
  await client.tokenRevocation(config, next.refresh_token, hint);
  assert.equal((await talk.refusal(config, next.access_token)).status, 401);
  await talk.refused(
    client.refreshTokenGrant(config, next.refresh_token),
    "invalid_grant",
  );
  const dead = await client.tokenIntrospection(config, next.access_token);
  assert.deepEqual(dead, { active: false });
  talk.seen("introspection and revocation");
}

async function denied(config) {
  const { checks, parameters } = await talk.request({ prompt: "consent" });
  const back = await talk.decline(client.buildAuthorizationUrl(config, parameters));
  assert.equal(back.searchParams.get("iss"), talk.issuer.origin);
  await talk.refused(
    client.authorizationCodeGrant(config, back, checks),
    "access_denied",
  );
  talk.seen("a person who declines");
}

async function wrongScope(config) {
  const { checks, parameters } = await talk.request({ scope: "openid unheard_of" });
  const back = await talk.browse(client.buildAuthorizationUrl(config, parameters));
  await talk.refused(
    client.authorizationCodeGrant(config, back, checks),
    "invalid_scope",
  );
  talk.seen("a scope that does not exist");
}

const spa = await talk.register({ type: "spa" });
await discovery(spa);
for (const method of Object.keys(METHODS)) {
  const application = await talk.register({
    type: "web",
    token_endpoint_auth_method: method,
    id_token_signed_response_alg: METHODS[method][1],
  });
  const [config, tokens] = await code(method, application);
  await introspectAndRevoke(config, await refresh(config, tokens));
  await denied(config);
}
const config = await talk.discover(spa, client.None());
const tokens = await talk.signIn(config);
await client.tokenRevocation(config, tokens.refresh_token);
talk.seen("a public client");
await wrongScope(config);
talk.finish();
