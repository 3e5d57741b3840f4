import { useEffect, useState, useSyncExternalStore } from "react";
import { ApiProblem, ask, problemText } from "../../app/api.ts";
import { type AskWhose, createMeasuring, type Measuring, type MeasuringState } from "./measuring.ts";
import { browserSending } from "./sending.ts";
import { bluetoothOf, refusedText, type WhyNot, whyNot } from "./web-bluetooth.ts";

/** undefined while it is looked for. */
export function useWhyNot(): WhyNot | undefined {
  const [why, setWhy] = useState<WhyNot | undefined>();
  useEffect(() => {
    const look = () => void whyNot(navigator, isSecureContext).then(setWhy);
    look();
    const bluetooth = bluetoothOf(navigator) as EventTarget | undefined;
    bluetooth?.addEventListener?.("availabilitychanged", look);
    return () => bluetooth?.removeEventListener?.("availabilitychanged", look);
  }, []);
  return why;
}

/** Measures while the page is open; undefined until the browser's store is. */
export function useMeasuring(
  personId: string,
  askWhose: AskWhose,
): { measuring: Measuring | undefined; failed: unknown } {
  const [measuring, setMeasuring] = useState<Measuring>();
  const [failed, setFailed] = useState<unknown>();
  useEffect(() => {
    let ended = false;
    let made: Measuring | undefined;
    const poke = () => made?.send();
    addEventListener("online", poke);
    browserSending(personId)
      .then(async (sending) => {
        if (ended) return;
        made = createMeasuring({
          ...sending,
          register: (patientId, body) => ask("addOwnDevice", { params: { patientId }, body }),
          isSharedRefusal: (error) => error instanceof ApiProblem && error.code === "DEVICE_SHARED",
          problemText: (error) => (error instanceof ApiProblem ? problemText(error) : refusedText(error)),
          askWhose,
        });
        setMeasuring(made);
        await made.recall(
          (await bluetoothOf(navigator)
            ?.getDevices?.()
            .catch(() => [])) ?? [],
        );
      })
      .catch(setFailed);
    return () => {
      ended = true;
      removeEventListener("online", poke);
      made?.stop();
    };
  }, [personId, askWhose]);
  return { measuring, failed };
}

const NOTHING: MeasuringState = {
  devices: [],
  unsent: 0,
  ofOthers: 0,
  sending: { state: "going" },
  isNotKept: false,
};
const noSubscription = () => () => {};

export function useMeasured(measuring: Measuring | undefined): MeasuringState {
  return useSyncExternalStore(measuring?.subscribe ?? noSubscription, measuring?.state ?? (() => NOTHING));
}
