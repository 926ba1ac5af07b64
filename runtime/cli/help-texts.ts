/** What stands below the list of commands. */
export const MAIN_HELP = `
Selections pick assets:
  orders                 one asset                  orders+     and all that is made from it
  +orders                and all that it needs      1+orders    and what it needs directly
  group:sales            all of a group             "kind:sql and not tag:env=dev"

Start here:
  millrace check               problems of the definitions, all at once
  millrace list                the assets, parents first
  millrace materialize         run what makes them
  millrace runs last           how the latest run went; \`millrace logs last\` tells all of it

Configuration: millrace.config.ts in the project's root (found from any folder below it), above it
.env there, above both the variables MILLRACE_DEFINITIONS, MILLRACE_HOME, MILLRACE_FSYNC,
MILLRACE_DATABASE_URL (the store on Postgres, docs/postgres.md), MILLRACE_CONCURRENCY,
MILLRACE_CANCEL_GRACE, MILLRACE_LOG_LEVEL. A relative path counts from the project's root in a
file, and from the working directory in a variable of the shell.

Exit codes:
  0    done                                  4    a configuration file, variable or value is wrong
  1    a run failed, or check found problems 5    the store cannot be used
  2    wrong command line, selection or id   70   a bug in Millrace
  3    the definitions cannot be loaded      130  canceled`;

/** What stands below the options of one command. */
export const COMMAND_HELP: Readonly<Record<string, string>> = {
  materialize: `
Without a selection it takes every asset. Ctrl-C cancels: running steps are asked to stop and have
the grace period (10 s, \`cancelGrace\`) to do so; a second Ctrl-C stops at once.

Examples:
  millrace materialize orders+                     orders and all that is made from it
  millrace materialize "group:sales and not kind:sql"
  millrace materialize --config run.yaml --tag ticket=42
  millrace materialize --stale                     what \`millrace list --stale\` shows, and no more
  millrace materialize daily_orders --partition 2025-07-15
  millrace materialize daily_orders --partitions 2025-07-01...2025-07-31`,
  list: `
Parents stand above their children.

Examples:
  millrace list +report        all that the report is made from
  millrace list --stale        what is not up to date, and the first cause
  millrace list --json         with data versions, metadata and check results`,
  show: `
Examples:
  millrace show clean_orders
  millrace show "key:marts/*"  is no key: \`millrace list\` takes selections`,
  check: `
Exits with 1 when there is a problem. Nothing is run and nothing is stored.

Examples:
  millrace check
  millrace check --strict      warnings count too
  millrace check --seed 42     try your own mappings on the same pairs again`,
  backfill: `
It tells first what it makes and in how many runs, then drives them here, those first whose upstream is
done. Ctrl-C pauses it: its running runs are canceled, and made again by \`resume\`. After a crash
\`resume\` goes on where it was. \`retry\` makes what failed or is left when it has ended. ID is as in
\`millrace runs\`, or \`last\`.

Examples:
  millrace backfill daily_orders+ --partitions 2025-01-01...2025-06-30 --dry-run
  millrace backfill daily_orders --missing --order newest --max-concurrent 8
  millrace backfill "group:sales" --stop-after 10% --reason "new price list"
  millrace backfill list
  millrace backfill retry last`,
  partitions: `
Examples:
  millrace partitions raw_flights
  millrace partitions raw_flights --json    all ranges of each state`,
  dynamic: `
Without keys it lists those that there are, in the order in which they were added.

Examples:
  millrace dynamic customers acme globex --add
  millrace dynamic customers acme --delete`,
  wipe: `
Events and stored values stay; only what the next run, \`--missing\` and \`list\` go by is forgotten.

Examples:
  millrace wipe daily_delays --partitions 2001-01-01...2001-01-07
  millrace wipe report --yes --reason "wrong currency"`,
  runs: `
ID is the whole id, a part of it that no other run has at its beginning or end, or \`last\`.

Examples:
  millrace runs --status failure --since 1d
  millrace runs --tag team=data --since 2026-01-01 --until 2026-02-01
  millrace runs last`,
  logs: `
ID is as in \`millrace runs\`. Here -f means follow; this command needs no definitions, so the file of
the definitions (only used to find the project) has the long option alone.

Examples:
  millrace logs last
  millrace logs last -f        goes on until the run ends
  millrace logs last --json    one event a line`,
  retry: `
Starts a new run of the steps that did not succeed; what they need of the others is loaded as it was
stored. The definitions are read anew, so mend the code first.

Examples:
  millrace retry last`,
  cancel: `
Works from another terminal: the process of the run learns it within a second, asks its steps to
stop, and ends the run as CANCELED.

Examples:
  millrace cancel last`,
  migrate: `
Every command does this when it opens the store, unless the store's address says migrate=off.
--dry-run prints the SQL that is missing, for whoever runs it by hand.

Examples:
  millrace migrate
  millrace migrate --dry-run > upgrade.sql`,
  store: `
Copies runs, events, partitions and backfills with their numbers, and compares how many rows there
are on both sides. Values stay where they are. Stop every process that uses the store first.

Examples:
  millrace store copy --to postgres://user:secret@db.example.com:5432/orchestration`,
  status: `
For each running step: how long it runs, and how long it has been silent (no log line, no output).

Examples:
  millrace status`,
};
