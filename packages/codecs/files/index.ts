/** Files of fitness and health, cut into pieces that the raw door takes. */
import { appleHealth } from "./apple-health.ts";
import { edf } from "./edf.ts";
import { fit } from "./fit.ts";
import { gpx } from "./gpx.ts";
import { healthConnect } from "./health-connect.ts";
import { makersFormats } from "./makers.ts";
import type { FileFormat } from "./piece.ts";
import { tcx } from "./tcx.ts";
import { wfdb } from "./wfdb.ts";

export { writeEdf } from "./edf/write.ts";
export { columnsOf, type HealthConnectTable, healthConnectTables } from "./health-connect/tables.ts";
export { mappedFormat } from "./mapped.ts";
export {
  type DecodedPiece,
  decodeFile,
  type FileFormat,
  HEAD_BYTES,
  MAX_PIECE_BYTES,
  PIECE_BYTES,
  type Piece,
  type Surroundings,
} from "./piece.ts";

export { type Track, trackOfReadings, tracksOfRuns } from "./track.ts";
export { type Annotation, readAnnotations } from "./wfdb/annotations.ts";
export type { WfdbFolder } from "./wfdb/bytes.ts";
export { type ChannelPlan, leftOut, type NamedChannel, planByName, unitOfChannel } from "./wfdb/channels.ts";
export { parseHeader, type WfdbHeader, type WfdbSegment, type WfdbSignal } from "./wfdb/header.ts";
export { openRecord, type WfdbRecord, type WfdbVerification } from "./wfdb/record.ts";
export type { SignalSum, WfdbBlock } from "./wfdb/segment.ts";
export { writeWfdb } from "./wfdb/write.ts";

/** Every format of files: a line each. What is told by its content stands before what is told by its name. */
export const fileFormats: readonly FileFormat[] = [
  fit,
  edf,
  wfdb,
  appleHealth,
  healthConnect,
  tcx,
  gpx,
  ...makersFormats,
];

/** @param name "files/apple-health", or what stands behind the stroke */
export function findFileFormat(name: string): FileFormat | undefined {
  return fileFormats.find(({ codec }) => codec === name || codec === `files/${name}`);
}

/** @param head the first bytes of the file, up to HEAD_BYTES */
export function recogniseFile(name: string, head: Uint8Array): FileFormat | undefined {
  return fileFormats.find((format) => format.isOf(name, head));
}
