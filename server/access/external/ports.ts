import type { Authenticated } from "../ports.ts";

/** An identity provider outside, as the settings name it. */
export interface ProviderSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly secret: string;
  /** On the button. */
  readonly name: string;
}

export interface ExternalIdentity {
  readonly id: string;
  readonly issuer: string;
  readonly linkedAt: number;
  readonly lastUsedAt: number | null;
}

/** `cookie` keeps what belongs to this try, sealed, in the browser that began it. */
export interface Begun {
  readonly url: string;
  readonly cookie: string;
}

/** Sign-in at an identity provider outside (OpenID Connect). Who somebody may be here is never taken from it. */
export interface ExternalSignIn {
  /** null: none is set. */
  readonly name: string | null;
  list(authenticated: Authenticated): Promise<ExternalIdentity[]>;
  /** @param authenticated left out: to sign in; else to say that it is this person's. @throws RefusedInput NOT_PERMITTED */
  begin(redirect: string, authenticated?: Authenticated): Promise<Begun>;
  /** @throws RefusedInput SIGN_IN_REFUSED, CONFLICT where it is another person's */
  link(authenticated: Authenticated, answer: string, cookie: string | undefined): Promise<ExternalIdentity>;
  /** Ends the sessions that it began. @throws RefusedInput NOT_FOUND */
  remove(authenticated: Authenticated, identityId: string): Promise<void>;
  /** @throws RefusedInput SIGN_IN_REFUSED, whatever the reason is */
  signIn(answer: string, cookie: string | undefined, device: string): Promise<{ secret: string }>;
}
