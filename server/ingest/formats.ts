const CONTENT_TYPES: Readonly<Record<string, string>> = {
  json: "application/json",
  "senml+json": "application/senml+json",
  cbor: "application/cbor",
};

/** How a message's format is written in its quarantine entry. */
export function contentTypeOf(kind: string, format: string): string {
  if (kind === "raw") return `application/octet-stream; codec=${format.slice(0, 80)}`;
  return CONTENT_TYPES[format] ?? "application/octet-stream";
}

/** And back. */
export function formatOf(contentType: string): string {
  const codec = /^application\/octet-stream; codec=(.*)$/.exec(contentType)?.[1];
  if (codec !== undefined) return codec;
  const found = Object.entries(CONTENT_TYPES).find(([, type]) => type === contentType);
  return found?.[0] ?? "json";
}
