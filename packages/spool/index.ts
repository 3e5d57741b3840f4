/** Files on the local disk that keep what nobody else has yet. */
export { type Disk, folderDisk, type SpoolFile } from "./disk.ts";
export { createSpool, type Spool, type SpoolLog } from "./spool.ts";
export { readSpoolFile, recordLength, type SpoolContents, spoolRecord } from "./spool-records.ts";
