/** What every answer carries. What is no page may load nothing, run nothing and be framed by nobody. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": policy({}),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": [
    ...["microphone", "geolocation", "display-capture", "payment", "usb", "serial", "hid", "midi"].map(
      (one) => `${one}=()`,
    ),
    // A patient's own devices, and labels that are read: by our pages alone, and each time the browser asks the person.
    ...[
      "bluetooth",
      "camera",
      "fullscreen",
      "screen-wake-lock",
      "publickey-credentials-get",
      "publickey-credentials-create",
    ].map((one) => `${one}=(self)`),
  ].join(", "),
};

/** Names of the policies in web/src/app/trusted-types.ts. */
const TRUSTED_TYPES = "openward default";

/**
 * The policy of a page of the portals. A script or style element counts with this answer's nonce only; what a script of
 * ours loads counts with it ('strict-dynamic'; 'self' is for browsers that do not know the word, and ignored by others).
 * Text becomes code nowhere: DOM sinks take trusted types.
 *
 * @param origin how the browser reached us: an older Safari does not count a WebSocket to the same host as 'self'
 */
export function portalPolicy(nonce: string, origin: { readonly host: string; readonly isSecure: boolean }): string {
  const socket = HOST.test(origin.host) ? ` ${origin.isSecure ? "wss" : "ws"}://${origin.host}` : "";
  return policy({
    "script-src": `'nonce-${nonce}' 'strict-dynamic' 'self'`,
    "style-src": `'self' 'nonce-${nonce}'`,
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": `'self'${socket}`,
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "trusted-types": TRUSTED_TYPES,
  });
}

/**
 * The policy of a page without scripts.
 *
 * @param styleHash of its one style element, "sha256-..."
 * @param formTarget where the answer of its form may lead, beside our own pages
 */
export function plainPagePolicy(styleHash: string, formTarget = ""): string {
  return policy({
    "style-src": `'${styleHash}'`,
    "form-action": `'self' ${formTarget}`.trim(),
    "trusted-types": "'none'",
  });
}

/** A Host header is the client's to write: only what is a host goes into a policy. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?$/i;

function policy(more: Readonly<Record<string, string>>): string {
  const directives = {
    "default-src": "'none'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    ...more,
  };
  return Object.entries(directives)
    .map(([name, value]) => `${name} ${value}`)
    .join("; ");
}
