import { createHash } from "node:crypto";
import type { ResourceScope } from "@openward/model";
import type { PatientName } from "./ports.ts";
import { isPlainScope, parseScope } from "./scopes.ts";

/** Pages of the authorisation: plain HTML without a script, so that nothing of a patient is left in a browser's code. */
const html = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** The portals' colours, light and dark: web/src/app/theme.css has their names. */
const STYLE = `:root{color-scheme:light dark;--ground:#e9edf1;--surface:#fff;--raised:#f5f7f9;--ink:#101a23;--soft:#4c5a67;--line:#d3dae1;--accent:#0b6576;--on-accent:#fff}
@media (prefers-color-scheme:dark){:root{--ground:#06090c;--surface:#10161c;--raised:#18212a;--ink:#edf2f6;--soft:#a9b7c4;--line:#27323d;--accent:#5cc3d6;--on-accent:#00222a}}
*{box-sizing:border-box}body{font:16px/1.5 system-ui,sans-serif;margin:0;padding:1rem;background:var(--ground);color:var(--ink)}
main{max-width:38rem;margin:clamp(0rem,6vh,4rem) auto;padding:clamp(1rem,4vw,2rem);background:var(--surface);border:1px solid var(--line);border-radius:12px}
.brand{display:flex;align-items:center;gap:.55rem;margin:0 0 1.2rem;font-weight:720;letter-spacing:-.02em}
h1{font-size:1.45rem;line-height:1.2;letter-spacing:-.015em;margin:0 0 .8rem;overflow-wrap:anywhere}p{margin:.7rem 0}a{color:var(--accent)}small{color:var(--soft)}
a.choice,label{display:flex;flex-wrap:wrap;gap:.2rem .7rem;align-items:baseline;padding:.7rem .85rem;margin:.4rem 0;border:1px solid var(--line);border-radius:8px;background:var(--raised);color:inherit;text-decoration:none}
a.choice:hover,label:hover{border-color:var(--accent)}label{flex-wrap:nowrap}input[type=checkbox]{width:1.1rem;height:1.1rem;flex:none;align-self:center;accent-color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
button{font:inherit;font-weight:600;padding:.65rem 1.3rem;margin:.8rem .5rem 0 0;border-radius:8px;border:1px solid var(--accent);background:var(--accent);color:var(--on-accent);cursor:pointer}
button[value=deny]{background:transparent;color:inherit;border-color:var(--line)}
input[type=search]{font:inherit;padding:.6rem .75rem;width:min(100%,22rem);border:1px solid var(--line);border-radius:8px;background:var(--raised);color:inherit}
.who{padding:.7rem .85rem;border:2px solid var(--ink);border-radius:8px}`;

const BRAND = `<p class="brand"><svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true"><rect width="32" height="32" rx="8" fill="#0b6e7f"/><path d="M4 17h6l2.2-5 4.2 12L20.6 8l2.4 9H28" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>Openward</p>`;

/** By it a browser knows the one style that these pages have. */
export const STYLE_HASH = `sha256-${createHash("sha256").update(STYLE).digest("base64")}`;

function page(title: string, body: string, head = ""): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${html(title)}</title>${head}<style>${STYLE}</style></head><body><main>${BRAND}<h1>${html(title)}</h1>${body}</main></body></html>`;
}

/**
 * A browser that comes from another site brings no session: the cookie is for our own pages. This page is ours, and what
 * it asks for next comes with it.
 */
export const comeAgain = (address: string): string =>
  page(
    "One moment",
    `<p><a href="${html(address)}">Continue</a></p>`,
    `<meta http-equiv="refresh" content="0;url=${html(address)}">`,
  );

export const signInFirst = (appName: string, address: string): string =>
  page(
    "Sign in to Openward first",
    `<p><strong>${html(appName)}</strong> asks for access. Sign in to Openward in this browser, then continue here.</p>
<p><a href="/sign-in" target="_blank" rel="noopener">Sign in</a> (opens another tab)</p><p><a class="choice" href="${html(address)}">I am signed in: continue</a></p>`,
  );

export const refusal = (text: string): string => page("This cannot go on", `<p>${html(text)}</p>`);

const nameOf = ({ name, birthDate, mrn }: PatientName): string =>
  `${html(name)} <small>${birthDate === null ? "born: not known" : `born ${html(dateInWords(birthDate))}`} · ${html(mrn)}</small>`;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "1948-03-21" to "21 Mar 1948", as the portals write it: the month is a word, so that no country reads it wrong. */
function dateInWords(date: string): string {
  const [year, month, day] = date.split("-");
  const name = MONTHS[Number(month) - 1];
  return name && day ? `${Number(day)} ${name} ${year}` : date;
}

export function pickPatient(facts: {
  appName: string;
  action: string;
  q: string;
  patients: readonly PatientName[];
  hasMore: boolean;
}): string {
  const { appName, action, q, patients, hasMore } = facts;
  const choices = patients
    .map((one) => `<a class="choice" href="${html(action)}?patient=${html(one.id)}">${nameOf(one)}</a>`)
    .join("");
  return page(
    "Choose a patient",
    `<p><strong>${html(appName)}</strong> wants to work with one patient. Which?</p>
<form method="post" action="${html(action)}"><input type="search" name="q" aria-label="Name or record number" value="${html(q)}"> <button name="decision" value="search">Search</button></form>
${choices || "<p>No patient whom you may see.</p>"}${hasMore ? "<p>There are more: search by name or record number.</p>" : ""}`,
  );
}

export function askConsent(facts: {
  appName: string;
  personName: string;
  action: string;
  patient: PatientName | undefined;
  scopes: readonly string[];
}): string {
  const { appName, personName, action, patient, scopes } = facts;
  const boxes = scopes
    .filter((scope) => !isPlainScope(scope))
    .map(
      (scope) =>
        `<label><input type="checkbox" name="scope" value="${html(scope)}" checked> ${html(inWords(scope))}</label>`,
    )
    .join("");
  const isOffline = scopes.includes("offline_access");
  const isLong = isOffline || scopes.includes("online_access");
  const away = isOffline
    ? `<label><input type="checkbox" name="scope" value="offline_access" checked> Also while you are not here, for up to 90 days</label>`
    : "";
  const plain = scopes
    .filter((scope) => isPlainScope(scope) && scope !== "offline_access")
    .map((scope) => `<input type="hidden" name="scope" value="${html(scope)}">`)
    .join("");
  return page(
    `${appName} asks for access`,
    `<p>You are signed in as <strong>${html(personName)}</strong>. If you allow it, <strong>${html(appName)}</strong> may:</p>
<form method="post" action="${html(action)}">${boxes}${away}${plain}
${patient ? `<p class="who">For one patient: <strong>${nameOf(patient)}</strong></p><input type="hidden" name="patient" value="${html(patient.id)}">` : `<p class="who">For every patient whom you may see.</p>`}
<p>${isLong ? (isOffline ? "Without the last choice above it ends after an hour." : "It ends when you are signed out.") : "It ends after an hour."} It never sees more than you may see yourself.</p>
<button name="decision" value="allow">Allow</button><button name="decision" value="deny">Do not allow</button></form>`,
  );
}

const TYPES: Readonly<Record<string, string>> = {
  "*": "everything",
  Observation: "measurements",
  Patient: "name, date of birth and record number",
  Device: "devices",
  DeviceMetric: "what devices measure",
  DeviceUseStatement: "which devices were worn, and when",
  Provenance: "who corrected measurements",
  Practitioner: "who works here",
  RelatedPerson: "who stands beside the patient",
};

const PLAIN: Readonly<Record<string, string>> = {
  openid: "know that somebody has signed in",
  fhirUser: "know who has signed in, and read their name",
  launch: "be opened from a patient's page",
  "launch/patient": "ask which patient it is about",
  offline_access: "go on while the person is away",
  online_access: "go on while the person is signed in",
};

const WHOSE: Readonly<Record<ResourceScope["compartment"], string>> = {
  patient: "of this patient",
  user: "of every patient whom you may see",
  system: "of every patient",
};

/** A scope as a person reads it. */
export function inWords(text: string): string {
  const scope = parseScope(text);
  if (!scope) return PLAIN[text] ?? text;
  const { type, interactions, compartment, query } = scope;
  const verbs = [
    ...(/[rs]/.test(interactions) ? ["read"] : []),
    ...(/[cud]/.test(interactions) ? ["change (nothing can be changed this way yet)"] : []),
  ].join(" and ");
  const only = query.map(([name, value]) => `${name} ${value.split("|").at(-1)}`).join(", ");
  return `${verbs} ${TYPES[type] ?? type} ${WHOSE[compartment]}${only === "" ? "" : `, only ${only}`}`;
}
