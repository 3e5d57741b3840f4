import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface S3rver {
  run(): Promise<{ port: number }>;
  close(): Promise<void>;
}
type NewS3rver = new (options: {
  address: string;
  port: number;
  silent: boolean;
  directory: string;
  configureBuckets: { name: string }[];
}) => S3rver;

export const BUCKET = "archive-test";
/** s3rver knows one identity. */
export const CREDENTIALS = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };

/** A real S3 service (s3rver) on a free port, with an empty bucket in a folder of its own. */
export async function startS3(): Promise<{ endpoint: string; folder: string; stop(): Promise<void> }> {
  // It has no types, and is CommonJS.
  const S3rver = createRequire(import.meta.url)("s3rver") as NewS3rver;
  const folder = mkdtempSync(join(tmpdir(), "openward-s3-"));
  const options = { address: "127.0.0.1", port: 0, silent: true, directory: folder };
  const server = new S3rver({ ...options, configureBuckets: [{ name: BUCKET }] });
  const { port } = await server.run();
  let isStopped = false;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    folder,
    async stop() {
      if (!isStopped) await server.close();
      isStopped = true;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
