// Netallion AI Assurance with fetch: sign in and refresh, then start a scan with a key.
// Reads NETALLION_URL, NETALLION_EMAIL, NETALLION_PASSWORD and NETALLION_API_KEY.

interface Tokens {
  access_token: string;
  refresh_token: string;
  token_type: string;
  expires_in: number;
}
type Headers = Record<string, string>;

const api = `${setting("NETALLION_URL")}/api/v1`;

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
    email: setting("NETALLION_EMAIL"),
    password: setting("NETALLION_PASSWORD"),
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

/** What an integration does: with a key, without a person. */
async function startAScan(): Promise<void> {
  const key = bearer(setting("NETALLION_API_KEY"));
  await call(200, "GET", "/scans?limit=10", key);
  const workspaces = await call<{ data: { id: string }[] }>(
    200, "GET", "/workspaces", key,
  );
  const scan = await call<{ id: string; workspace_id: string }>(
    201, "POST", "/scans", key, { workspace_id: workspaces.data[0]?.id, scope: "full" },
  );
  console.log(`Started ${scan.id} in ${scan.workspace_id}`);
}

const session = await signIn();
await startAScan();
await call(204, "POST", "/auth/logout", session);
console.log("Signed out");
