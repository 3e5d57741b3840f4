import type { Socket } from "node:net";
import type { Message } from "@openward/codecs/hl7v2";
import type { Problem } from "@openward/model";
import { hashOf } from "../delivery.ts";
import type { Receipt, SignedInDevice } from "../ports.ts";
import { acknowledgement, type Fault, modesOf, type Verdict } from "./acknowledgement.ts";
import { Framer, framed } from "./framing.ts";
import { type Accepted, readMessage, rowFault, sortMessage, UNKNOWN, UNREADABLE } from "./messages.ts";
import type { Shared } from "./shared.ts";

/** One sender: its messages are answered in their order, each after its commit. */
export class Connection {
  readonly device: SignedInDevice;
  readonly #shared: Shared;
  readonly #socket: Socket;
  readonly #framer: Framer;
  /** Answers go out in the order of their messages, whichever commit is done first. */
  #answers: Promise<void> = Promise.resolve();
  #partialBytes = 0;
  #begunAt: number | undefined;
  #isEnding = false;
  isClosed = false;
  inFlight = 0;

  constructor(shared: Shared, socket: Socket, device: SignedInDevice) {
    this.#shared = shared;
    this.#socket = socket;
    this.device = device;
    this.#framer = new Framer(shared.limits.messageBytes);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("drain", () => this.resume());
    socket.on("error", () => {});
    socket.once("close", () => this.#closed());
  }

  /** Takes nothing more, and closes when what runs has its answer. */
  end(): void {
    this.#isEnding = true;
    this.#socket.pause();
    if (this.inFlight === 0) this.#socket.end();
  }

  drop(): void {
    this.#socket.destroy();
  }

  /** A message that has begun and does not end holds memory. */
  look(now: number): void {
    const { messageMs } = this.#shared.limits;
    if (this.#begunAt === undefined || now - this.#begunAt <= messageMs || this.#socket.isPaused()) return;
    this.#refuse("a message that did not end");
  }

  resume(): void {
    if (this.#isEnding || this.isClosed || this.#mustWait()) return;
    this.#socket.resume();
  }

  get isPaused(): boolean {
    return !this.isClosed && !this.#isEnding && this.#socket.isPaused();
  }

  #mustWait(): boolean {
    const { gate, limits } = this.#shared;
    const isFull = gate.messages >= limits.waitingMessages || gate.bytes >= limits.waitingBytes;
    return isFull || this.inFlight >= limits.waitingPerConnection || this.#socket.writableLength > limits.unreadBytes;
  }

  #read(chunk: Buffer): void {
    const { counters, limits, runtime } = this.#shared;
    const fault = this.#framer.push(chunk, (bytes) => this.#take(bytes));
    const waiting = this.#framer.waiting;
    counters.partialBytes += waiting - this.#partialBytes;
    this.#partialBytes = waiting;
    this.#begunAt = this.#framer.hasBegun ? (this.#begunAt ?? runtime.clock.monotonic()) : undefined;
    if (fault === "too-large") this.#refuse(`a message of more than ${limits.messageBytes} bytes`);
    else if (fault === "not-mllp") this.#refuse("bytes outside of MLLP");
    else if (counters.partialBytes > limits.partialBytes) this.#refuse("more of unfinished messages than is kept");
    else if (this.#mustWait()) {
      this.#socket.pause();
      this.#shared.waiting.add(this);
    }
  }

  #refuse(why: string): void {
    const { counters, log } = this.#shared;
    counters.refused++;
    log.warn({ deviceId: this.device.deviceId, why }, "a connection of HL7 was closed");
    this.drop();
  }

  #take(bytes: Buffer): void {
    const { access, gate, counters } = this.#shared;
    this.#begunAt = undefined;
    if (this.#isEnding || this.isClosed) return;
    const { device } = this;
    if (!access.isActive(device.deviceId, device.credentialId)) {
      this.drop();
      return;
    }
    counters.messages++;
    this.inFlight++;
    gate.messages++;
    gate.bytes += bytes.length;
    const answer = this.#answerTo(bytes);
    this.#answers = this.#answers.then(() => answer).then((text) => this.#send(text, bytes.length));
  }

  /** @returns frames; undefined where the commit failed: no answer, and the sender sends again */
  async #answerTo(bytes: Buffer): Promise<Buffer | undefined> {
    try {
      const { message, isWhole } = readMessage(bytes);
      if (!message) return this.#frames(undefined, "rejected", [UNREADABLE]);
      const sorted = sortMessage(message, bytes, this.device, isWhole);
      if ("fault" in sorted) return this.#frames(message, "rejected", [sorted.fault]);
      const { verdict, faults } = await this.#accept(message, bytes, sorted);
      return this.#frames(message, verdict, faults);
    } catch (error) {
      this.#shared.counters.failed++;
      this.#shared.log.warn({ deviceId: this.device.deviceId, err: error }, "a message of HL7 is not durable");
      return undefined;
    }
  }

  async #accept(
    { msh }: Message,
    bytes: Buffer,
    { codec, parts }: Accepted,
  ): Promise<{ readonly verdict: Verdict; readonly faults: readonly Fault[] }> {
    const { ingest, runtime, access } = this.#shared;
    const { deviceId, organisationId } = this.device;
    const receivedAt = runtime.clock.now();
    // The same id with another body is another message: nothing is dropped because an id was used twice.
    const named = hashOf(Buffer.from(`${msh.field(3)}\n${msh.field(10)}`, "latin1"));
    const deliveryKey = `mllp:${named}:${hashOf(bytes)}`;
    const receipts: readonly Receipt[] = await Promise.all(
      parts.map(({ device, bytes: body }) =>
        ingest.accept({
          deviceId: device === UNKNOWN ? deviceId : device,
          organisationId,
          kind: "raw",
          format: codec,
          body,
          receivedAt,
          // Two parts of one message may be kept under the sender's own id.
          deliveryKey: device === UNKNOWN ? `${deliveryKey}:unknown` : deliveryKey,
          isRedelivery: true,
          ...(device === UNKNOWN && { unplaceable: "DEVICE_UNKNOWN" as const }),
          ...(device !== UNKNOWN &&
            device !== deviceId &&
            !access.isActive(device) && { unplaceable: "DEVICE_REVOKED" as const }),
        }),
      ),
    );
    const accepted = receipts.reduce((total, receipt) => total + receipt.accepted, 0);
    const problems = receipts.reduce((total, receipt) => total + receipt.quarantined.length, 0);
    const verdict = problems > 0 && accepted === 0 ? "error" : "accepted";
    const severity = verdict === "error" ? "E" : "W";
    const faults = receipts.flatMap(({ quarantined }, i) => {
      return quarantined.map((problem: Problem) => rowFault(problem, parts[i]?.rows ?? [], severity));
    });
    return { verdict, faults };
  }

  #frames(message: Message | undefined, verdict: Verdict, faults: readonly Fault[]): Buffer {
    const { counters, runtime } = this.#shared;
    if (verdict === "error") counters.quarantined++;
    if (verdict === "rejected") counters.rejected++;
    const modes = modesOf(message, verdict);
    const own = () => ({ id: runtime.ids.uuid(), at: runtime.clock.now() });
    return Buffer.concat(modes.map((mode) => framed(acknowledgement(message, mode, verdict, faults, own()))));
  }

  #send(frames: Buffer | undefined, length: number): void {
    const { gate, counters } = this.#shared;
    this.inFlight--;
    gate.messages--;
    gate.bytes -= length;
    if (frames === undefined) this.drop();
    else if (!this.isClosed) {
      counters.acknowledged++;
      if (frames.length > 0) this.#socket.write(frames);
      if (this.#isEnding && this.inFlight === 0) this.#socket.end();
      else this.resume();
    }
    this.#shared.wake();
  }

  #closed(): void {
    this.isClosed = true;
    this.#shared.counters.partialBytes -= this.#partialBytes;
    this.#partialBytes = 0;
    this.#shared.waiting.delete(this);
    this.#shared.left(this);
  }
}
