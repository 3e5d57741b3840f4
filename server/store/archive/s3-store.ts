import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { ObjectStore } from "./ports.ts";

export interface S3Address {
  readonly bucket: string;
  /** "" or with a slash at the end. */
  readonly prefix: string;
  /** Of a service that is not Amazon's. */
  readonly endpoint: string | null;
  readonly region: string;
}

/** "s3://bucket" or "s3://bucket/some/prefix". */
export function parseS3Url(url: string): Pick<S3Address, "bucket" | "prefix"> | undefined {
  const [, bucket, rest = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(url) ?? [];
  if (bucket === undefined) return undefined;
  const prefix = rest.replace(/^\/+|\/+$/g, "");
  return { bucket, prefix: prefix === "" ? "" : `${prefix}/` };
}

/**
 * An archive in an S3-compatible bucket. Who we are comes from where the AWS SDK looks: environment, profile, role.
 * An object appears in one piece when its upload is complete, which is what S3 promises.
 */
export async function s3Store(
  { bucket, prefix, endpoint, region }: S3Address,
  overrides: S3ClientConfig = {},
): Promise<ObjectStore> {
  // Loaded only where it is used: it is large.
  const { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } = await import(
    "@aws-sdk/client-s3"
  );
  const client = new S3Client({
    region,
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    // Services that do not know the newer trailing checksums store them as if they were content.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
    ...overrides,
  });

  const explain = (error: unknown, key: string): Error => {
    const { name } = error as { name?: string };
    if (name === "NoSuchKey" || name === "InvalidRange")
      return new RefusedInput("ARCHIVE_DAMAGED", { at: key, received: name }, { cause: error });
    return new OutsideTrouble(
      "ARCHIVE_UNREACHABLE",
      true,
      { at: "OPENWARD_ARCHIVE", received: name ?? "" },
      { cause: error },
    );
  };
  const tried = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw error instanceof RefusedInput ? error : explain(error, key);
    }
  };

  return {
    name: `s3://${bucket}/${prefix}`,
    put: (key, bytes) =>
      tried(key, async () => {
        await client.send(
          new PutObjectCommand({ Bucket: bucket, Key: prefix + key, Body: bytes, ContentLength: bytes.length }),
        );
      }),
    read: (key, range) =>
      tried(key, async () => {
        const Range = range && `bytes=${range.at}-${range.at + range.length - 1}`;
        const { Body } = await client.send(
          new GetObjectCommand({ Bucket: bucket, Key: prefix + key, ...(Range ? { Range } : {}) }),
        );
        const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
        if (range && bytes.length !== range.length)
          throw new RefusedInput("ARCHIVE_DAMAGED", { at: key, received: "a shorter object" });
        return bytes;
      }),
    remove: (key) =>
      tried(key, async () => {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: prefix + key }));
      }),
    async *list() {
      let token: string | undefined;
      do {
        const ContinuationToken = token;
        const page = await tried("", () =>
          client.send(
            new ListObjectsV2Command({
              Bucket: bucket,
              Prefix: prefix,
              ...(ContinuationToken ? { ContinuationToken } : {}),
            }),
          ),
        );
        for (const { Key } of page.Contents ?? []) if (Key) yield Key.slice(prefix.length);
        token = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (token);
    },
    close: () => client.destroy(),
  };
}
