import { Alert, Button } from "@mantine/core";
import { IconCloudCheck, IconCloudOff } from "@tabler/icons-react";
import { count } from "../../parts/format.ts";
import classes from "./measure.module.css";
import type { MeasuringState } from "./measuring.ts";

/** How much of what was measured is not at the server yet, and why. */
export function SendingLine(props: {
  readonly state: MeasuringState;
  readonly onSend: () => void;
  readonly onDiscard: (deviceId: string) => void;
}) {
  const { unsent, ofOthers, sending, isNotKept } = props.state;
  return (
    <>
      {isNotKept && (
        <Alert color="red" title="This browser keeps nothing" role="alert" mb="sm">
          What is measured now is lost when the connection is. Leave the private window, or make room on this device.
        </Alert>
      )}
      {sending.state === "refused" && (
        <Alert color="red" title="The server does not take some of it" role="alert" mb="sm">
          {sending.text} Ask the ward; what waits stays here until then.{" "}
          <Button size="xs" variant="default" onClick={() => props.onDiscard(sending.deviceId)}>
            Discard it
          </Button>
        </Alert>
      )}
      <p className={classes.sending} role="status">
        {unsent === 0 ? (
          <>
            <IconCloudCheck size={22} aria-hidden /> Everything is sent.
          </>
        ) : (
          <>
            <IconCloudOff size={22} aria-hidden /> Not sent yet: {unsent}
            {sending.state === "offline" && " (no connection; it is kept, and sent when there is one)"}
            {sending.state === "signed-out" && " (sign in again)"}
            {sending.state === "offline" && (
              <Button size="xs" variant="default" onClick={props.onSend}>
                Try now
              </Button>
            )}
          </>
        )}
      </p>
      {ofOthers > 0 && (
        <p>
          <small>
            {count(ofOthers, "measurement")} of somebody else {ofOthers === 1 ? "waits" : "wait"} here until they sign
            in.
          </small>
        </p>
      )}
    </>
  );
}
