// Asking without a person, and the end of a session: by us, and told to others.

import assert from "node:assert/strict";
import { on, once } from "node:events";
import { createServer } from "node:http";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";
import * as talk from "./talk.mjs";

const GOODBYE = "https://app.example.com/goodbye";
const EVENT = "http://schemas.openid.net/event/backchannel-logout";

/** Logout tokens that are posted to an address on loopback, in their order. */
async function receiver() {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    response.end();
    server.emit("posted", new URLSearchParams(body).get("logout_token"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `http://127.0.0.1:${server.address().port}/logged-out`;
  return { address, server, posted: on(server, "posted") };
}

async function silently(config, more = {}, person = "friend") {
  const { checks, parameters } = await talk.request({ prompt: "none", ...more });
  const back = await talk.browse(
    client.buildAuthorizationUrl(config, parameters),
    person,
  );
  assert.equal(back.origin, new URL(talk.CALLBACK).origin);
  return client.authorizationCodeGrant(config, back, checks);
}

const ear = await receiver();
const known = await talk.register({
  type: "web",
  post_logout_redirect_uris: [GOODBYE],
  backchannel_logout_uri: ear.address,
});
const unknown = await talk.register({ type: "web" });
const config = await talk.discover(known);
const other = await talk.discover(unknown);

async function prompts() {
  await talk.refused(silently(config, {}, "stranger"), "login_required");
  const first = await talk.signIn(config);
  await talk.refused(silently(other), "consent_required");
  const hint = { id_token_hint: first.id_token };
  const second = await silently(config, hint);
  assert.equal(second.claims().sid, first.claims().sid);
  assert.equal(second.claims().auth_time, first.claims().auth_time);
  talk.seen("prompt=none");
  await new Promise((done) => setTimeout(done, 1100));
  const third = await talk.signIn(config, { prompt: "login" });
  assert.ok(third.claims().auth_time > first.claims().auth_time);
  talk.seen("prompt=login");
  return third;
}

async function logout(tokens) {
  const leave = client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: GOODBYE,
    state: "good bye",
  });
  const end = await talk.browse(leave);
  assert.equal(end.href, `${GOODBYE}?state=good+bye`);
  await talk.refused(silently(config), "login_required");
  talk.seen("logout with a hint");
}

async function told(tokens) {
  const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
  const { sub, sid } = tokens.claims();
  for await (const [token] of ear.posted) {
    const { payload } = await jwtVerify(token, keys, {
      issuer: talk.issuer.origin,
      audience: known.client_id,
      typ: "logout+jwt",
      maxTokenAge: "2m",
      requiredClaims: ["jti", "sub", "sid", "iat", "exp"],
    });
    assert.deepEqual(payload.events, { [EVENT]: {} });
    assert.equal(payload.nonce, undefined);
    assert.equal(payload.sub, sub);
    // The sign-in for prompt=login ended a session, too.
    if (payload.sid === sid) break;
  }
  talk.seen("back-channel logout");
}

async function logoutByAsking() {
  await talk.signIn(config);
  const leave = client.buildEndSessionUrl(config, { post_logout_redirect_uri: GOODBYE });
  assert.equal((await talk.browse(leave)).href, GOODBYE);
  await talk.refused(silently(config), "login_required");
  talk.seen("logout that the person confirms");
}

const tokens = await prompts();
await logout(tokens);
await told(tokens);
await logoutByAsking();
ear.server.close();
talk.finish();
