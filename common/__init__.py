"""What every room shares.

`facts` says what can be said, `bus` says and hears it, `ledger` reads what was said; `worker` is what a service is,
with its rules `by_kind` of fact, and `registry` lists the services. `paths` and `settings` are a project's files,
`machine` and `terminal` what it runs on. `text`, `shown`, `commands`, `subcommands` and `chats` are for people.
"""
