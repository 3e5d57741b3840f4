import { createHash } from "node:crypto";
import type { ResourceScope } from "@openward/model";
import type { PatientName } from "./ports.ts";
import { isPlainScope, parseScope } from "./scopes.ts";

/** Pages of the authorisation: plain HTML without a script, so that nothing of a patient is left in a browser's code. */
const html = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f6f8;color:#15202b}
main{max-width:36rem;margin:3rem auto;padding:2rem;background:#fff;border:1px solid #cfd8e0;border-radius:8px}
h1{font-size:1.4rem;margin-top:0}ul{padding-left:1.2rem}li{margin:.3rem 0}
a.choice{display:block;padding:.8rem;margin:.4rem 0;border:1px solid #8aa0b2;border-radius:6px;color:inherit;text-decoration:none}
a.choice:hover,a.choice:focus{background:#e8f1fa}label{display:block;margin:.4rem 0}
button{font:inherit;padding:.7rem 1.4rem;margin:1rem .6rem 0 0;border-radius:6px;border:1px solid #0b5cad;background:#0b5cad;color:#fff}
button[value=deny]{background:#fff;color:#0b5cad}input[type=search]{font:inherit;padding:.5rem;width:60%}`;

/** By it a browser knows the one style that these pages have. */
export const STYLE_HASH = `sha256-${createHash("sha256").update(STYLE).digest("base64")}`;

function page(title: string, body: string, head = ""): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${html(title)}</title>${head}<style>${STYLE}</style></head><body><main><h1>${html(title)}</h1>${body}</main></body></html>`;
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
  `${html(name)} <small>${birthDate === null ? "born: not known" : `born ${html(birthDate)}`} · ${html(mrn)}</small>`;

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
${patient ? `<p>For one patient: <strong>${nameOf(patient)}</strong></p><input type="hidden" name="patient" value="${html(patient.id)}">` : "<p>For every patient whom you may see.</p>"}
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
  Provenance: "who corrected measurements",
};

const WHOSE: Readonly<Record<ResourceScope["compartment"], string>> = {
  patient: "of this patient",
  user: "of every patient whom you may see",
  system: "of every patient",
};

/** A scope as a person reads it. */
export function inWords(text: string): string {
  const scope = parseScope(text);
  if (!scope) return text;
  const { type, interactions, compartment, query } = scope;
  const verbs = [
    ...(/[rs]/.test(interactions) ? ["read"] : []),
    ...(/[cud]/.test(interactions) ? ["change (nothing can be changed this way yet)"] : []),
  ].join(" and ");
  const only = query.map(([name, value]) => `${name} ${value.split("|").at(-1)}`).join(", ");
  return `${verbs} ${TYPES[type] ?? type} ${WHOSE[compartment]}${only === "" ? "" : `, only ${only}`}`;
}
