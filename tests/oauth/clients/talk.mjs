// How a scenario talks to the test that runs it: it asks by lines of JSON on standard
// output and hears the answer, a line of JSON, on standard input.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import * as client from "openid-client";

export const CALLBACK = "https://app.example.com/callback";
export const SCOPE = "openid profile email scans_read";
// Plain http: the server is on loopback.
const PLAIN = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function ask(question) {
  process.stdout.write(`${JSON.stringify(question)}\n`);
  return JSON.parse((await lines.next()).value);
}

/** Where the server under test is. */
export const issuer = new URL((await ask({ tell: "issuer" })).issuer);

/** A new application: the answer of the API. */
export const register = (wish) =>
  ask({ register: { redirect_uris: [CALLBACK], scopes: SCOPE.split(" "), ...wish } });

/** Where a person's browser ends that goes to an address and says yes to all, or no. */
export const browse = async (address, person = "friend") =>
  new URL((await ask({ visit: String(address), person })).at);
export const decline = async (address) =>
  new URL((await ask({ visit: String(address), person: "sceptic" })).at);

/** Says what was seen to work. */
export const seen = (what) => process.stdout.write(`${JSON.stringify({ seen: what })}\n`);

/** Lets the process end. */
export const finish = () => process.stdin.destroy();

export const discover = (application, authentication, more = {}) => {
  const { algorithm, [client.customFetch]: fetched, ...metadata } = more;
  const options = { ...PLAIN, ...(algorithm && { algorithm }) };
  if (fetched) options[client.customFetch] = fetched;
  return client.discovery(
    issuer,
    application.client_id,
    { client_secret: application.client_secret, ...metadata },
    authentication,
    options,
  );
};

/** An authorization request and what its answer has to fit. */
export async function request(more = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
    maxAge: 3600,
  };
  const parameters = {
    redirect_uri: CALLBACK,
    scope: SCOPE,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    max_age: "3600",
    ...more,
  };
  return { checks, parameters };
}

/** The whole flow in a browser: the tokens. */
export async function signIn(config, more = {}) {
  const { checks, parameters } = await request(more);
  const back = await browse(client.buildAuthorizationUrl(config, parameters));
  return client.authorizationCodeGrant(config, back, checks);
}

/** The answer of our API to a token. */
export const scans = (config, token, options) =>
  client.fetchProtectedResource(
    config,
    token,
    new URL("/api/v1/scans", issuer),
    "GET",
    undefined,
    undefined,
    options,
  );

/** The status of the same where the token is refused. */
export async function refusal(config, token, options) {
  const error = await scans(config, token, options).then(assert.fail, (thrown) => thrown);
  assert.equal(error.name, "WWWAuthenticateChallengeError", error.stack);
  return { status: error.status, challenges: error.cause };
}

/** Holds where a call is refused with this error code. */
export const refused = (promise, code) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.error, code, error.stack);
    return true;
  });
