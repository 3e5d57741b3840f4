import type { Runtime } from "@openward/runtime";
import type { HomeFacts } from "./home-assistant/facts.ts";
import type { Counting, Log, Outbox, Owners, RecordSending, Tables, Vault } from "./ports.ts";
import type { Guard } from "./post.ts";

export interface FeedsDeps {
  readonly runtime: Runtime;
  readonly tables: Tables;
  readonly outbox: Outbox;
  readonly counting: Counting;
  /** Views, and as far as what an application may ask for reaches. */
  readonly views: Pick<Owners, "viewOf"> & {
    /** @param scope as the application was registered */
    reachOf(scope: string): (stream: Parameters<Owners["mayRead"]>[1]) => boolean;
    /** Told of whoever's access ended. */
    onEnded(listener: (principalId: string) => void): () => void;
  };
  readonly home: HomeFacts;
  readonly record: RecordSending;
  readonly vault: Vault;
  /** Under which cursors are sealed: the same over restarts. */
  readonly cursorSecret: string;
  readonly guard: Guard;
  readonly version: string;
  readonly log: Log;
}
