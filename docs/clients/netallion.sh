#!/usr/bin/env bash
# Netallion AI Assurance with curl: sign in and refresh, then start a scan with a key.
# Reads NETALLION_URL, NETALLION_EMAIL, NETALLION_PASSWORD and NETALLION_API_KEY.
set -euo pipefail

api=$NETALLION_URL/api/v1
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

# quote TEXT: the text as JSON.
quote() {
  local text=${1//\\/\\\\}
  echo "\"${text//\"/\\\"}\""
}

# The password goes through standard input: arguments are seen by every user.
tokens=$(call 200 "$api/auth/login" -H "$json" -d @- <<JSON
{"email": $(quote "$NETALLION_EMAIL"), "password": $(quote "$NETALLION_PASSWORD")}
JSON
)
access=$(field access_token <<<"$tokens")
me=$(call 200 "$api/auth/whoami" -H "Authorization: Bearer $access")
echo "Signed in as $(field user <<<"$me") of $(field organization <<<"$me")"

refresh=$(field refresh_token <<<"$tokens")
tokens=$(call 200 "$api/auth/refresh" -H "$json" -d "{\"refresh_token\": \"$refresh\"}")
bearer="Authorization: Bearer $(field access_token <<<"$tokens")"
echo "Refreshed: a $(field token_type <<<"$tokens") token for $(field expires_in <<<"$tokens") s"

key="Authorization: Bearer $NETALLION_API_KEY"
call 200 "$api/scans?limit=10" -H "$key" >/dev/null
workspace_id=$(call 200 "$api/workspaces?limit=1" -H "$key" | field id)
scan=$(call 201 "$api/scans" -H "$key" -H "$json" \
  -d "{\"workspace_id\": \"$workspace_id\", \"scope\": \"full\"}")
echo "Started $(field id <<<"$scan") in $workspace_id"

call 204 -X POST "$api/auth/logout" -H "$bearer"
echo "Signed out"
