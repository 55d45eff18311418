#!/usr/bin/env bash
# NetRecon with curl: sign in, refresh, make a key, use it, revoke it, sign out.
# Reads NETRECON_URL, NETRECON_EMAIL, NETRECON_PASSWORD and, where two-step sign-in is
# on, NETRECON_TOTP_CODE.
set -euo pipefail

api=$NETRECON_URL/api/v1
json="Content-Type: application/json"

# call STATUS ARGUMENTS…: curl, and the body of the answer. Another status is the end.
call() {
  local answer status
  answer=$(curl -sS -w '\n%{http_code}' "${@:2}")
  status=${answer##*$'\n'}
  answer=${answer%$'\n'*}
  if [[ $status != "$1" ]]; then
    echo "Expected $1, got $status: $answer" >&2
    exit 1
  fi
  printf '%s' "$answer"
}

# field NAME: its value in the JSON on standard input.
field() { sed -E "s/.*\"$1\":\"?([^\",}]*).*/\1/"; }

# quote TEXT: the text as JSON. Nothing becomes null.
quote() {
  local text=${1//\\/\\\\}
  [[ $text ]] && echo "\"${text//\"/\\\"}\"" || echo null
}

# The password goes through standard input: arguments are seen by every user.
tokens=$(call 200 "$api/auth/login" -H "$json" -d @- <<JSON
{
  "email": $(quote "$NETRECON_EMAIL"),
  "password": $(quote "$NETRECON_PASSWORD"),
  "totp_code": $(quote "${NETRECON_TOTP_CODE:-}")
}
JSON
)
access=$(field access_token <<<"$tokens")
me=$(call 200 "$api/auth/whoami" -H "Authorization: Bearer $access")
echo "Signed in as $(field user <<<"$me") of $(field organization <<<"$me")"

refresh=$(field refresh_token <<<"$tokens")
tokens=$(call 200 "$api/auth/refresh" -H "$json" -d "{\"refresh_token\": \"$refresh\"}")
bearer="Authorization: Bearer $(field access_token <<<"$tokens")"
echo "Refreshed: a $(field token_type <<<"$tokens") token for $(field expires_in <<<"$tokens") s"

made=$(call 201 "$api/api-keys" -H "$bearer" -H "$json" \
  -d '{"name": "curl client", "scopes": ["scans_read", "scans_write"]}')
key_id=$(field id <<<"$made")
key="X-API-Key: $(field key <<<"$made")"
echo "Made $key_id: $(field hint <<<"$made")"

call 200 "$api/scans" -H "$key" >/dev/null
scan=$(call 201 "$api/scans" -H "$key" -H "$json" -d '{"scope": "full"}')
scan_id=$(field id <<<"$scan")
scan=$(call 200 -X POST "$api/scans/$scan_id/stop" -H "$key")
echo "Started $scan_id, now it is $(field status <<<"$scan")"

call 204 -X DELETE "$api/api-keys/$key_id" -H "$bearer"
call 401 "$api/scans" -H "$key" >/dev/null
echo "Revoked $key_id: it is refused now"

call 204 -X POST "$api/auth/logout" -H "$bearer"
echo "Signed out"
