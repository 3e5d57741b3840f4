import { ApiProblem, ask, problemText } from "../../app/api.ts";
import { monitor } from "../../app/monitor.ts";
import { openOutbox } from "./outbox.ts";
import { createSender, type SenderDeps } from "./sender.ts";

/** The same for all pages: how it is sent, and who sends. */
export async function browserSending(
  personId: string,
): Promise<Omit<SenderDeps, "onState" | "onQuarantined" | "onSent">> {
  return {
    outbox: await openOutbox(indexedDB, () => crypto.randomUUID()),
    personId,
    send: ({ key, patientId, deviceId, values }, sentAt, signal) =>
      ask("sendOwnCapture", {
        params: { patientId, deviceId },
        body: { key, sentAt: Math.round(sentAt), values: [...values] },
        signal,
      }),
    whyNot(error) {
      if (!(error instanceof ApiProblem)) return { text: problemText(error) };
      if (error.status === 401 || error.code === "SCREEN_LOCKED") return "signed-out";
      const isLater = error.status === 0 || error.status === 429 || error.status >= 500;
      return isLater ? "offline" : { text: problemText(error) };
    },
    now: () => monitor.now(),
    observe: monitor.observe,
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    alone: (work) => navigator.locks.request("openward-measured", work),
  };
}

/** Sends what an earlier page of this person left, whatever page is open now. @returns how to stop */
export function sendWaiting(personId: string): () => void {
  let stop = () => {};
  let isStopped = false;
  void browserSending(personId).then((sending) => {
    if (isStopped) return;
    const sender = createSender({ ...sending, onState() {}, onQuarantined() {}, onSent() {} });
    addEventListener("online", sender.poke);
    stop = () => {
      sender.stop();
      removeEventListener("online", sender.poke);
    };
    sender.poke();
  });
  return () => {
    isStopped = true;
    stop();
  };
}
