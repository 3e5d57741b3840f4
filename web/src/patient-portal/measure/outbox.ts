/** A value as it is kept and sent: JSON. */
export interface KeptValue {
  readonly codec: string;
  readonly at: number;
  readonly hex: string;
}

/** Values of one device that wait to be sent. */
export interface Waiting {
  /** Whose sign-in they wait for. */
  readonly personId: string;
  readonly patientId: string;
  readonly deviceId: string;
  readonly values: readonly KeptValue[];
}

/** Under its key the server knows it when it comes again: what is in it does not change any more. */
export interface Sealed extends Waiting {
  readonly key: string;
}

/** A device that was measured with in this browser. */
export interface KnownDevice {
  readonly browserId: string;
  readonly personId: string;
  readonly patientId: string;
  readonly deviceId: string;
  readonly display: string;
  readonly isShared: boolean;
}

/** Keeps what is not sent yet through a lost connection, a closed page and a restart. */
export interface Outbox {
  add(waiting: Waiting): Promise<void>;
  /** The oldest that is to be sent, with its key; what was sealed before comes first. */
  next(personId: string): Promise<Sealed | undefined>;
  /** The same with other times: its clock was wrong. Nothing of it is there yet. */
  replace(sealed: Sealed): Promise<void>;
  done(key: string): Promise<void>;
  /** Of this person: all that waits. Of others: how many. */
  waiting(personId: string): Promise<{ readonly own: readonly Waiting[]; readonly others: number }>;
  /** What this person measured with that device, and does not want sent. */
  discard(personId: string, deviceId: string): Promise<void>;
  devices(personId: string): Promise<readonly KnownDevice[]>;
  remember(device: KnownDevice): Promise<void>;
  forget(personId: string, deviceId: string): Promise<void>;
}

const VALUES_MAX = 500;

/** @param newKey a UUID */
export async function openOutbox(
  factory: IDBFactory,
  newKey: () => string,
  name = "openward-measured",
): Promise<Outbox> {
  const opening = factory.open(name, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("waiting", { autoIncrement: true });
    opening.result.createObjectStore("sealed", { keyPath: "key" });
    opening.result.createObjectStore("devices", { keyPath: ["personId", "deviceId"] });
  };
  const database = await done(opening);

  /** Resolves when it is on the disk, and not only in the browser's memory. */
  function change(stores: string[], work: (tx: IDBTransaction) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const tx = database.transaction(stores, "readwrite", { durability: "strict" });
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(tx.error ?? new Error("the browser could not keep it"));
      work(tx);
    });
  }
  const all = <T>(store: string): Promise<T[]> => done(database.transaction(store).objectStore(store).getAll());

  /** Takes the oldest of one device together, under a new key; in one step, so that none is in both or in neither. */
  async function seal(personId: string): Promise<Sealed | undefined> {
    let sealed: Sealed | undefined;
    await change(["waiting", "sealed"], (tx) => {
      const values: KeptValue[] = [];
      let of: Waiting | undefined;
      const keep = () => {
        if (!of) return;
        sealed = { ...of, key: newKey(), values };
        tx.objectStore("sealed").put(sealed);
      };
      const looking = tx.objectStore("waiting").openCursor();
      looking.onsuccess = () => {
        const cursor = looking.result;
        const one = cursor?.value as Waiting | undefined;
        const isFull = one && values.length > 0 && values.length + one.values.length > VALUES_MAX;
        if (!cursor || !one || isFull) return keep();
        if (one.personId === personId && (of === undefined || of.deviceId === one.deviceId)) {
          of ??= one;
          values.push(...one.values);
          cursor.delete();
        }
        cursor.continue();
      };
    });
    return sealed;
  }

  return {
    add: (waiting) => change(["waiting"], (tx) => void tx.objectStore("waiting").add(waiting)),
    async next(personId) {
      const before = (await all<Sealed>("sealed")).find((one) => one.personId === personId);
      return before ?? seal(personId);
    },
    replace: (sealed) => change(["sealed"], (tx) => void tx.objectStore("sealed").put(sealed)),
    done: (key) => change(["sealed"], (tx) => void tx.objectStore("sealed").delete(key)),
    async waiting(personId) {
      const every = [...(await all<Waiting>("sealed")), ...(await all<Waiting>("waiting"))];
      const own = every.filter((one) => one.personId === personId);
      return { own, others: every.length - own.length };
    },
    discard: (personId, deviceId) =>
      change(["waiting", "sealed"], (tx) => {
        for (const store of ["waiting", "sealed"]) {
          const looking = tx.objectStore(store).openCursor();
          looking.onsuccess = () => {
            const cursor = looking.result;
            if (!cursor) return;
            const one = cursor.value as Waiting;
            if (one.personId === personId && one.deviceId === deviceId) cursor.delete();
            cursor.continue();
          };
        }
      }),
    devices: async (personId) => (await all<KnownDevice>("devices")).filter((one) => one.personId === personId),
    remember: (device) => change(["devices"], (tx) => void tx.objectStore("devices").put(device)),
    forget: (personId, deviceId) =>
      change(["devices"], (tx) => void tx.objectStore("devices").delete([personId, deviceId])),
  };
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's store does not answer"));
  });
}
