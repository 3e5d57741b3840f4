import { directoryStore } from "./directory-store.ts";
import type { ObjectStore } from "./ports.ts";
import { parseS3Url, s3Store } from "./s3-store.ts";

export interface ArchiveAddress {
  /** "off", "s3://bucket/prefix", or a directory. */
  readonly place: string;
  readonly s3Endpoint: string | null;
  readonly s3Region: string;
}

/** @param isNew nothing has been archived yet */
export async function openObjectStore(address: ArchiveAddress, isNew: boolean): Promise<ObjectStore | undefined> {
  const { place, s3Endpoint, s3Region } = address;
  if (place === "off") return undefined;
  const bucket = parseS3Url(place);
  if (bucket) return s3Store({ ...bucket, endpoint: s3Endpoint, region: s3Region });
  return directoryStore(place, isNew);
}
