import { decode } from "cbor-x";
import { openHttpSocket } from "../../load/http-socket.ts";
import type { StoreQueries } from "../system.ts";
import type { Workload } from "../workload.ts";
import type { Bed } from "./beds.ts";
import { askPortal } from "./by-portal.ts";
import { askStreams } from "./by-streams.ts";

/** What the server says to a client of its API: over one connection, with a token. */
export interface Questions extends StoreQueries {
  /** Which routes answer. */
  readonly by: string;
  /** Readings of a patient from `from` to `to`, counted by the server over memory and blocks. */
  countOf(patient: number, from: number, to: number): Promise<number>;
  /** Samples of a patient's only waveform that can be read back. */
  samplesOf(patient: number, from: number, to: number): Promise<number>;
}

export interface OpenQuestions extends Questions {
  close(): void;
}

/** Answers of one connection. */
export interface Client {
  /** @throws on any status but 200 */
  json<T>(path: string, accept?: string): Promise<T>;
  cbor<T>(path: string): Promise<T>;
}

export interface Asked extends Pick<Workload, "vitals" | "rows" | "start"> {
  readonly beds: readonly Bed[];
}

export interface StreamInfo {
  readonly id: string;
  readonly signal: string;
  readonly kind: string;
  readonly latest: unknown;
}

/** By /api/streams where the server has it, else by what the portals and FHIR use. */
export async function openQuestions(port: number, token: string, asked: Asked): Promise<OpenQuestions> {
  const socket = await openHttpSocket(port);
  const send = (path: string, accept: string) =>
    socket.send(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nAccept: ${accept}\r\n\r\n`,
    );
  const get = async (path: string, accept: string) => {
    const { status, body } = await send(path, accept);
    if (status !== 200) throw new Error(`${path}: ${status} ${body.toString().slice(0, 300)}`);
    return body;
  };
  const client: Client = {
    json: async (path, accept = "application/json") => JSON.parse((await get(path, accept)).toString()),
    cbor: async (path) => decode(await get(path, "application/cbor")),
  };
  const probe = await send(`/api/streams?patient=${asked.beds[0]?.patientId}`, "application/cbor");
  const questions = probe.status === 200 ? await askStreams(client, asked) : askPortal(client, asked);
  return { ...questions, close: () => socket.close() };
}
