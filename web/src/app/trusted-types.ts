/**
 * The two policies by which text may reach a DOM sink that could run it. The server names them in its content security
 * policy, and a browser lets nobody make others.
 */

interface TrustedTypePolicy {
  createScriptURL(text: string): unknown;
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: {
      createHTML?(text: string): string | null;
      createScriptURL?(text: string): string;
    },
  ): TrustedTypePolicy;
}

const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };

/** A library (Mantine) writes its style sheets by innerHTML. Text without these two characters makes no element and no entity. */
export const plainTextOnly = (text: string): string | null => (/[<&]/.test(text) ? null : text);

/** A script of our own bundle, and no other. @throws TypeError */
export function ownScript(text: string, page: string): string {
  const url = new URL(text, page);
  // /assets is the bundle, /src what the development server makes of a source.
  if (url.origin === new URL(page).origin && /^\/(assets|src)\/[^%]+$/.test(url.pathname)) return url.href;
  throw new TypeError("not a script of this bundle");
}

const policy = trustedTypes?.createPolicy("openward", { createScriptURL: (text) => ownScript(text, location.href) });
trustedTypes?.createPolicy("default", { createHTML: plainTextOnly });

/** For a worker. @returns a TrustedScriptURL where the browser knows such a thing, else the address */
export function trustedScriptUrl(text: string): unknown {
  return policy ? policy.createScriptURL(text) : ownScript(text, location.href);
}
