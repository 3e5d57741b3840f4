import { type Compressor, uuidToBytes } from "@openward/timeseries";
import { open, seal } from "./cipher.ts";
import type { DataKey, DataKeys } from "./ports.ts";

/** How the blocks of a stream are compressed and encrypted. */
export interface BlockPacking {
  /** For reading; the key is the one that the block names. */
  of(streamId: string): Compressor;
  /** For writing too. @throws RefusedInput KEY_DESTROYED; OutsideTrouble STORE_UNAVAILABLE */
  for(stream: { readonly id: string; readonly organisationId: string; readonly patientId: string }): Compressor;
}

/**
 * Under the key of the patient, and bound to the stream: a block that is put in the place of another stream's does not
 * open, nor with another header.
 */
export function createBlockPacking(keys: DataKeys, compressor: Compressor): BlockPacking {
  const packing = (streamId: string, written: DataKey | undefined): Compressor => {
    const boundTo = (header: Uint8Array) => {
      const bound = new Uint8Array(16 + header.length);
      uuidToBytes(streamId, bound);
      bound.set(header, 16);
      return bound;
    };
    return {
      ...compressor,
      cipher: {
        keyId: written?.id ?? 0,
        seal(payload, header) {
          if (!written) throw new Error("a packing to read with was written with");
          return seal(written.secret, keys.nextIv, payload, boundTo(header));
        },
        open: (keyId, sealed, header) => open(keys.byId(keyId).secret, sealed, boundTo(header)),
      },
    };
  };
  return {
    of: (streamId) => packing(streamId, undefined),
    for: ({ id, organisationId, patientId }) => packing(id, keys.ofPatient(organisationId, patientId)),
  };
}
