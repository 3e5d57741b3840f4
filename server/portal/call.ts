import type { Readable } from "node:stream";
import type { RouteName, routes } from "@openward/api";
import type { PatientView } from "@openward/model";
import type { z } from "zod";
import type { Authenticated } from "./ports/index.ts";

type Routes = typeof routes;
type ParamOf<Path> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamOf<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;
type QueryOf<R> = R extends { query: infer Q extends z.ZodType } ? z.output<Q> : undefined;
type BodyOf<R> = R extends { body: infer B extends z.ZodType } ? z.output<B> : undefined;

/** One request that has passed the door: signed in, permitted, its fields checked. */
export interface Call<K extends RouteName> {
  readonly signedIn: Routes[K]["allow"] extends "public" ? undefined : Authenticated;
  /** Only patients that exist for the caller come this far: `:id` under /api/patients is in the view. */
  readonly params: Readonly<Record<ParamOf<Routes[K]["path"]>, string>>;
  readonly query: QueryOf<Routes[K]>;
  readonly body: BodyOf<Routes[K]>;
  /** The patients that the caller may see. */
  view(): Promise<PatientView>;
  readonly accept: string | undefined;
  readonly userAgent: string | undefined;
  /** The header, for what a browser was given to bring back. */
  readonly cookie: string | undefined;
  /** Aborted when whoever asked has hung up; ask for it once. */
  gone(): AbortSignal;
  /** Asks anew whether who asked may have this answer: their sign-in, their role, and on a route of one patient that one. */
  stillMay(): Promise<boolean>;
  setCookie(cookie: string): void;
  /** Who used this browser is gone: what it keeps of our answers must go too. */
  leave(): void;
}

/** An answer that is bytes already, in a media type of its own. */
export class Encoded {
  readonly type: string;
  readonly content: Buffer | Readable;
  /** A browser saves it under this name. */
  fileName: string | undefined;
  /** Called when all of it has been handed to the operating system; never when the reader has left before. */
  readonly onSent: (() => void) | undefined;

  constructor(type: string, content: Buffer | Readable, onSent?: () => void) {
    this.type = type;
    this.content = content;
    this.onSent = onSent;
  }
}

export type Handler<K extends RouteName> = (call: Call<K>) => Promise<z.input<Routes[K]["response"]> | Encoded>;
export type Handlers = { readonly [K in RouteName]: Handler<K> };
