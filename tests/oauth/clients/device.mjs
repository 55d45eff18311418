// A device without a browser, which asks until a person decides.

import assert from "node:assert/strict";
import * as client from "openid-client";
import * as talk from "./talk.mjs";

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";
const told = [];

/** Keeps what each answer of the token endpoint says. The request stays as it is. */
async function listening(address, options) {
  const answer = await fetch(address, options);
  if (String(address).endsWith("/token")) {
    told.push((await answer.clone().json()).error ?? "tokens");
  }
  return answer;
}

async function until(word) {
  while (!told.includes(word)) await new Promise((done) => setTimeout(done, 50));
}

const application = await talk.register({ type: "native" });
const config = await talk.discover(application, client.None(), {
  [client.customFetch]: listening,
});

async function allowed() {
  const begun = await client.initiateDeviceAuthorization(config, { scope: talk.SCOPE });
  assert.equal(begun.interval, 5);
  // More eager than it was told to be, so that it is told to slow down.
  const tokens = client.pollDeviceAuthorizationGrant(config, { ...begun, interval: 1 });
  await until("slow_down");
  await talk.browse(begun.verification_uri_complete);
  const { access_token, ...others } = await tokens;
  assert.deepEqual(told, ["authorization_pending", "slow_down", "tokens"]);
  assert.ok(others.id_token);
  assert.equal((await talk.scans(config, access_token)).status, 200);
  await client.refreshTokenGrant(config, others.refresh_token);
  talk.seen("a device that asks too often, and is let in");
  const again = { device_code: begun.device_code };
  await talk.refused(client.genericGrantRequest(config, GRANT, again), "invalid_grant");
  talk.seen("a device code works once");
}

async function denied() {
  const begun = await client.initiateDeviceAuthorization(config, { scope: talk.SCOPE });
  await talk.decline(begun.verification_uri_complete);
  await talk.refused(
    client.pollDeviceAuthorizationGrant(config, { ...begun, interval: 0 }),
    "access_denied",
  );
  talk.seen("a device that stays out");
}

await allowed();
await denied();
talk.finish();
