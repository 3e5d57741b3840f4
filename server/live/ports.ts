import type { AlarmBody, StandbyBody, Tile } from "@openward/api";
import type { Alarm, KioskShows, PatientView, Principal, Standby } from "@openward/model";

/** What a screen watches: a ward, these patients, or (neither) every admitted patient that it may see. */
export interface Filter {
  readonly wardId?: string | undefined;
  readonly patients?: readonly string[] | undefined;
}

/** What a screen begins with; composed by the portal, through the view of who looks. */
export interface Tiles {
  patientIds(view: PatientView, filter: Filter): Promise<readonly string[]>;
  tilesOf(view: PatientView, filter: Filter): Promise<readonly Tile[]>;
  /** null: no such patient for this view. */
  tileOf(view: PatientView, patientId: string): Promise<Tile | null>;
}

/** How an alarm and a standby are said to a screen: at once, from memory. */
export interface Bodies {
  alarmBody(alarm: Alarm): AlarmBody;
  standbyBody(standby: Standby): StandbyBody;
}

/** The part of a WebSocket that a screen needs; `ws` fills it in. */
export interface ScreenSocket {
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number;
  send(text: string): void;
  ping(): void;
  close(code: number, reason: string): void;
  /** Ends the connection without waiting for what is buffered. */
  terminate(): void;
  on(event: "message", listener: (data: { toString(): string }, isBinary: boolean) => void): unknown;
  on(event: "close" | "pong", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** Who looks at a screen, and whether they still may. */
export interface Viewer {
  readonly principal: Principal;
  /** When the session or token ends, ms UTC. */
  readonly expiresAt: number;
  /** What stands in the place of names, on a wall that anybody can read. */
  readonly shows?: KioskShows;
  /** The patients that may be seen now; asked for every frame. */
  view(): PatientView;
  /** Still signed in? The time until which, with a fresh view from then on; or undefined: it is over. */
  recheck(): Promise<number | undefined>;
}

export interface Authenticated {
  readonly principal: Principal;
  readonly expiresAt: number;
  /** Of a screen on a wall. */
  readonly kiosk?: { readonly shows: KioskShows };
}

/** Who may open a live view. */
export interface Access {
  authenticate(
    headers: { cookie?: string | undefined; authorization?: string | undefined },
    options?: { readonly kiosk?: boolean },
  ): Promise<Authenticated | undefined>;
  viewOf(principal: Principal): Promise<PatientView>;
}

export type StorageState = "ok" | "damaged" | "low" | "recovering" | "spooling" | "full" | "failed";
