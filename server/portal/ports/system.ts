/** What the server says of itself. */
export interface SystemState {
  readonly version: string;
  /** Every patient is invented: marked on every screen, before the sign-in too. */
  readonly isDemo: boolean;
  /** "https://ward.example", or made from bind and port; without a slash at the end. */
  publicUrl(): string;
  mqtt(): { readonly host: string; readonly port: number };
  storage(): "ok" | "damaged" | "low" | "recovering" | "spooling" | "full" | "failed";
  /** Room on the disks that are written to. */
  disks(): readonly { readonly name: string; readonly freeBytes: number | null }[];
  archive(): "off" | "ok" | "failing" | "damaged";
}
