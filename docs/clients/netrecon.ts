// NetRecon with fetch: sign in, refresh, make a key, use it, revoke it, sign out.
// Reads NETRECON_URL, NETRECON_EMAIL, NETRECON_PASSWORD and, where two-step sign-in is
// on, NETRECON_TOTP_CODE.

interface Tokens {
  access_token: string;
  refresh_token: string;
  token_type: string;
  expires_in: number;
}
type Headers = Record<string, string>;

const api = `${setting("NETRECON_URL")}/api/v1`;

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`Set ${name}.`);
  return value;
}

/** The JSON of the answer. Another status is the end. */
async function call<T>(
  status: number,
  method: string,
  path: string,
  headers: Headers = {},
  body?: object,
): Promise<T> {
  const answer = await fetch(api + path, {
    method,
    headers: body ? { ...headers, "Content-Type": "application/json" } : headers,
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (answer.status !== status)
    throw new Error(`Expected ${status}, got ${answer.status}: ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

const bearer = (token: string): Headers => ({ Authorization: `Bearer ${token}` });

/** A session: the header that every further request carries. */
async function signIn(): Promise<Headers> {
  const first = await call<Tokens>(200, "POST", "/auth/login", {}, {
    email: setting("NETRECON_EMAIL"),
    password: setting("NETRECON_PASSWORD"),
    totp_code: process.env.NETRECON_TOTP_CODE ?? null,
  });
  const me = await call<{ user: string; organization: string }>(
    200, "GET", "/auth/whoami", bearer(first.access_token),
  );
  console.log(`Signed in as ${me.user} of ${me.organization}`);

  const { refresh_token } = first;
  const next = await call<Tokens>(200, "POST", "/auth/refresh", {}, { refresh_token });
  console.log(`Refreshed: a ${next.token_type} token for ${next.expires_in} s`);
  return bearer(next.access_token);
}

/** The whole life of a key: made, used for a scan, revoked, refused. */
async function useAKey(session: Headers): Promise<void> {
  const wish = { name: "TypeScript client", scopes: ["scans_read", "scans_write"] };
  const made = await call<{ id: string; hint: string; key: string }>(
    201, "POST", "/api-keys", session, wish,
  );
  console.log(`Made ${made.id}: ${made.hint}`);

  const key = { "X-API-Key": made.key };
  await call(200, "GET", "/scans", key);
  const scan = await call<{ id: string }>(201, "POST", "/scans", key, { scope: "full" });
  const stopped = await call<{ status: string }>(
    200, "POST", `/scans/${scan.id}/stop`, key,
  );
  console.log(`Started ${scan.id}, now it is ${stopped.status}`);

  await call(204, "DELETE", `/api-keys/${made.id}`, session);
  await call(401, "GET", "/scans", key);
  console.log(`Revoked ${made.id}: it is refused now`);
}

const session = await signIn();
await useAKey(session);
await call(204, "POST", "/auth/logout", session);
console.log("Signed out");
