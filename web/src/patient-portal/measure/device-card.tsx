import { Alert, Button, Group } from "@mantine/core";
import { Card } from "../../app/pages.tsx";
import { formatWhen } from "../../parts/format.ts";
import classes from "./measure.module.css";
import type { DeviceState } from "./measuring.ts";
import type { Shown } from "./shown.ts";

const connectionText: Readonly<Record<DeviceState["connection"], string>> = {
  away: "not connected",
  connecting: "connecting ...",
  connected: "connected",
  lost: "connection lost, looking for it",
};

export interface DeviceCardProps {
  readonly device: DeviceState;
  /** Of whom, where there is more than one. */
  readonly of: string | null;
  readonly now: number;
  readonly zone: string;
  readonly onConnect: () => void;
  readonly onEnd: () => void;
  readonly onForget: () => void;
  readonly onAnswer: (id: number, isMine: boolean) => void;
}

/** One device: whether it is heard, and what it says now. */
export function DeviceCard(props: DeviceCardProps) {
  const { device, of, now, zone, onConnect, onEnd, onForget, onAnswer } = props;
  const { connection } = device;
  const isOpen = connection === "connected" || connection === "lost";
  return (
    <Card label={device.display}>
      <div className={classes.device}>
        <header className={classes.head}>
          <h2>{device.display}</h2>
          <span className={classes.connection} data-connection={connection} role="status">
            {connectionText[connection]}
            {device.battery !== null && `, battery ${device.battery} %`}
          </span>
        </header>
        {of !== null && <p style={{ margin: "0.2rem 0 0" }}>measures {of}</p>}
        {device.trouble !== null && (
          <Alert color="red" variant="light" mt="xs" role="alert">
            {device.trouble}
          </Alert>
        )}
        {device.isOff && connection === "connected" && (
          <Alert color="orange" variant="light" mt="xs" title="It does not touch the skin">
            Moisten the strap, or put the sensor on anew.
          </Alert>
        )}
        {device.isUnreadable && (
          <Alert color="orange" variant="light" mt="xs" title="Some of what it sent could not be read">
            It is kept, and the ward can look at it.
          </Alert>
        )}
        {device.quarantined > 0 && (
          <Alert color="orange" variant="light" mt="xs" title="The ward has to look at some of it first">
            {device.quarantined} of what it sent could not be placed. It is kept.
          </Alert>
        )}
        {device.asked.map((one) => (
          <section key={one.id} className={classes.asked} aria-label="Whose is this?">
            <b>{one.isContinuous ? "Do you wear it now?" : "Is this yours?"}</b>
            <Values shown={one.shown} now={now} zone={zone} isLive={false} />
            <Group gap="sm">
              <Button onClick={() => onAnswer(one.id, true)}>Yes, this is mine</Button>
              <Button variant="default" onClick={() => onAnswer(one.id, false)}>
                No, somebody else&rsquo;s
              </Button>
            </Group>
          </section>
        ))}
        {device.shown.length > 0 ? (
          <Values shown={device.shown} now={now} zone={zone} isLive={connection === "connected" && !device.isOff} />
        ) : (
          connection === "connected" && device.asked.length === 0 && <p>Waiting for a measurement.</p>
        )}
        <Group gap="sm" mt="sm">
          {isOpen ? (
            <Button variant="default" onClick={onEnd}>
              Stop
            </Button>
          ) : (
            <Button onClick={onConnect} loading={connection === "connecting"}>
              Measure
            </Button>
          )}
          {!isOpen && connection !== "connecting" && (
            <Button variant="subtle" onClick={onForget} aria-label={`Forget ${device.display}`}>
              Forget
            </Button>
          )}
        </Group>
      </div>
    </Card>
  );
}

/** A value of this minute, from a device that is there, is of now. */
const NOW_MS = 60_000;

function Values(props: {
  readonly shown: readonly Shown[];
  readonly now: number;
  readonly zone: string;
  readonly isLive: boolean;
}) {
  const { shown, now, zone, isLive } = props;
  return (
    <div className={classes.values}>
      {shown.map(({ key, label, text, unit, at }) => (
        <article
          key={key}
          className={classes.value}
          aria-label={label}
          data-freshness={isLive && now - at < NOW_MS ? "now" : "old"}
        >
          <h3>{label}</h3>
          <output>
            {text} <small>{unit}</small>
          </output>
          <time dateTime={new Date(at).toISOString()}>{formatWhen(at, now, zone)}</time>
        </article>
      ))}
    </div>
  );
}
