import { describeRefusal, type RefusalCode, refusalText } from "@openward/errors";
import type { Receipt } from "../ports.ts";
import type { Connection } from "./connection.ts";
import { ackWithReason, REASON } from "./packets.ts";
import type { Session } from "./session.ts";
import type { Uplink } from "./uplink.ts";

/** The commit has an outcome. Here, and nowhere earlier, an ack becomes possible. */
export function settle(uplink: Uplink, receipt: Receipt | undefined, error: unknown): void {
  const { connection, session, qos, packetId } = uplink;
  const { gate, counters, log } = connection.shared;
  gate.messages--;
  gate.bytes -= uplink.body.length;
  if (receipt) judge(uplink, receipt);
  else {
    uplink.hasFailed = true;
    log.warn(
      { deviceId: uplink.deviceId, kind: uplink.kind, fault: faultOf(error) },
      "message not durable, not acknowledged",
    );
    if (qos === 0) counters.failed++;
  }
  if (qos === 2) {
    // Another message may have taken its id meanwhile.
    const isCurrent = session.incoming?.get(packetId) === uplink;
    if (isCurrent && (uplink.hasFailed || uplink.reasonCode >= 0x80)) session.incoming?.delete(packetId);
    else if (isCurrent) session.incoming?.set(packetId, uplink.bodyHash);
  }
  for (let entry: Uplink | null = uplink; entry; entry = entry.again) {
    entry.isSettled = true;
    entry.hasFailed = uplink.hasFailed;
    entry.reasonCode = uplink.reasonCode;
    entry.reason = uplink.reason;
    if (!entry.connection.isClosed) entry.connection.shared.markDirty(entry.connection);
  }
  connection.inFlight--;
  const { limits } = connection.shared;
  if (gate.waiting.size > 0 && gate.messages < limits.waitingMessages * 0.8 && gate.bytes < limits.waitingBytes * 0.8) {
    for (const waiting of gate.waiting) waiting.shared.markDirty(waiting);
    gate.waiting.clear();
  }
}

function judge(uplink: Uplink, { accepted, quarantined }: Receipt): void {
  const { connection } = uplink;
  const [problem] = quarantined;
  if (!problem) return;
  if (accepted === 0) connection.shared.counters.quarantined++;
  if (connection.version !== 5) return;
  if (accepted === 0) uplink.reasonCode = REASON.payloadFormatInvalid;
  const { code, field, expected } = problem;
  const at = field === "" ? `[${problem.index}]` : `[${problem.index}].${field}`;
  const sentence =
    code in refusalText
      ? describeRefusal(code as RefusalCode, { at, ...(expected === undefined ? {} : { expected }) })
      : code;
  uplink.reason = quarantined.length > 1 ? `${sentence} And ${quarantined.length - 1} more.` : sentence;
}

function faultOf(error: unknown): string {
  if (typeof error === "object" && error !== null && "code" in error) return String(error.code);
  return error instanceof Error ? error.name : typeof error;
}

const scratch = Buffer.allocUnsafeSlow(16_384);

/**
 * Acks of the messages at the head that have settled, in the order in which they came.
 *
 * @returns false when the next in order has failed: nothing after it may be acknowledged
 */
export function writeAcks(connection: Connection): boolean {
  let length = 0;
  let acks = 0;
  let isWhole = true;
  const { version, wantsReasons, clientPacketBytes } = connection;
  let entry = connection.firstAck;
  while (entry?.isSettled) {
    if (entry.hasFailed) {
      isWhole = false;
      break;
    }
    const { qos, packetId, reasonCode } = entry;
    const first = qos === 1 ? 0x40 : 0x50;
    const reason = wantsReasons ? entry.reason : null;
    if (version === 5 && (reasonCode !== 0 || reason)) {
      let bytes = ackWithReason(first, packetId, reasonCode, reason);
      if (bytes.length > clientPacketBytes) bytes = ackWithReason(first, packetId, reasonCode, null);
      if (length + bytes.length > scratch.length) {
        connection.send(Buffer.from(scratch.subarray(0, length)));
        length = 0;
      }
      length += bytes.copy(scratch, length);
    } else {
      if (length + 4 > scratch.length) {
        connection.send(Buffer.from(scratch.subarray(0, length)));
        length = 0;
      }
      scratch[length] = first;
      scratch[length + 1] = 2;
      scratch[length + 2] = packetId >> 8;
      scratch[length + 3] = packetId & 255;
      length += 4;
    }
    if (entry.knownKey !== null) connection.acknowledged(entry.knownKey);
    acks++;
    if (entry.isCounted) connection.pendingAcks--;
    if (entry.isRepeat) connection.repeats--;
    const { next }: Uplink = entry;
    // One that has grown old before its ack would keep alive all that came behind it, until the whole memory is looked through.
    entry.next = null;
    entry = next;
  }
  connection.firstAck = entry;
  if (!entry) connection.lastAck = null;
  if (length > 0) connection.send(Buffer.from(scratch.subarray(0, length)));
  connection.shared.counters.acknowledged += acks;
  return isWhole;
}

/** The client has our PUBREC and lets go of the id. */
export function onPubrel(connection: Connection, packetId: number): void {
  if (packetId === 0) {
    connection.end(REASON.malformedPacket, "PUBREL");
    return;
  }
  const session = connection.session as Session;
  const state = session.incoming?.get(packetId);
  if (state !== undefined && typeof state !== "string") {
    connection.end(REASON.protocolError, "PUBREL before PUBREC");
    return;
  }
  session.incoming?.delete(packetId);
  if (state === undefined && connection.version === 5) {
    connection.send(ackWithReason(0x70, packetId, REASON.packetIdNotFound, null));
    return;
  }
  connection.send(Buffer.of(0x70, 2, packetId >> 8, packetId & 255));
}
