import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyStore } from "../../server/store/keys/index.ts";
import { openTestKeys, testKms } from "../../server/store/keys/testing/keys.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

/**
 * The key store of a history: its files are real, and outlive the processes. A key is on the disk before it is used, in
 * one call, so that a process dies before that or behind it. Keys and vectors come from the seed.
 */
export class Keys {
  readonly #world: World;
  readonly #folder = mkdtempSync(join(tmpdir(), "openward-simulated-keys-"));
  readonly #kms;

  constructor(world: World) {
    this.#world = world;
    const { random } = world.runtime;
    this.#kms = testKms(random.bytes(32), random);
  }

  /** As a start opens it. */
  async of(process: Process): Promise<KeyStore> {
    const keys = await this.#open(process.runtime);
    process.onDeath(keys.close);
    return keys;
  }

  /** For the checks. */
  async reading<T>(read: (keys: KeyStore) => T | Promise<T>): Promise<T> {
    const keys = await this.#open(this.#world.runtime);
    try {
      return await read(keys);
    } finally {
      keys.close();
    }
  }

  end(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #open(runtime: World["runtime"] | Process["runtime"]): Promise<KeyStore> {
    return openTestKeys({ folder: this.#folder, kms: this.#kms, runtime });
  }
}
