"""A third product, as a deployer would describe one: words and scopes of its own."""

ACME = """\
slug = "acme"
name = "Acme Vault"

[addresses]
app = "https://app.acme.test"
api = "https://api.acme.test:8443"

[words]
create_key = "Forge a key"
scopes = "privileges"
live = "real"
test = "playground"

[samples]
header = "X-API-Key"

[keys]
live_prefix = "acme_live_"
test_prefix = "acme_play_"

[sessions]
token_type = "BEARER"
access_seconds = 120
refresh = "acme_rt_"
refresh_idle_days = 2
refresh_absolute_days = 3

[oauth]
access_prefix = "acme_oat_"
refresh_prefix = "acme_ort_"
secret_prefix = "acme_ocs_"
token_type = "bEaReR"
access_seconds = 240
refresh_idle_days = 5
refresh_absolute_days = 8

[capabilities]
keys_manage = "vault.keys"
members_manage = { role = "owner" }
usage_read = { role = "viewer" }
audit_read = { role = "owner" }
applications_manage = { role = "admin" }
scans_read = "vault.look"
scans_write = "vault.touch"
judge = "vault.keys"

[scopes."vault.look"]
description = "Look into the vault"
group = "Vault"
role = "viewer"

[scopes."vault.touch"]
description = "Touch what is in it"
group = "Vault"
role = "admin"

[scopes."vault.keys"]
description = "Hand out keys"
group = "Keys"
role = "owner"

[plans.solo]
name = "Solo"
per_minute = 30
burst = 3
daily = 100
most_keys = 4
applications = false
scopes = ["vault.look", "vault.keys"]

[plans.guild]
name = "Guild"
per_minute = 300
burst = 30
daily = 0
most_keys = 40
applications = true
"""
