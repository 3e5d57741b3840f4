import { Button, Stack } from "@mantine/core";
import type { GatewayBody, GatewaySettings } from "@openward/api";
import { GATEWAY_DEFAULTS } from "@openward/api/gateway-settings";
import { IconAlertTriangle, IconHistory } from "@tabler/icons-react";
import { useState } from "react";
import { useNow, useWards } from "../app/hooks.ts";
import { Empty } from "../app/pages.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { formatWhen } from "../parts/format.ts";
import classes from "./devices.module.css";
import { changeLines, wordOf } from "./gateway-settings-words.ts";
import { useRestoreGateway } from "./use-gateway.ts";

type Version = GatewayBody["versions"][number];

/** Who set what when, what the gateway made of it, and the way back. */
export function GatewayVersions({
  gateway,
  deviceId,
  nameOf,
}: {
  readonly gateway: GatewayBody;
  readonly deviceId: string;
  readonly nameOf: (id: string) => string;
}) {
  const now = useNow();
  const zone = useWards().data?.[0]?.timeZone ?? "UTC";
  const [back, setBack] = useState<Version | null>(null);
  const restore = useRestoreGateway(deviceId);
  const { versions } = gateway;
  if (versions.length === 0) {
    return (
      <Empty title="Nobody has set anything" icon={<IconHistory size={44} stroke={1.3} />}>
        <p>It works by what holds by itself.</p>
      </Empty>
    );
  }
  return (
    <>
      <Stack gap="xs" component="ol" className={classes.versions}>
        {versions.map((version, i) => (
          <li key={version.revision} aria-label={`Version ${version.revision}`}>
            <span className={classes.versionHead}>
              <b>Version {version.revision}</b>
              {i === 0 ? (
                <span>holds now</span>
              ) : (
                <Button size="compact-sm" variant="default" onClick={() => setBack(version)}>
                  Go back to version {version.revision}
                </Button>
              )}
            </span>
            <span className={classes.sub}>
              {version.setBy}, {formatWhen(version.setAt, now, zone)}
              {version.restores !== null && `: back to version ${version.restores}`}
            </span>
            <Changes after={version.settings} before={settingsBefore(versions, i)} nameOf={nameOf} />
            <TakenUp version={version} isNewest={i === 0} when={(at) => formatWhen(at, now, zone)} />
          </li>
        ))}
      </Stack>
      <Confirm
        isOpen={back !== null}
        onClose={() => setBack(null)}
        title={`Go back to version ${back?.revision}`}
        action="Go back"
        isPending={restore.isPending}
        error={restore.error}
        onConfirm={() =>
          back &&
          restore.mutate({ revision: back.revision, seen: gateway.revision }, { onSuccess: () => setBack(null) })
        }
      >
        It becomes version {gateway.revision + 1}; nothing of what is between is lost. The gateway comes for it within a
        minute, when its line is up.
        {back && (
          <ul>
            {changeLines(gateway.settings, back.settings, nameOf).map(({ label, text }) => (
              <li key={label}>
                {label}: {text}
              </li>
            ))}
          </ul>
        )}
      </Confirm>
    </>
  );
}

/** Before the first of them is what holds by itself; before the oldest that is shown, nobody knows here. */
function settingsBefore(versions: readonly Version[], i: number): GatewaySettings | undefined {
  return versions[i + 1]?.settings ?? (versions[i]?.revision === 1 ? GATEWAY_DEFAULTS : undefined);
}

function Changes({
  after,
  before,
  nameOf,
}: {
  readonly after: GatewaySettings;
  readonly before: GatewaySettings | undefined;
  readonly nameOf: (id: string) => string;
}) {
  if (!before) return null;
  const lines = changeLines(before, after, nameOf);
  if (lines.length === 0) return <span className={classes.sub}>the same as the one before</span>;
  return (
    <ul>
      {lines.map(({ label, text }) => (
        <li key={label}>
          {label}: {text}
        </li>
      ))}
    </ul>
  );
}

function TakenUp({
  version: { takenUpAt, refused },
  isNewest,
  when,
}: {
  readonly version: Version;
  readonly isNewest: boolean;
  readonly when: (at: number) => string;
}) {
  if (takenUpAt === null) {
    return (
      <span className={classes.sub}>
        {isNewest ? "The gateway has not told yet that it works by it" : "The gateway never told that it worked by it"}
      </span>
    );
  }
  return (
    <>
      <span className={classes.sub}>Taken up by the gateway {when(takenUpAt)}, by its clock</span>
      {refused.map(({ at, reason }) => (
        <span key={at} className={classes.told} data-low>
          <IconAlertTriangle size={16} aria-label="Look at this" /> Refused: {wordOf(at)}, {reason}
        </span>
      ))}
    </>
  );
}
