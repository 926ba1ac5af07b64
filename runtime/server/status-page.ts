import { createHash } from "node:crypto";
import type { AssetMoment, AssetStatus, CheckStatus, StatusAnswer } from "../../src/api/status.js";

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #626b76; --line: #e3e6ea; --page: #f7f8fa; --card: #fff; --good: #17753b; --bad: #b3261e; --warn: #8a5a00; --link: #1459b8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaee; --soft: #98a2ae; --line: #2b3139; --page: #12151a; --card: #1a1e25; --good: #62c58a; --bad: #ff8f85; --warn: #e5b45a; --link: #7db4ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 76rem; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.6rem; letter-spacing: -0.01em; }
h2 { margin: 2rem 0 0.75rem; font-size: 1.05rem; }
a { color: var(--link); }
code, .mono { font-family: ui-monospace, monospace; font-size: 0.88em; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
ul.runs { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 0; padding: 0; list-style: none; }
ul.runs li { min-width: 7rem; padding: 0.6rem 0.9rem; border: 1px solid var(--line); border-radius: 0.6rem; background: var(--card); }
ul.runs b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 0.6rem; background: var(--card); }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.6rem 0.9rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--soft); font-size: 0.82rem; font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; }
time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.scroll .mono { white-space: nowrap; }
td ul { margin: 0; padding: 0; list-style: none; }
td li { white-space: nowrap; }
`;

/** The policy that lets this page's own style in and nothing else: no script, no picture, no frame, no form. */
export const STATUS_PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The status as a page of its own: no script, nothing loaded. */
export function statusPage(status: StatusAnswer, limit: number): string {
  const { assets, store } = status;
  const counted = assets.items.length === assets.total ? `${assets.total}` : `${assets.items.length} of ${assets.total}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Millrace status</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Millrace</h1>
<p class="soft">Version ${escaped(status.version)} on Node.js ${escaped(status.node)}, started ${time(status.startedAtMs)}. As of ${time(status.nowMs)}.<br>
Store <code>${escaped(store.path)}</code>, schema ${store.schemaVersion}, fsync ${escaped(store.fsync)}.</p>
</header>
<main>
<h2>Runs</h2>
${runs(status)}
<h2>Assets <span class="soft">${counted}</span></h2>
${assets.items.length === 0 ? `<p class="soft">None to show.</p>` : table(assets.items)}
${assets.next === undefined ? "" : `<p><a rel="next" href="?limit=${limit}&amp;after=${escaped(encodeURIComponent(assets.next))}">Next assets</a></p>`}
</main>
</body>
</html>
`;
}

function runs({ runs: counts }: StatusAnswer): string {
  const all = Object.entries(counts);
  if (all.length === 0) return `<p class="soft">None yet.</p>`;
  const tone = (state: string): string => (state === "SUCCESS" ? "good" : state === "FAILURE" ? "bad" : "soft");
  return `<ul class="runs">${all.map(([state, count]) => `<li><b>${count}</b><span class="${tone(state)}">${escaped(state)}</span></li>`).join("")}</ul>`;
}

function table(assets: readonly AssetStatus[]): string {
  const heads = ["Asset", "Group", "Last materialization", "Data version", "Last run", "Checks"];
  return `<div class="scroll"><table>
<thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join("")}</tr></thead>
<tbody>
${assets.map(row).join("\n")}
</tbody>
</table></div>`;
}

function row(asset: AssetStatus): string {
  const moment = asset.made === "materialized" ? asset.lastMaterialization : (asset.lastObservation ?? asset.lastMaterialization);
  const cells = [
    escaped(asset.group),
    lastMoment(asset, moment),
    moment?.dataVersion === undefined
      ? dash
      : `<span class="mono" title="${escaped(moment.dataVersion)}">${escaped(short(moment.dataVersion))}</span>`,
    lastRun(asset),
    asset.checks.length === 0 ? dash : `<ul>${asset.checks.map((one) => `<li>${check(one)}</li>`).join("")}</ul>`,
  ];
  const about = asset.description === undefined ? "" : ` title="${escaped(asset.description)}"`;
  return `<tr><th scope="row" class="mono"${about}>${escaped(asset.key)}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

const dash = `<span class="soft">–</span>`;

function lastMoment(asset: AssetStatus, moment: AssetMoment | undefined): string {
  const failed = asset.lastFailure;
  const at = moment ? time(moment.atMs) : `<span class="soft">${asset.made === "external" ? "external" : "never"}</span>`;
  const kind = moment && moment === asset.lastObservation ? ` <span class="soft">observed</span>` : "";
  // A failure that a later materialization has made good is history.
  if (!failed || (moment && moment.atMs >= failed.atMs)) return at + kind;
  return `${at}${kind}<br><span class="bad"${failed.message === undefined ? "" : ` title="${escaped(failed.message)}"`}>failed ${time(failed.atMs)}</span>`;
}

function lastRun({ lastRun: run }: AssetStatus): string {
  if (!run) return dash;
  const tone = run.status === "SUCCESS" ? "good" : run.status === "FAILURE" ? "bad" : "soft";
  return `<span class="${tone}">${escaped(run.status)}</span> <span class="mono soft" title="${escaped(run.id)}">${escaped(run.id.slice(-12))}</span>`;
}

function check({ name, last }: CheckStatus): string {
  if (!last) return `<span class="soft">${escaped(name)}: never evaluated</span>`;
  const [tone, word] = last.passed ? ["good", "passed"] : last.severity === "WARN" ? ["warn", "warned"] : ["bad", "failed"];
  return `<span class="${tone}" title="${escaped(timeText(last.atMs))}">${escaped(name)}: ${word}</span>`;
}

function short(text: string): string {
  return text.length > 12 ? `${text.slice(0, 11)}…` : text;
}

function time(atMs: number): string {
  return `<time datetime="${new Date(atMs).toISOString()}">${timeText(atMs)}</time>`;
}

/** In UTC: the reader's time zone is not known without a script. */
function timeText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
