import type { FeedOwnership, FeedState, FeedWish } from "@openward/model";

/** What leaves as it happens. Who may make and end them is decided here. */
export interface Feeds {
  list(organisationId: string, whose: { readonly patientId: string } | "applications"): readonly FeedState[];
  create(whose: FeedOwnership, wish: FeedWish): Promise<{ readonly state: FeedState; readonly secret: string | null }>;
  pause(organisationId: string, feedId: string, by: string): Promise<void>;
  resume(organisationId: string, feedId: string, by: string): Promise<void>;
  end(organisationId: string, feedId: string, by: string): Promise<void>;
  rotate(organisationId: string, feedId: string, by: string, password?: string): Promise<string | null>;
  ping(
    organisationId: string,
    feedId: string,
  ): Promise<{ readonly ok: boolean; readonly status: number | null; readonly error: string | null }>;
  replay(
    organisationId: string,
    feedId: string,
    from: { readonly cursor: string } | { readonly at: number },
    by: string,
  ): Promise<void>;
}
