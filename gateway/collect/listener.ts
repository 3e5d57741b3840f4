/** A listener that is open: what closes it ends its connections too. */
export interface Opened {
  readonly port: number;
  /** Listens no more, and ends its connections; what is being kept is kept and answered first. */
  stop(): Promise<void>;
  /** Its files may have been renewed. */
  renewed?(): void;
}

/** One of the gateway's doors, which can be closed and opened from afar. */
export interface Listener {
  /** null: it does not listen. */
  readonly port: number | null;
  /** `isOn`: it is to listen. */
  readonly state: { readonly isOn: boolean; readonly fault: string | null };
  /**
   * To listen or not, from now on; where it cannot, `state.fault` says why, and the next call tries again.
   *
   * @throws what `open` throws, of the first call alone: a start says at once what is wrong with it
   */
  set(isWanted: boolean): Promise<void>;
  renewed(): void;
  stop(): Promise<void>;
}

/** @param boxPort null: the box is set up without it; 0: one that is free, and from then on the same */
export function createListener(boxPort: number | null, open: (port: number) => Promise<Opened>): Listener {
  let port = boxPort;
  let opened: Opened | undefined;
  let isOn = false;
  let isFirst = true;
  let fault: string | null = null;
  /** One after another: a port is free only when what listened there is gone. */
  let before = Promise.resolve();

  async function change(isWanted: boolean): Promise<void> {
    const mayThrow = isFirst;
    isFirst = false;
    isOn = isWanted && port !== null;
    if (isOn === (opened !== undefined)) return;
    if (!isOn) {
      await close();
      fault = null;
      return;
    }
    try {
      opened = await open(port ?? 0);
      port = opened.port;
      fault = null;
    } catch (error) {
      if (mayThrow) throw error;
      fault = (error as Error).message.slice(0, 200);
    }
  }

  async function close(): Promise<void> {
    const was = opened;
    opened = undefined;
    await was?.stop();
  }

  return {
    get port() {
      return opened?.port ?? null;
    },
    get state() {
      return { isOn, fault };
    },
    set(isWanted) {
      const done = before.then(() => change(isWanted));
      before = done.catch(() => {});
      return done;
    },
    renewed: () => opened?.renewed?.(),
    async stop() {
      await before;
      await close();
    },
  };
}
