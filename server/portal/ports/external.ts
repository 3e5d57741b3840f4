import type { Authenticated } from "./authenticated.ts";

export interface ExternalIdentity {
  readonly id: string;
  readonly issuer: string;
  readonly linkedAt: number;
  readonly lastUsedAt: number | null;
}

/** An identity provider outside; `name` is null where there is none. */
export interface External {
  readonly name: string | null;
  list(authenticated: Authenticated): Promise<ExternalIdentity[]>;
  begin(redirect: string, authenticated?: Authenticated): Promise<{ readonly url: string; readonly cookie: string }>;
  link(authenticated: Authenticated, answer: string, cookie: string | undefined): Promise<ExternalIdentity>;
  remove(authenticated: Authenticated, identityId: string): Promise<void>;
}
