import { Button, Group, Modal, Progress, Stack, TextInput } from "@mantine/core";
import type { QuarantineRunStateBody } from "@openward/api";
import { useState } from "react";
import { problemText } from "../app/api.ts";
import { Failed, Loading } from "../app/pages.tsx";
import { count } from "../parts/format.ts";
import { reasonWord } from "./reasons.ts";
import { useApplyRun, useRun } from "./use-runs.ts";

/** What would come of messages; then, with a reason, it is done. */
export function RunDialog({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const run = useRun(id);
  const apply = useApplyRun();
  const [reason, setReason] = useState("");
  const state = run.data;
  return (
    <Modal opened onClose={onClose} title="Run again" size="lg">
      {run.isError ? (
        <Failed error={run.error} retry={() => run.refetch()} />
      ) : !state ? (
        <Loading what="Beginning" />
      ) : state.phase === "looking" || state.phase === "applying" ? (
        <Stack gap="xs">
          <p role="status" style={{ margin: 0 }}>
            {state.phase === "looking" ? "Looking at" : "Placing"} {state.done} of {state.messages}. You may leave this
            page.
          </p>
          <Progress
            value={state.messages === 0 ? 100 : (100 * state.done) / state.messages}
            aria-label={`${state.done} of ${state.messages}`}
          />
        </Stack>
      ) : state.phase === "failed" ? (
        <p role="alert">
          It ended in the midst{state.fault && ` (${state.fault})`}. What was placed by then is placed; run it again for
          the rest.
        </p>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            apply.mutate({ id, reason: reason.trim() });
          }}
        >
          <Stack gap="sm">
            <Outcome state={state} />
            {state.phase === "looked" && state.placed + state.readings > 0 && (
              <>
                <TextInput
                  label="Reason"
                  description="It stands in the audit log and beside each reading that is amended."
                  value={reason}
                  maxLength={480}
                  required
                  onChange={(e) => setReason(e.currentTarget.value)}
                />
                {apply.isError && <p role="alert">{problemText(apply.error)}</p>}
                <Group justify="flex-end">
                  <Button variant="default" onClick={onClose}>
                    Change nothing
                  </Button>
                  <Button type="submit" disabled={reason.trim() === ""} loading={apply.isPending}>
                    Place {count(state.placed, "message")}
                  </Button>
                </Group>
              </>
            )}
          </Stack>
        </form>
      )}
    </Modal>
  );
}

function Outcome({ state }: { readonly state: QuarantineRunStateBody }) {
  const { phase, placed, messages, stays, readings, byHand, leftAlone, isCut } = state;
  const stay = stays.reduce((sum, each) => sum + each.messages, 0);
  return (
    <>
      <p role="status" style={{ margin: 0, fontSize: "1.1rem" }}>
        {phase === "applied" ? "Placed" : "Would place"}{" "}
        <b>
          {placed} of {messages}
        </b>
        , with {count(readings, "reading")}
        {stay > 0 && `; ${stay} stay because:`}
      </p>
      {stays.length > 0 && (
        <ul style={{ margin: 0 }}>
          {stays.map(({ code, messages: n }) => (
            <li key={code}>
              {n}: {reasonWord(code)}
            </li>
          ))}
        </ul>
      )}
      {leftAlone > 0 && (
        <p style={{ margin: 0 }}>{count(leftAlone, "reading")} that a person has amended stay as they said.</p>
      )}
      {byHand > 0 && <p style={{ margin: 0 }}>{byHand} have to be seen to by hand.</p>}
      {isCut && <p style={{ margin: 0 }}>There are more: run the rest afterwards.</p>}
      {phase === "applied" && <p style={{ margin: 0 }}>It can be undone below, under earlier runs.</p>}
    </>
  );
}
