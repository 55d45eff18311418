// An application that acts for itself, with opaque tokens and with JWTs.

import assert from "node:assert/strict";
import { createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify } from "jose";
import * as client from "openid-client";
import * as talk from "./talk.mjs";

const ASKED = { scope: "scans_read" };
const MACHINE = { type: "machine", redirect_uris: [], scopes: ["scans_read"] };

async function opaque() {
  const application = await talk.register(MACHINE);
  const config = await talk.discover(application, client.ClientSecretBasic());
  const tokens = await client.clientCredentialsGrant(config, ASKED);
  assert.equal(tokens.refresh_token, undefined);
  assert.equal(tokens.expires_in, 3600);
  assert.equal((await talk.scans(config, tokens.access_token)).status, 200);
  const told = await client.tokenIntrospection(config, tokens.access_token);
  assert.equal(told.sub, application.client_id);
  await client.tokenRevocation(config, tokens.access_token);
  assert.equal((await talk.refusal(config, tokens.access_token)).status, 401);
  await talk.refused(client.clientCredentialsGrant(config), "invalid_scope");
  talk.seen("opaque tokens by a secret");
}

async function signed() {
  const own = await generateKeyPair("PS256", { extractable: true });
  const application = await talk.register({
    ...MACHINE,
    token_endpoint_auth_method: "private_key_jwt",
    jwks: { keys: [await exportJWK(own.publicKey)] },
    access_token_format: "jwt",
    id_token_signed_response_alg: "ES256",
  });
  const config = await talk.discover(application, client.PrivateKeyJwt(own.privateKey));
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  const tokens = await client.clientCredentialsGrant(
    config,
    { ...ASKED, resource: talk.issuer.origin },
    { DPoP },
  );
  const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
  const { payload } = await jwtVerify(tokens.access_token, keys, {
    issuer: talk.issuer.origin,
    audience: talk.issuer.origin,
    typ: "at+jwt",
  });
  assert.equal(payload.client_id, application.client_id);
  assert.equal(payload.cnf.jkt, await DPoP.calculateThumbprint());
  assert.equal((await talk.scans(config, tokens.access_token, { DPoP })).status, 200);
  assert.equal((await talk.refusal(config, tokens.access_token)).status, 401);
  talk.seen("JWTs by a key, bound to another");
}

await opaque();
await signed();
talk.finish();
